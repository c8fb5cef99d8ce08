"""tools/release.py: the same commit gives the same wheel, and a released version never changes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import release

GIT = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com"]


def _builder(tree: Path) -> Path:
    """This Python, which has setuptools: the tests reach no package index."""
    return Path(sys.executable)


def _commit(project: Path, message: str = "Change") -> str:
    subprocess.run([*GIT, "add", "."], cwd=project, check=True)
    subprocess.run([*GIT, "commit", "--quiet", "-m", message], cwd=project, check=True)
    command = [*GIT, "rev-parse", "HEAD"]
    return subprocess.run(
        command, cwd=project, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project of a host alone, committed."""
    folder = tmp_path / "project"
    (folder / "acme").mkdir(parents=True)
    (folder / "releases").mkdir()
    (folder / ".gitignore").write_text("build/\n*.egg-info/\n")
    (folder / "acme" / "__init__.py").write_text('__version__ = "0.1.0"\n')
    (folder / "acme" / "prices.py").write_text("FEE = 20\n")
    (folder / "setup.cfg").write_text(
        "[metadata]\nname = acme\nversion = attr: acme.__version__\n[options]\npackages = acme\n"
    )
    subprocess.run([*GIT, "init", "--quiet", "-b", "main"], cwd=folder, check=True)
    _commit(folder, "Begin")
    return folder


def _wheel(project: Path, version: str = "0.1.0") -> Path:
    return project / "releases" / f"acme-{version}-py3-none-any.whl"


def test_one_commit_gives_the_same_bytes_in_any_folder(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "a" / "longer path" / "to the project"
    elsewhere.parent.mkdir(parents=True)
    shutil.copytree(project, elsewhere)
    for file in elsewhere.rglob("*.py"):
        file.touch()
        file.chmod(0o600)

    for folder in (project, elsewhere):
        release.release(folder, ["host"], _builder)

    assert _wheel(project).read_bytes() == _wheel(elsewhere).read_bytes()


def test_a_release_is_listed_with_its_commit_and_its_checksum(project: Path) -> None:
    commit = release._git(project, "rev-parse", "HEAD")

    report = release.release(project, ["host"], _builder)

    assert report == [f"acme-0.1.0-py3-none-any.whl is built from {commit[:12]}."]
    assert release.read_index(project)[_wheel(project).name].commit == commit
    sums = project / "releases" / "SHA256SUMS"
    subprocess.run(["sha256sum", "--check", "--strict", sums], cwd=sums.parent, check=True)


def test_what_lies_about_gets_into_no_wheel(project: Path) -> None:
    stale = project / "build" / "lib" / "acme"
    stale.mkdir(parents=True)
    (stale / "removed_long_ago.py").touch()

    release.release(project, ["host"], _builder)

    with zipfile.ZipFile(_wheel(project)) as wheel:
        names = [name for name in wheel.namelist() if name.endswith(".py")]
    assert names == ["acme/__init__.py", "acme/prices.py"]


def test_uncommitted_changes_are_refused_and_named(project: Path) -> None:
    (project / "acme" / "prices.py").write_text("FEE = 25\n")

    with pytest.raises(release.ReleaseError, match=r"(?s)Commit these first.*acme/prices\.py"):
        release.release(project, ["host"], _builder)

    assert not _wheel(project).exists()


def test_a_released_version_with_other_contents_is_refused(project: Path) -> None:
    release.release(project, ["host"], _builder)
    (project / "acme" / "prices.py").write_text("FEE = 25\n")
    _commit(project)
    before = _wheel(project).read_bytes()

    with pytest.raises(release.ReleaseError, match="Raise __version__ and commit"):
        release.release(project, ["host"], _builder)

    assert _wheel(project).read_bytes() == before


def test_a_released_version_that_did_not_change_is_left_as_it_is(project: Path) -> None:
    release.release(project, ["host"], _builder)
    before = _wheel(project).read_bytes()
    (project / "README.md").write_text("Later.\n")
    _commit(project)

    report = release.release(project, ["host"], _builder)

    assert report == ["acme-0.1.0-py3-none-any.whl is released already, with the same contents."]
    assert _wheel(project).read_bytes() == before


def test_every_release_is_built_again_from_its_own_commit(project: Path) -> None:
    release.release(project, ["host"], _builder)
    _commit(project, "Release 0.1.0")
    (project / "acme" / "__init__.py").write_text('__version__ = "0.2.0"\n')
    _commit(project)
    release.release(project, ["host"], _builder)

    report = release.check(project, _builder)

    assert len(report) == 2
    assert _wheel(project, "0.2.0").exists()


def test_a_release_that_was_touched_does_not_check_out(project: Path) -> None:
    release.release(project, ["host"], _builder)
    with _wheel(project).open("ab") as wheel:
        wheel.write(b"\0")

    with pytest.raises(release.ReleaseError, match="has other bytes"):
        release.check(project, _builder)


def test_a_wheel_that_no_list_names_does_not_check_out(project: Path) -> None:
    release.release(project, ["host"], _builder)
    (project / "releases" / "acme-9.9.9-py3-none-any.whl").touch()

    with pytest.raises(release.ReleaseError, match=r"acme-9\.9\.9"):
        release.check(project, _builder)


def test_a_source_that_is_no_distribution_is_refused_by_name(project: Path) -> None:
    with pytest.raises(release.ReleaseError, match="plugins/nowhere is no distribution"):
        release.release(project, ["plugins/nowhere"], _builder)


def test_before_the_first_release_there_is_nothing_to_check(project: Path) -> None:
    assert release.check(project, _builder) == []
