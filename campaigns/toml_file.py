"""TOML files written by hand: read once, hashed, and every mistake told in one line."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from acquire.errors import BadInput

_SAID = {
    "string_type": "give a text in quotes",
    "int_type": "give a whole number",
    "float_type": "give a number",
    "finite_number": "give a finite number",
    "bool_type": "give true or false",
    "list_type": "give a list, as in [1, 2]",
    "dict_type": "give a table, as in { name = 0.5 }",
    "model_type": "give a table",
    "model_attributes_type": "give a table",
    "date_type": "give a date, as in 2026-01-31",
    "string_too_short": "it may not be empty",
}


class Strict(BaseModel):
    """A table of a file that people write: nothing unknown, nothing converted."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlFile:
    """One file as read: its tables, its text and the SHA-256 (hex) of its bytes."""

    path: Path
    tables: Mapping[str, Any]
    text: str
    content_hash: str


def read_toml(path: Path) -> TomlFile:
    """Read a TOML file.

    Raises:
        BadInput: The file is missing, cannot be read, or is not TOML.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path.name} is not there (looked in {path.parent})") from None
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror}") from None
    return parse_toml(path, content)


def parse_toml(path: Path, content: bytes) -> TomlFile:
    """Read the bytes of a TOML file; `path` names it in messages.

    Raises:
        BadInput: They are not TOML.
    """
    try:
        text = content.decode("utf-8-sig")
        tables = tomllib.loads(text)
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not what it says: it is not UTF-8 text; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path.name} is not valid TOML: {error}") from None
    except RecursionError:
        raise BadInput(f"{path.name} is not valid TOML: brackets are nested too deeply; take some out") from None
    except ValueError:  # a whole number of thousands of digits
        raise _too_long(path) from None
    if any(_too_large(value) for value in tables.values()):
        raise _too_long(path)
    return TomlFile(path=path, tables=tables, text=text, content_hash=hashlib.sha256(content).hexdigest())


def _too_large(value: object) -> bool:
    """Whether a whole number lies beyond the 64 bits that TOML gives one, at any depth; no float would hold some of them."""
    if isinstance(value, dict | list):
        return any(_too_large(one) for one in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def _too_long(path: Path) -> BadInput:
    return BadInput(f"{path.name} holds a whole number of more than 19 digits; give a smaller one")


def first_mistake(error: ValidationError, model: type[BaseModel]) -> str:
    """The first mistake that pydantic found, in the words of the file, "and N more" where there are more."""
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return _mistake(worst(error), model) + more


def worst(error: ValidationError) -> ErrorDetails:
    """The mistake to tell first: an unknown key, which is often why another is missing; else the first in the file."""
    mistakes = error.errors(include_url=False)
    return next((mistake for mistake in mistakes if mistake["type"] == "extra_forbidden"), mistakes[0])


def _mistake(error: ErrorDetails, model: type[BaseModel]) -> str:
    where, key = _place(error["loc"][:-1]), str(error["loc"][-1])
    if error["type"] == "extra_forbidden":
        return f"unknown key {key}{where}{_nearest_key(key, error['loc'][:-1], model)}"
    if error["type"] == "missing":
        return f"the key {key} is missing{where}"
    said = _SAID.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return f"{key} is {shown(error['input'])}{where}; {said[0].lower()}{said[1:]}"


def _place(loc: Sequence[int | str]) -> str:
    """Where in the file: " in [limits]", " in rule 2". The file's own names only, nothing of the reader's."""
    if not loc:
        return ""
    parts = [f"[{loc[0]}]"] if len(loc) == 1 else [str(part + 1) if isinstance(part, int) else part for part in loc]
    return f" in {' '.join(parts)}"


def shown(value: object) -> str:
    """A value as the file writes it, cut short where it would fill the screen."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _nearest_key(key: str, loc: Sequence[int | str], model: type[BaseModel]) -> str:
    here = _keys(_model_at(loc, model))
    for table, field in model.model_fields.items():
        inner = _model_of(field.annotation)
        if inner is not None and key in _keys(inner):
            return f"; it belongs in [{table}]"
    if loc and key in _keys(model):
        return "; it belongs at the top of the file"
    if close := get_close_matches(key, here, n=1):
        return f"; did you mean {close[0]}?"
    return f"; known are {', '.join(here)}"


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(loc: Sequence[int | str], model: type[BaseModel]) -> type[BaseModel]:
    for part in loc:
        field = model.model_fields.get(part) if isinstance(part, str) else None
        model = (_model_of(field.annotation) if field else None) or model
    return model


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Union, Annotated, list, tuple} or get_args(annotation):
        return next((found for part in get_args(annotation) if (found := _model_of(part))), None)
    return None
