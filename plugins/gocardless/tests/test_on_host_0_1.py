"""The plugin on the released host 0.1, which refuses a plugin with a hook that it does not know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from halo_gocardless.twin import TwinConfig, TwinServer

RELEASES = Path(__file__).parents[3] / "releases"
COMMAND = "from halo_host.cli import main; main(prog_name='halo-host')"


@pytest.fixture(scope="module")
def host_0_1(tmp_path_factory):
    """A folder that holds the released wheel, as pip would unpack it."""
    wheels = sorted(RELEASES.glob("halo_host-0.1.*.whl"))
    assert wheels, f"no wheel of host 0.1 in {RELEASES}"
    folder = tmp_path_factory.mktemp("host-0.1")
    with zipfile.ZipFile(wheels[-1]) as wheel:
        wheel.extractall(folder)
    return folder


@pytest.fixture
def run(host_0_1, tmp_path):
    """Run Python with host 0.1 before any other."""

    def run(*arguments):
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("HALO_")},
            "PYTHONPATH": str(host_0_1),
            "HALO_GOCARDLESS_ALLOW_API_URL": "loopback",
        }
        ran = subprocess.run(
            [sys.executable, "-c", *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    return run


@pytest.fixture
def halo(run, tmp_path):
    return lambda *arguments: run(COMMAND, "--data", str(tmp_path / "data"), *arguments)


def test_it_is_the_released_host_that_is_run(run, host_0_1):
    code = "import halo_host; print(halo_host.__file__, halo_host.__version__, halo_host.HOOK_API)"
    file, version, level = run(code).split()
    assert Path(file).is_relative_to(host_0_1)
    assert version.startswith("0.1.")
    assert level == "1"


def test_no_name_that_it_lacks_is_imported(run):
    code = (
        "import halo_gocardless.plugin, sys;"
        "print(*(name for name in sys.modules if name.startswith('halo_gocardless.')))"
    )
    loaded = {name.removeprefix("halo_gocardless.") for name in run(code).split()}
    assert "plugin" in loaded
    assert loaded.isdisjoint({"level2", "reader", "streams", "records", "events", "webhooks"})


def test_the_plugin_is_ready_imports_and_shows_payments(halo):
    (plugin,) = [
        each for each in json.loads(halo("plugins", "--json")) if each["name"] == "gocardless"
    ]
    assert plugin["ready"], plugin
    assert "halo_streams" not in plugin["hooks"]

    with TwinServer(TwinConfig(customers=120)) as twin:
        settings = {
            "access_token": twin.access_token,
            "environment": "sandbox",
            "api_url": twin.url,
            "webhook_secrets": "one two",
        }
        pairs = [part for item in settings.items() for part in ("--set", "=".join(item))]
        halo("customers", "add", "Unsorted")
        halo("connections", "enable", "gocardless", "--default-site", "Unsorted/Main", *pairs)
        assert "120 payers fetched" in halo("import", "run", "gocardless")

        users = json.loads(halo("users", "list", "--limit", "20", "--json"))
        pages = (halo("users", "tab", str(user["id"]), "gocardless") for user in users)
        page = next(page for page in pages if "/payments/PM" in page)
        assert "could not be loaded" not in page
        assert "<table" in page
