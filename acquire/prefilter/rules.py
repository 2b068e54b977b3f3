"""Policy rules as numpy masks: every hit is kept, the first one in the policy's order decides.

    lt le gt ge    field < value, <=, >, >=          between      low <= field <= high
    eq ne          field = value, <> value           in not_in    field is (is not) one of the values
    is_null        the field is missing              not_null     the field is there

A missing field under any other operator is settled by the rule's `when_null`: "pass" is no hit, "fail" is a hit, "refer"
is a hit whose reason reads REFER:<reason>.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.errors import BadInput
from acquire.policy import Policy, Rule

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

_COMPARE: Mapping[str, Callable[[pd.Series, Any], pd.Series]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}
_ORDERED = frozenset({"lt", "le", "gt", "ge", "between"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHits:
    """Which lead every rule hits.

    Attributes:
        rules: The policy's rules, in the order they decide.
        hits: Shape (n_rows, n_rules); a rule that is not in force hits nobody.
        referred: Hits that stand for a missing field under when_null = "refer", same shape.
    """

    rules: tuple[Rule, ...]
    hits: Flags
    referred: Flags

    def first(self) -> Ints:
        """Number of the rule that decides on each lead, shape (n_rows,); -1 where none hits."""
        if not self.rules:
            return np.full(len(self.hits), -1, dtype=np.int64)
        return np.where(self.hits.any(axis=1), self.hits.argmax(axis=1), -1).astype(np.int64)

    def reasons(self) -> NDArray[np.object_]:
        """Reason code of each lead, shape (n_rows,); None where no rule hits."""
        plain = [rule.reason for rule in self.rules]
        codes = np.array([*plain, *(f"REFER:{reason}" for reason in plain), None], dtype=object)
        first = self.first()
        referred = self.referred[np.arange(len(first)), first] if self.rules else np.zeros(len(first), dtype=bool)
        # -1 picks the last code: None.
        return codes[np.where(first < 0, -1, first + np.where(referred, len(plain), 0))]


def apply_rules(leads: pd.DataFrame, policy: Policy, *, on: date) -> RuleHits:
    """Hold every lead against every rule.

    Args:
        leads: One row per lead, with the columns the rules read.
        policy: The rules.
        on: Day for which they are applied; rules before their `from` or after their `until` hit nobody.

    Returns:
        All hits.

    Raises:
        BadInput: A field is missing, or a rule's value does not fit its field; the rule is named.
    """
    hits = np.zeros((len(leads), len(policy.rules)), dtype=bool)
    referred = np.zeros_like(hits)
    for j, rule in enumerate(policy.rules):
        if in_force(rule, on):
            hits[:, j], referred[:, j] = _hold_against(leads, rule)
    return RuleHits(rules=policy.rules, hits=hits, referred=referred)


def in_force(rule: Rule, on: date) -> bool:
    """Whether the rule applies on the day; its first and last day are included."""
    begun = rule.valid_from is None or rule.valid_from <= on
    return begun and (rule.valid_until is None or on <= rule.valid_until)


def check_fields(policy: Policy, columns: Iterable[str], protected: Iterable[str]) -> None:
    """Raise BadInput for a rule whose field is protected or is not among the columns of the leads."""
    known, barred = set(columns), set(protected)
    for rule in policy.rules:
        if rule.field in barred:
            raise BadInput(f"{rule.named} reads {rule.field!r}, which is protected; take the rule out")
        if rule.field not in known:
            raise BadInput(f"{rule.named} reads {rule.field!r}, which leads lack; correct the field's name")


def check_examples(policy: Policy) -> None:
    """Hold every rule against its own examples, whatever the day.

    Raises:
        BadInput: An example fails; rule and example are named.
    """
    for rule in policy.rules:
        always = replace(rule, valid_from=None, valid_until=None)
        for number, example in enumerate(rule.examples, start=1):
            _check_example(always, number, example)


def _check_example(rule: Rule, number: int, example: Mapping[str, object]) -> None:
    named = f"example {number} of {rule.named}"
    unknown = sorted(set(example) - {rule.field, "hit"})
    if unknown or not isinstance(example.get("hit"), bool):
        raise BadInput(f"{named} must give {rule.field} and hit = true or false" + f", not {unknown}" * bool(unknown))
    # A list of one: pandas picks the type as for a column; a field left out stands for a missing value.
    row = pd.DataFrame({rule.field: [example.get(rule.field)]})
    hit = bool(_hold_against(row, rule)[0][0])
    if hit != example["hit"]:
        shown = f"{rule.field} = {example.get(rule.field)}"
        raise BadInput(f"{named} fails: {shown} gives hit = {str(hit).lower()}; correct the rule or the example")


def _hold_against(leads: pd.DataFrame, rule: Rule) -> tuple[Flags, Flags]:
    if rule.field not in leads.columns:
        raise BadInput(f"{rule.named} reads {rule.field!r}, which leads lack; correct the field's name")
    field = leads[rule.field]
    null = field.isna().to_numpy()
    if rule.op == "is_null":
        return null, np.zeros_like(null)
    if rule.op == "not_null":
        return ~null, np.zeros_like(null)
    hit = np.zeros(len(field), dtype=bool)
    if not null.all():
        hit[~null] = _compare(field[~null], rule)
    if rule.when_null == "pass":
        return hit, np.zeros_like(null)
    return hit | null, null & (rule.when_null == "refer")


def _compare(field: pd.Series, rule: Rule) -> Flags:
    """Hits among values that are there."""
    if rule.op in {"in", "not_in"}:
        found = field.isin([_fitting(v, field, rule) for v in _listed(rule)]).to_numpy(dtype=bool)
        return found if rule.op == "in" else ~found
    if rule.op == "between":
        low, high = _ends(rule)
        inside = field.ge(_fitting(low, field, rule)) & field.le(_fitting(high, field, rule))
        return inside.to_numpy(dtype=bool)
    return _COMPARE[rule.op](field, _fitting(rule.value, field, rule)).to_numpy(dtype=bool)


def _listed(rule: Rule) -> list[object]:
    if not isinstance(rule.value, list | tuple | set | frozenset):
        raise BadInput(f"{rule.named}: value of {rule.op} is {rule.value!r}; give a list")
    return list(rule.value)


def _ends(rule: Rule) -> tuple[object, object]:
    ends = _listed(rule)
    if len(ends) != 2:
        raise BadInput(f"{rule.named}: value of between is {rule.value!r}; give [low, high]")
    return ends[0], ends[1]


def _fitting(value: object, field: pd.Series, rule: Rule) -> Any:
    """The rule's value in the field's own type."""
    if pd.api.types.is_datetime64_any_dtype(field) and isinstance(value, date):
        return pd.Timestamp(value)
    numeric = pd.api.types.is_numeric_dtype(field)
    if numeric and isinstance(value, int | float):
        return value
    if not numeric and isinstance(value, str) and rule.op not in _ORDERED:
        return value
    kind = (
        "a number" if numeric else "a text, and an operator that does not order" if isinstance(value, str) else "a text"
    )
    raise BadInput(f"{rule.named}: {rule.op} {value!r} does not fit {rule.field!r}; give {kind}")
