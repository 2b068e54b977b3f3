"""The policy file: the lender's own rules, in the order they decide, and its cut-off of approval."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from acquire.errors import BadInput
from acquire.policy import Approval, Policy, Rule
from campaigns.plan_keys import Text
from campaigns.toml_file import Strict, TomlFile, first_mistake, read_toml, shown, worst

Op = Literal["lt", "le", "gt", "ge", "eq", "ne", "in", "not_in", "between", "is_null", "not_null"]

_RULE_LINE = re.compile(r"^[ \t]*\[\[\s*rule\s*\]\]", re.MULTILINE)


class _Rule(Strict):
    id: Text
    field: Text
    op: Op
    value: Any = None
    reason: Text
    when_null: Literal["pass", "fail", "refer"] = "refer"
    valid_from: date | None = Field(default=None, alias="from")
    valid_until: date | None = Field(default=None, alias="until")
    examples: list[dict[str, Any]] = Field(default_factory=list)


class _Approval(Strict):
    field: Text
    cut_off: float
    was: float | None = None
    op: Literal["ge", "le"] = "ge"
    missing: float | None = None
    codes: list[float] = Field(default_factory=list)


class _Policy(Strict):
    version: Text
    rule: list[_Rule] = Field(default_factory=list)
    approval: _Approval | None = None


def read_policy_file(path: Path) -> Policy:
    """Read and check a policy file; see `parse_policy`."""
    return parse_policy(read_toml(path))


def parse_policy(file: TomlFile) -> Policy:
    """Check a policy file that was read; whether its examples come out as they say is tested elsewhere.

    Raises:
        BadInput: The file is missing or not TOML, a key or an operator is unknown, an id is there twice, a value does not
            fit its operator or [approval], or a rule ends before it begins. The message names the rule and, where it can,
            the line.
    """
    path = file.path
    try:
        written = _Policy.model_validate(file.tables)
    except ValidationError as error:
        raise BadInput(f"{path.name}: {_place(file, error)}{first_mistake(error, _Policy)}") from None
    ids: set[str] = set()
    for number, rule in enumerate(written.rule):
        try:
            _check_rule(rule, ids)
        except BadInput as error:
            raise BadInput(f"{path.name}: rule {rule.id}{_line(file, number)}: {error}") from None
        ids.add(rule.id)
    return Policy(
        version=written.version,
        rules=tuple(_rule(rule, _line_number(file, number)) for number, rule in enumerate(written.rule)),
        content_hash=file.content_hash,
        approval=_approval(file, written.approval) if written.approval else None,
    )


def _rule(written: _Rule, line: int | None) -> Rule:
    fields: Mapping[str, Any] = {name: getattr(written, name) for name in _Rule.model_fields}
    return Rule(**{**fields, "examples": tuple(written.examples), "line": line})


def _approval(file: TomlFile, written: _Approval) -> Approval:
    was = written.cut_off if written.was is None else written.was
    fields: Mapping[str, Any] = {name: getattr(written, name) for name in _Approval.model_fields}
    try:
        return Approval(**{**fields, "was": was, "codes": tuple(written.codes), "line": _table_line(file, "approval")})
    except BadInput as error:
        raise BadInput(f"{file.path.name}: {_key_line(file, ('approval', 'codes'))}{error}") from None


def _place(file: TomlFile, error: ValidationError) -> str:
    """Which rule the first mistake is in: by its id where it has one, and the line where it begins; else the key's line."""
    loc = worst(error)["loc"]
    number = next((part for part in loc if isinstance(part, int)), None)
    if number is None or loc[0] != "rule":
        return _key_line(file, loc)
    raw = file.tables["rule"][number]
    named = f" {raw['id']}" if isinstance(raw, dict) and isinstance(raw.get("id"), str) else ""
    return f"rule{named}{_line(file, number)}: "


def _line(file: TomlFile, number: int) -> str:
    line = _line_number(file, number)
    return f" (line {line})" if line else ""


