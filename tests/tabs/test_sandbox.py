"""What a plugin's template may touch, also where it touches it again and again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import TemplateError

from halo_host.tabs.render import Renderer


class Row:
    """A record as plugins give it to their templates."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._hidden = "hunter2"


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    package = tmp_path / "sandboxed_plugin"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sandboxed_plugin", raising=False)  # of the test before
    renderer = Renderer("en_GB", "UTC")

    def render(source: str) -> str:
        (package / "tab.html").write_text(source, encoding="utf-8")
        return renderer.fragment("sandboxed_plugin:tab.html", {"rows": [Row("Ann"), Row("<b>")]})

    return render


def test_values_are_shown_and_escaped_in_each_row(rendered: Callable[[str], str]) -> None:
    assert rendered("{% for row in rows %}{{ row.name }},{% endfor %}") == "Ann,&lt;b&gt;,"


@pytest.mark.parametrize(
    "inside",
    [
        "row._hidden",
        "row.name.__class__",
        "row.__init__",
        "'{0._hidden}'.format(row)",
        "rows.append(1)",
    ],
)
def test_what_is_forbidden_stays_so_in_each_row(
    rendered: Callable[[str], str], inside: str
) -> None:
    source = f"{{% for row in rows %}}{{{{ row.name }}}}{{{{ {inside} }}}}{{% endfor %}}"

    with pytest.raises(TemplateError, match=r"unsafe|not safely"):
        rendered(source)
