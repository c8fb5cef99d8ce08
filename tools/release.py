"""Build the wheels of releases/, reproducibly: `python tools/release.py host plugins/gocardless`.

A wheel is built out of the last commit alone, in a folder of its own, with the build tools that
tools/release-requirements.txt names and with the commit's time on its files. So the same commit
gives the same bytes everywhere, and `python tools/release.py --check` proves it for every wheel in
releases/, each from the commit that releases/index.json records for it.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
HOST = "host"
REQUIREMENTS = "tools/release-requirements.txt"


class ReleaseError(Exception):
    """The release cannot be made, or does not check out; the message says why."""


@dataclass(frozen=True, slots=True)
class Released:
    """One line of releases/index.json: where a wheel came from."""

    source: str
    commit: str
    epoch: int
    sha256: str


# Gives the Python that has the build tools of a source tree.
Builder = Callable[[Path], Path]


def release(project: Path, sources: list[str], builder: Builder) -> list[str]:
    """Build the named distributions of the last commit into releases/; say what happened to each.

    Raises `ReleaseError` for uncommitted changes, and for a version that is released already with
    other contents; then releases/ stays as it was.
    """
    if changes := _git(project, "status", "--porcelain", "--untracked-files=all"):
        raise ReleaseError(f"Commit these first: a release is built from a commit.\n{changes}")
    commit = _git(project, "rev-parse", "HEAD")
    index = read_index(project)
    report = []
    with tempfile.TemporaryDirectory() as folder, checkout(project, commit) as tree:
        for source in sources:
            epoch = int(_git(project, "show", "--no-patch", "--format=%ct", commit))
            wheel = build_wheel(builder(tree), tree, source, Path(folder), epoch)
            known = index.get(wheel.name)
            if known is not None:
                _refuse_other_contents(builder(tree), tree, wheel, known)
                report.append(f"{wheel.name} is released already, with the same contents.")
                continue
            index[wheel.name] = Released(source, commit, epoch, _sha256(wheel))
            report.append(f"{wheel.name} is built from {commit[:12]}.")
        _write(project, index, Path(folder))
    return report


def _refuse_other_contents(python: Path, tree: Path, wheel: Path, known: Released) -> None:
    """Built with the time of its release, an unchanged tree gives the bytes of the release."""
    with tempfile.TemporaryDirectory() as folder:
        again = build_wheel(python, tree, known.source, Path(folder), known.epoch)
        if _sha256(again) != known.sha256:
            raise ReleaseError(
                f"{wheel.name} is released with other contents, from {known.commit[:12]}. "
                "Raise __version__ and commit."
            )


def check(project: Path, builder: Builder) -> list[str]:
    """Build every released wheel again from its commit; say which are the same to the byte.

    Raises `ReleaseError` when one is not, or when a file in releases/ is not what its lists say.
    """
    index = read_index(project)
    folder = project / "releases"
    wheels = {path.name for path in folder.glob("*.whl")}
    if wheels != set(index):
        raise ReleaseError(
            f"Only in the folder or only in its index: {sorted(wheels ^ set(index))}"
        )
    if index and (folder / "SHA256SUMS").read_text(encoding="utf-8") != _checksums(index):
        raise ReleaseError("releases/SHA256SUMS does not say what releases/index.json says.")
    report = []
    for name, released in index.items():
        if _sha256(folder / name) != released.sha256:
            raise ReleaseError(f"{name} has other bytes than releases/index.json says.")
        with (
            tempfile.TemporaryDirectory() as into,
            checkout(project, released.commit) as tree,
        ):
            wheel = build_wheel(builder(tree), tree, released.source, Path(into), released.epoch)
            if _sha256(wheel) != released.sha256:
                raise ReleaseError(f"{name} built again from {released.commit[:12]} differs.")
        report.append(f"{name} is what {released.commit[:12]} gives.")
    return report


@contextmanager
def checkout(project: Path, commit: str) -> Iterator[Path]:
    """The files of a commit in a folder of their own: nothing that lies about gets into a build."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", commit], cwd=project, check=True, capture_output=True
    ).stdout
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            _write_out(tar, member, Path(folder, member.name))
        yield Path(folder)