def _line_number(file: TomlFile, number: int) -> int | None:
    """Where the rule begins; None where the rules are not written one [[rule]] each."""
    starts = [match.start() for match in _RULE_LINE.finditer(file.text)]
    return _line_at(file, starts[number]) if len(starts) == len(file.tables["rule"]) else None


def _line_at(file: TomlFile, position: int) -> int:
    return file.text.count("\n", 0, position) + 1


def _table_start(file: TomlFile, table: str) -> "re.Match[str] | None":
    name = re.escape(table)
    return re.search(rf"^[ \t]*(?:\[\s*{name}\s*\]|{name}[ \t]*[.=])", file.text, re.MULTILINE)


def _table_line(file: TomlFile, table: str) -> int | None:
    found = _table_start(file, table)
    return _line_at(file, found.end()) if found else None


def _key_line(file: TomlFile, loc: Sequence[int | str]) -> str:
    """Where a key of the file or of one of its tables stands, as "line 5: "; the table's line for a key it lacks."""
    table, *keys = (str(part) for part in loc)
    found = _table_start(file, table)
    if found is None:
        return ""
    inside = re.match(r"(?:(?!\n[ \t]*\[).)*", file.text[found.end() :], re.DOTALL)
    key = re.search(rf"^[ \t]*{re.escape(keys[0])}[ \t]*=", inside[0], re.MULTILINE) if inside and keys else None
    return f"line {_line_at(file, found.end() + key.end() if key else found.end())}: "


def _check_rule(rule: _Rule, earlier: set[str]) -> None:
    if rule.id in earlier:
        raise BadInput("an earlier rule has the same id; ids are unique")
    if rule.valid_from and rule.valid_until and rule.valid_until < rule.valid_from:
        raise BadInput(f"until is {rule.valid_until}, before from {rule.valid_from}; the rule would never apply")
    _check_value(rule)
    for example in rule.examples:
        _check_example(rule.field, example)


def _check_value(rule: _Rule) -> None:
    """Raise BadInput unless the value is of the kind that the operator compares with."""
    value, op = rule.value, rule.op
    if op in {"is_null", "not_null"}:
        if value is not None:
            raise BadInput(f"value is {shown(value)}, but {op} compares with nothing; remove it")
    elif op in {"in", "not_in"}:
        if not (isinstance(value, list) and value and _one_kind(value)):
            raise BadInput(f"value is {shown(value)}; {op} needs a list of texts or of numbers, with at least one")
    elif op == "between":
        if not (isinstance(value, list) and len(value) == 2 and _one_kind(value) and _is_ordered(value[0])):
            raise BadInput(f"value is {shown(value)}; between needs two numbers, as in [18, 65]")
        if value[0] > value[1]:
            raise BadInput(f"value is {shown(value)}; the first of the two is the lower")
    elif op in {"eq", "ne"}:
        if not _kind(value):
            raise BadInput(f"value is {shown(value)}; {op} needs a text, a number, a date or true or false")
    elif not _is_ordered(value):
        raise BadInput(f"value is {shown(value)}; {op} needs a number or a date")


def _kind(value: object) -> str:
    """What a value can be compared with; empty where with nothing. A bool is no number here, nan equals nothing."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number" if math.isfinite(value) else ""
    if isinstance(value, date):
        return "" if isinstance(value, datetime) else "date"
    return "text" if isinstance(value, str) else ""


def _is_ordered(value: object) -> bool:
    return _kind(value) in {"number", "date"}


def _one_kind(values: list[Any]) -> bool:
    kinds = {_kind(value) for value in values}
    return len(kinds) == 1 and "" not in kinds


def _check_example(field: str, example: Mapping[str, Any]) -> None:
    if not isinstance(example.get("hit"), bool):
        raise BadInput("an example lacks hit; say hit = true or hit = false")
    for key in example:
        if key not in {field, "hit"}:
            raise BadInput(f"an example gives {key}, but the rule reads {field}")
