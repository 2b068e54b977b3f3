"""The policy's rules as one SQL SELECT that decides in SQLite and PostgreSQL as `acquire.prefilter.rules` does.

values    each column that a rule reads, as a number, a text, a day or a flag; NULL where it is missing
hits      one column per rule: 0 no hit, 1 hit, 2 referred because the value is missing
reasons   reason and id of the first rule that hits
result    decision, reason, rule, and every hit
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal

from acquire.domain import Policy, Rule
from acquire.errors import BadInput
from acquire.prefilter import sql_text as sql

Kind = Literal["number", "text", "day", "flag", "unknown"]
Column = tuple[str, Kind]

_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=", "ne": "<>"}
_WITHOUT_MIDNIGHT = (("T", " "), (" 00:00:00.000000", ""), (" 00:00:00", ""))
_FLAGS = {True: ("true", "1", "1.0"), False: ("false", "0", "0.0")}


def policy_sql(
    policy: Policy,
    *,
    table: str,
    key: str = "lead_id",
    on: date,
    schema: str | None = None,
    own_names: Mapping[str, str] | None = None,
) -> str:
    """One SELECT, without a closing semicolon, whose text is valid in SQLite and PostgreSQL.

    Args:
        policy: The rules, also those that are not in force on the day: another day is one change in the text.
        table: The table of leads, with the columns the rules read.
        key: Its column that tells leads apart; passed through.
        on: Day for which the rules are applied.
        schema: The table's schema, where it needs one.
        own_names: The table's names of columns that the policy calls otherwise, name in the policy -> name in the table.

    Returns:
        SQL whose columns are the key, `decision` ("pass" or "refuse"), `reason` (null for "pass"), `rule` (the id of the rule
        that decides) and `hit_<id>` (0 or 1) for each rule; one row per row of the table.

    Raises:
        BadInput: A rule's value cannot be written as SQL; the rule is named.
    """
    prefix = sql.stage_prefix(table)
    stage = {step: f"{prefix}{step}" for step in ("values", "hits", "reasons")}
    columns = _columns(policy)
    selects = {
        stage["values"]: _values(columns, key, sql.table_name(table, schema), on, own_names or {}),
        stage["hits"]: _hits(policy, columns, stage["values"]),
        stage["reasons"]: _reasons(policy, stage["hits"]),
    }
    return sql.comment(_head(policy)) + sql.stages(selects, _result(policy, key, stage["reasons"]))


def _columns(policy: Policy) -> dict[Column, str]:
    """The name of each column in the stages. Whether a value is there is asked of the column as other rules read it."""
    kinds = {rule.field: kind_of(rule) for rule in policy.rules if kind_of(rule) != "unknown"}
    read = [_column(rule, kinds.get(rule.field, "unknown")) for rule in policy.rules]
    return {column: f"v{i}" for i, column in enumerate(dict.fromkeys(read), 1)}


def _column(rule: Rule, otherwise: Kind) -> Column:
    kind = kind_of(rule)
    return rule.field, otherwise if kind == "unknown" else kind


def kind_of(rule: Rule) -> Kind:
    """What the rule's value says about its field; "unknown" where only whether the field is there counts."""
    if rule.op in {"is_null", "not_null"}:
        return "unknown"
    value: Any = rule.value
    first = next(iter(value), None) if isinstance(value, list | tuple | set | frozenset) else value
    if isinstance(first, bool):
        return "flag"
    if isinstance(first, int | float):
        return "number"
    if isinstance(first, date):
        return "day"
    if isinstance(first, str):
        return "text"
    raise BadInput(
        f"{rule.named}: value of {rule.op} is {rule.value!r}; give a text, a number, a date, or a list of them"
    )


def _values(columns: dict[Column, str], key: str, table: str, on: date, own: Mapping[str, str]) -> str:
    lines = [
        f"  lead.{sql.name(own.get(key, key))} AS lead_key",
        f"  CAST({sql.text(on.isoformat())} AS TEXT) AS day /* the day for which the rules are applied */",
        *(
            f"  {_read(f'lead.{sql.name(own.get(field, field))}', kind)} AS {value}"
            for (field, kind), value in columns.items()
        ),
    ]
    return "SELECT\n" + ",\n".join(lines) + f"\nFROM {table} AS lead"


def _read(column: str, kind: Kind) -> str:
    if kind == "number":
        return sql.number_column(column)
    if kind == "flag":
        return f"NULLIF(LOWER({sql.text_column(column)}), 'nan')"
    if kind == "day":
        # Both write days as 2026-01-31; a time of midnight is the day itself, a later one sorts behind it.
        text = f"CAST({column} AS TEXT)"
        for old, new in _WITHOUT_MIDNIGHT:
            text = f"REPLACE({text}, {sql.text(old)}, {sql.text(new)})"
        return f"NULLIF({text}, '')"
    if kind == "text":
        return sql.text_column(column)
    return f"NULLIF({sql.text_column(column)}, 'NaN')"


