"""What differs from machine to machine, read from the environment."""

from pathlib import Path

import pytest

from acquire.errors import BadInput
from campaigns.settings import Settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "MASTER_KEY", "HOST", "PORT"):
        monkeypatch.delenv(f"ACQUIRE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_settings_the_database_and_its_key_lie_in_the_current_folder(tmp_path: Path) -> None:
    settings = Settings.load()
    assert settings.database_url == f"sqlite:///{tmp_path}/acquire.db"
    assert settings.database_file == tmp_path / "acquire.db"
    assert settings.master_key_file == tmp_path / "acquire.key"
    assert (settings.host, settings.port, settings.master_key) == ("127.0.0.1", 8050, None)


def test_another_folder_later_does_not_open_another_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", "sqlite:///books/2026.db")
    settings = Settings.load()
    monkeypatch.chdir("/")
    assert settings.database_file == tmp_path / "books" / "2026.db"
    assert settings.master_key_file == tmp_path / "books" / "2026.key"


@pytest.mark.parametrize("url", ["postgresql+psycopg://acquire:pass@db/acquire", "sqlite://", "sqlite:///:memory:"])
def test_a_database_that_is_no_file_keeps_its_address_and_the_key_stays_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", url)
    settings = Settings.load()
    assert settings.database_url == url
    assert settings.database_file is None
    assert settings.master_key_file == tmp_path / "acquire.key"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("DATABASE_URL", "mysql://root:pass@db"), ("DATABASE_URL", "books.db"), ("PORT", "99999"), ("PORT", "eighty")],
)
def test_a_setting_that_cannot_be_used_is_named_and_its_value_kept_quiet(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"ACQUIRE_{variable}", value)
    with pytest.raises(BadInput, match=f"ACQUIRE_{variable} cannot be used") as refused:
        Settings.load()
    assert value not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACQUIRE_MASTER_KEY", "open-sesame")
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", "postgresql://acquire:open-sesame@db/acquire")
    assert "open-sesame" not in f"{Settings.load()!r} {Settings.load()}"