def _write_out(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    """One file of the archive, with a mode that no umask and no git configuration changes: modes
    go into wheels."""
    if member.isdir():
        return
    file = tar.extractfile(member) if member.isfile() else None
    if file is None:
        raise ReleaseError(f"{member.name} is neither a file nor a folder: no wheel can hold it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file.read())
    target.chmod(0o755 if member.mode & 0o100 else 0o644)


def build_wheel(python: Path, tree: Path, source: str, into: Path, epoch: int) -> Path:
    """The wheel of one distribution, built by that Python's setuptools."""
    folder = tree if source == HOST else tree / source
    if not (folder / "setup.cfg").is_file():
        raise ReleaseError(f"{source} is no distribution of this commit: it has no setup.cfg.")
    result = subprocess.run(
        [python, "-c", _BUILD, into],
        cwd=folder,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "PYTHONHASHSEED": "0"},
        umask=0o022,
        capture_output=True,
        text=True,
    )
    if result.returncode != 0:
        raise ReleaseError(f"{source} does not build:\n{result.stderr}")
    return into / result.stdout.splitlines()[-1]


_BUILD = "import sys, setuptools.build_meta as backend; print(backend.build_wheel(sys.argv[1]))"


@contextmanager
def pinned_builder() -> Iterator[Builder]:
    """Virtual environments with the pinned build tools, one for each list of them that is met."""
    with tempfile.TemporaryDirectory() as folder:

        def builder(tree: Path) -> Path:
            pins = (tree / REQUIREMENTS).read_bytes()
            home = Path(folder, hashlib.sha256(pins).hexdigest()[:16])
            python = home / "bin" / "python"
            if not home.exists():
                venv.create(home, with_pip=True)
                subprocess.run(
                    [python, "-m", "pip", "install", "--quiet", "-r", tree / REQUIREMENTS],
                    check=True,
                )
            return python

        yield builder


def read_index(project: Path) -> dict[str, Released]:
    """releases/index.json, by the names of the wheels; empty before the first release."""
    file = project / "releases" / "index.json"
    if not file.exists():
        return {}
    return {name: Released(**line) for name, line in json.loads(file.read_bytes()).items()}


def _write(project: Path, index: dict[str, Released], built: Path) -> None:
    folder = project / "releases"
    folder.mkdir(exist_ok=True)
    for name in index:
        if not (folder / name).exists():
            (folder / name).write_bytes((built / name).read_bytes())
    lines = {name: asdict(line) for name, line in sorted(index.items())}
    (folder / "index.json").write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")
    (folder / "SHA256SUMS").write_text(_checksums(index), encoding="utf-8")


def _checksums(index: dict[str, Released]) -> str:
    """What `sha256sum --check` reads."""
    return "".join(f"{line.sha256}  {name}\n" for name, line in sorted(index.items()))


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _git(project: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    result = subprocess.run(command, cwd=project, check=True, capture_output=True, text=True)
    return result.stdout.strip()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Paragraphs)
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="host, or a plugin's folder")
    parser.add_argument("--check", action="store_true", help="build all released wheels again")
    options = parser.parse_args(arguments)
    if options.check == bool(options.sources):
        parser.error("name what to release, or --check")
    try:
        with pinned_builder() as builder:
            if options.check:
                report = check(PROJECT, builder)
            else:
                names = [source.rstrip("/") for source in options.sources]
                report = release(PROJECT, names, builder)
    except (ReleaseError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(report) or "releases/ holds no wheel yet.")
    return 0


class _Paragraphs(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of this module's docstring."""


if __name__ == "__main__":
    sys.exit(main())