def _hits(policy: Policy, columns: dict[Column, str], values: str) -> str:
    by_field = {field: value for (field, _), value in columns.items()}
    lines = ["  lead_key"]
    for i, rule in enumerate(policy.rules, 1):
        value = columns.get((rule.field, kind_of(rule)), by_field[rule.field])
        lines.append(f"  {_hit(rule, value)} AS h{i}")
    return "SELECT\n" + ",\n".join(lines) + f"\nFROM {values}"


def _hit(rule: Rule, value: str) -> str:
    arms = [*_out_of_force(rule)]
    if rule.op in {"is_null", "not_null"}:
        arms.append(f"WHEN {value} IS {'NOT ' * (rule.op == 'not_null')}NULL THEN 1")
    else:
        arms.append(f"WHEN {value} IS NULL THEN {({'pass': 0, 'fail': 1, 'refer': 2})[rule.when_null]}")
        arms.append(f"WHEN {_condition(rule, value)} THEN 1")
    return f"CASE {' '.join(arms)} ELSE 0 END"


def _out_of_force(rule: Rule) -> Iterator[str]:
    if rule.valid_from is not None:
        yield f"WHEN day < {sql.text(rule.valid_from.isoformat())} THEN 0"
    if rule.valid_until is not None:
        yield f"WHEN day > {sql.text(rule.valid_until.isoformat())} THEN 0"


def _condition(rule: Rule, value: str) -> str:
    """What hits, of a value that is there."""
    if rule.op in {"in", "not_in"}:
        listed = ", ".join(_literals(rule, one) for one in _listed(rule))
        return f"{value} {'NOT ' * (rule.op == 'not_in')}IN ({listed})"
    if rule.op == "between":
        low, high = (_literals(rule, end) for end in _listed(rule))
        return f"{value} >= {low} AND {value} <= {high}"
    if isinstance(rule.value, bool):
        return f"{value} {'NOT ' * (rule.op == 'ne')}IN ({_literals(rule, rule.value)})"
    return f"{value} {_SIGNS[rule.op]} {_literals(rule, rule.value)}"


def _listed(rule: Rule) -> list[Any]:
    values: Any = rule.value
    if not isinstance(values, list | tuple | set | frozenset) or (rule.op == "between" and len(values) != 2):
        raise BadInput(f"{rule.named}: value of {rule.op} is {rule.value!r}; give a list, of two for between")
    return list(values)


def _literals(rule: Rule, value: object) -> str:
    """A value as SQL; a flag as all the texts that databases write it as."""
    if isinstance(value, bool):
        return sql.texts(_FLAGS[value])
    if isinstance(value, int | float):
        return sql.number(float(value))
    if isinstance(value, date):
        return sql.text(value.isoformat())
    if isinstance(value, str):
        return sql.text(value)
    raise BadInput(f"{rule.named}: {value!r} cannot be written as SQL; give a text, a number or a date")


def _reasons(policy: Policy, hits: str) -> str:
    reasons, rules = [], []
    for i, rule in enumerate(policy.rules, 1):
        reasons.append(
            f"WHEN h{i} = 1 THEN {sql.text(rule.reason)} WHEN h{i} = 2 THEN {sql.text(f'REFER:{rule.reason}')}"
        )
        rules.append(f"WHEN h{i} > 0 THEN {sql.text(rule.id)}")
    return f"SELECT\n  *,\n  {_first(reasons)} AS reason,\n  {_first(rules)} AS rule\nFROM {hits}"


def _first(arms: list[str]) -> str:
    """The first arm that holds; no text where none does."""
    return "\n    ".join(["CASE", *arms, "ELSE NULL END"]) if arms else "CAST(NULL AS TEXT)"


def _result(policy: Policy, key: str, reasons: str) -> str:
    lines = [
        f"  lead_key AS {sql.name(key)}",
        "  CASE WHEN reason IS NULL THEN 'pass' ELSE 'refuse' END AS decision",
        "  reason",
        "  rule",
    ]
    for i, rule in enumerate(policy.rules, 1):
        lines.append(f"  CASE WHEN h{i} > 0 THEN 1 ELSE 0 END AS {sql.output_name(f'hit_{rule.id}', i)}")
    return "SELECT\n" + ",\n".join(lines) + f"\nFROM {reasons}"


def _head(policy: Policy) -> Iterator[str]:
    yield "Decision and reason of every lead by the policy's rules: all hits are kept, the first rule in their order decides."
    yield "One SELECT, the same text for PostgreSQL (12 or later) and SQLite (3.35 or later)."
    yield f"Policy: version {policy.version}, SHA-256 {policy.content_hash} of its file."
    yield ""
    yield "For another day, change the date beside 'the day for which the rules are applied'. NULL, NaN and the empty text are"
    yield "missing. Consent, do-not-contact and refused regions are not rules of the policy and are not in here."
