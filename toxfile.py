"""tox reads this file at its start: it settles which Pythons the environments of tox.ini get.

uv looks for Pythons in the folders of PATH, where pyenv has shims that refuse every version but
the active one; so the folders of pyenv's real interpreters are put behind them, and a plain `tox`
finds them. uv also tries one version only for an environment, however many `base_python` names; so
the version for environments that need no particular one is chosen here.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

SUPPORTED = ("3.13", "3.12", "3.11")

pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
folders += sorted({str(path) for path in pyenv.glob("versions/3.*/bin")}.difference(folders))
os.environ["PATH"] = os.pathsep.join(folders)

# What is not on the machine is skipped by name, not fetched from somewhere.
os.environ["UV_PYTHON_DOWNLOADS"] = "never"

working = os.pathsep.join(path for path in folders if Path(path) != pyenv / "shims")
running = f"{sys.version_info.major}.{sys.version_info.minor}"
present = [each for each in SUPPORTED if shutil.which(f"python{each}", path=working)]
os.environ["HALO_TOX_PYTHON"] = running if running in SUPPORTED else (*present, SUPPORTED[0])[0]
