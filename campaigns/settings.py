"""What differs from machine to machine: where the database is, the master key, the address to serve on.

Each is read from an environment variable that starts with ACQUIRE_. Secrets are never part of `repr` or of an error.
"""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from acquire.errors import BadInput

DATABASE_KINDS = ("sqlite", "postgresql")
_SQLITE_FILE = "sqlite:///"


class Settings(BaseSettings):
    """Settings of this machine.

    Attributes:
        database_url: ACQUIRE_DATABASE_URL; by default the file acquire.db in the current folder. May hold a password,
            so it is left out of `repr`.
        master_key: ACQUIRE_MASTER_KEY; None means that the key file is used.
        host, port: ACQUIRE_HOST and ACQUIRE_PORT, where `acquire serve` listens.
    """

    model_config = SettingsConfigDict(env_prefix="ACQUIRE_", env_ignore_empty=True, extra="ignore", frozen=True)

    database_url: str = Field(default="sqlite:///acquire.db", validate_default=True, repr=False)
    master_key: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8050, ge=0, le=65535)

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url.split(":", 1)[0].split("+", 1)[0] not in DATABASE_KINDS:
            raise ValueError("give an address that starts with sqlite:/// or postgresql://")
        return _absolute(url)

    @classmethod
    def load(cls) -> Self:
        """Read the settings from the environment.

        Raises:
            BadInput: A variable holds what it cannot hold. The line names the variable and the remedy, not the value,
                which may be a secret.
        """
        try:
            return cls()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            variable = "ACQUIRE_" + "_".join(str(part) for part in first["loc"]).upper()
            raise BadInput(f"{variable} cannot be used: {first['msg']}") from None

    @property
    def database_file(self) -> Path | None:
        """The file of the database; None where a server or memory holds it."""
        path = self.database_url.removeprefix(_SQLITE_FILE).split("?", 1)[0]
        if not self.database_url.startswith(_SQLITE_FILE) or path in {"", ":memory:"}:
            return None
        return Path(path)

    @property
    def master_key_file(self) -> Path:
        """Where the master key lies unless ACQUIRE_MASTER_KEY is set: beside the database, else in this folder."""
        return (self.database_file or Path.cwd() / "acquire.db").with_suffix(".key")


def _absolute(url: str) -> str:
    """Make the path of an SQLite address absolute, so that a later change of folder does not open another database."""
    path, mark, options = url.removeprefix(_SQLITE_FILE).partition("?")
    if not url.startswith(_SQLITE_FILE) or path in {"", ":memory:"} or path.startswith("file:"):
        return url
    return f"{_SQLITE_FILE}{Path(path).expanduser().absolute()}{mark}{options}"
