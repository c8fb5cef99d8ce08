"""Which database the environment names."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from halo_host.database.database import Database
from halo_host.errors import InvalidInput
from halo_host.settings import settings_from

SERVER = "postgresql://halo@db.example/halo"


@pytest.mark.parametrize("name", ["HALO_HOST_DATABASE_URL", "HALO_HOST_DATABASE"])
def test_the_variable_and_its_former_name_are_the_same(name: str, tmp_path: Path) -> None:
    assert settings_from({name: SERVER}, data=tmp_path).database_url == SERVER


def test_without_a_variable_it_is_the_file_in_the_data_folder(tmp_path: Path) -> None:
    for environment in ({}, {"HALO_HOST_DATABASE_URL": ""}):
        settings = settings_from(environment, data=tmp_path)
        assert settings.database_url == f"sqlite:///{tmp_path}/halo-host.db"


def test_two_variables_that_disagree_are_refused_unless_an_option_decides(tmp_path: Path) -> None:
    both = {"HALO_HOST_DATABASE_URL": SERVER, "HALO_HOST_DATABASE": "sqlite:///old.db"}

    with pytest.raises(InvalidInput, match="different databases"):
        settings_from(both, data=tmp_path)

    named = settings_from(both, data=tmp_path, database="sqlite:///named.db")
    assert named.database_url == "sqlite:///named.db"
    same = {"HALO_HOST_DATABASE_URL": SERVER, "HALO_HOST_DATABASE": SERVER}
    assert settings_from(same, data=tmp_path).database_url == SERVER


@pytest.mark.parametrize(
    "url",
    [
        SERVER,
        "postgresql+psycopg://halo:secret@db.example/halo",
        "postgres://halo:secret@db.example/halo",
        f"{SERVER}?password=secret",
    ],
)
def test_messages_name_a_database_as_operators_write_it_without_the_password(url: str) -> None:
    with closing(Database(url)) as database:
        assert database.label == SERVER


def test_the_password_comes_from_a_file_and_is_shown_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("p@ss/wörd:1\n", encoding="utf-8")
    environment = {
        "HALO_HOST_DATABASE_URL": SERVER,
        "HALO_HOST_DATABASE_PASSWORD_FILE": str(file),
    }

    settings = settings_from(environment, data=tmp_path)

    assert settings.database_url == "postgresql://halo:p%40ss%2Fw%C3%B6rd%3A1@db.example/halo"
    assert "p%40ss" not in repr(settings)


def test_sqlite_needs_no_password_file(tmp_path: Path) -> None:
    environment = {"HALO_HOST_DATABASE_PASSWORD_FILE": str(tmp_path / "missing")}

    settings = settings_from(environment, data=tmp_path, database="sqlite:///x.db")

    assert settings.database_url == "sqlite:///x.db"


def test_a_password_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    environment = {"HALO_HOST_DATABASE_PASSWORD_FILE": str(tmp_path / "missing")}

    with pytest.raises(InvalidInput, match="missing of the database cannot be read: No such file"):
        settings_from(environment, data=tmp_path, database=SERVER)
