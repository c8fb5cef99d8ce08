"""What a plugin's template brings into a page of the host is structure, text and safe links."""

from __future__ import annotations

import pytest

from halo_host.tabs.clean import cleaned, is_safe_link


@pytest.mark.parametrize(
    "source",
    [
        "<script>1</script>",
        "<style>body { display: none }</style>",
        '<iframe src="https://elsewhere.example"></iframe>',
        '<img src="https://elsewhere.example/a.png">',
        '<link rel="stylesheet" href="https://elsewhere.example/a.css">',
        '<svg><use href="#logo"></use></svg><svg><script>1</script></svg>',
        '<input name="csrf_token"><button>Press</button><select></select><textarea>1</textarea>',
        '<meta http-equiv="refresh" content="0;url=https://elsewhere.example">',
        '<base href="https://elsewhere.example/">',
        "<math><mi>x</mi></math><object data='x'></object><embed src='x'>",
        "<!-- a comment -->",
    ],
)
def test_what_acts_loads_or_asks_is_left_out(source: str) -> None:
    left = cleaned(source)

    for part in ("script", "style", "frame", "img", "link", "use", "input", "meta", "base", "--"):
        assert f"<{part}" not in left
    assert "elsewhere.example" not in left


@pytest.mark.parametrize(
    "attribute",
    [
        'style="color: red"',
        'onclick="1"',
        'id="main"',
        'class="btn btn-primary"',
        'hx-get="/payments"',
        'data-dialog="x"',
        'data-href="/payments"',
        'name="csrf"',
        'role="alert"',
        'tabindex="5"',
        'data-open="javascript:1"',
        'data-open="/sign-out"',
        'xlink:href="https://pay.example"',
    ],
)
def test_attributes_that_act_or_belong_to_the_host_are_left_out(attribute: str) -> None:
    row = cleaned(f"<table><tbody><tr {attribute}><td>1</td></tr></tbody></table>")

    assert row == "<table><tbody><tr><td>1</td></tr></tbody></table>"


def test_what_a_tab_needs_stays() -> None:
    table = (
        '<table class="halo-table"><caption>All</caption><tbody>'
        '<tr tabindex="0" data-open="https://pay.example/PM1"><th scope="row">1</th>'
        '<td data-label="Amount" colspan="2"><span class="halo-badge" data-state="failed">failed'
        "</span></td></tr></tbody></table>"
    )
    drawing = (
        '<svg class="halo-chart" viewBox="0 0 9 9" role="img" aria-label="Sums">'
        "<g><title>May</title>"
        '<rect class="halo-bar" x="1" y="2" width="3" height="4" rx="1"></rect>'
        '<text x="1" text-anchor="middle">May</text></g></svg>'
    )
    more = '<details open=""><summary>More</summary><ol><li>1</li></ol></details>'

    for source in (table, drawing, more):
        assert cleaned(source) == source


def test_links_open_in_a_tab_of_their_own_that_knows_nothing_of_this_one() -> None:
    link = cleaned('<a href="https://pay.example/1" target="_self" rel="opener">One</a>')

    assert 'target="_blank"' in link
    assert 'rel="noopener noreferrer"' in link
    assert 'href="https://pay.example/1"' in link


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://pay.example/1?a=b#c", True),
        ("http://127.0.0.1:8000/dashboard", True),
        ("http://localhost/x", True),
        ("http://[::1]:9/x", True),
        ("http://pay.example/1", False),
        ("http://127.0.0.1.pay.example/", False),
        ("http://localhost@pay.example/", False),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("https:\n//pay.example", False),
        ("data:text/html,x", False),
        ("//pay.example/", False),
        ("/sign-out", False),
        ("https://", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_links_lead_to_the_web_over_tls_or_to_a_twin(url: str, safe: bool) -> None:
    assert is_safe_link(url) is safe
    assert ("href" in cleaned(f'<a href="{url}">x</a>')) is safe
