import math
from dataclasses import replace
from datetime import date
from typing import Any, get_args, get_type_hints

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.domain import Policy, Rule
from acquire.errors import BadInput
from acquire.prefilter.rules import apply_rules, check_examples, check_fields

ON = date(2026, 11, 2)
YOUNG = Rule(id="young", field="age", op="lt", value=22, reason="AGE_BELOW_MINIMUM", when_null="refer")


def policy(*rules: Rule) -> Policy:
    return Policy(version="2026-11", rules=rules, content_hash="0" * 64)


def rule(op: str, value: object = None, field: str = "age", **more: object) -> Rule:
    return Rule(id=op, field=field, op=op, value=value, reason="R", **({"when_null": "pass"} | more))


AGES = pd.DataFrame({"age": [20.0, 22.0, 30.0, np.nan], "city": ["A", "B", "C", None]})


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("lt", 22, [1, 0, 0, 0]),
        ("le", 22, [1, 1, 0, 0]),
        ("gt", 22, [0, 0, 1, 0]),
        ("ge", 22, [0, 1, 1, 0]),
        ("eq", 22, [0, 1, 0, 0]),
        ("ne", 22, [1, 0, 1, 0]),
        ("in", [20, 30], [1, 0, 1, 0]),
        ("not_in", [20, 30], [0, 1, 0, 0]),
        ("between", [20, 22], [1, 1, 0, 0]),
        ("is_null", None, [0, 0, 0, 1]),
        ("not_null", None, [1, 1, 1, 0]),
    ],
)
def test_every_operator_of_the_contract_hits_whom_it_says(op: str, value: object, expected: list[int]) -> None:
    assert apply_rules(AGES, policy(rule(op, value)), on=ON).hits[:, 0].astype(int).tolist() == expected


def test_texts_are_compared_with_texts() -> None:
    hits = apply_rules(AGES, policy(rule("in", ["A", "C"], "city"), rule("ne", "A", "city")), on=ON).hits
    assert hits.astype(int).tolist() == [[1, 0], [0, 1], [1, 1], [0, 0]]


@pytest.mark.parametrize(("when_null", "reason"), [("pass", None), ("fail", "R"), ("refer", "REFER:R")])
def test_a_missing_field_passes_fails_or_is_referred_as_the_rule_says(when_null: str, reason: str | None) -> None:
    hits = apply_rules(AGES, policy(rule("lt", 18, when_null=when_null)), on=ON)
    assert hits.reasons().tolist() == [None, None, None, reason]


def test_all_hits_are_kept_and_the_first_rule_decides() -> None:
    hits = apply_rules(AGES, policy(YOUNG, rule("eq", "A", "city")), on=ON)
    assert hits.hits.sum(axis=0).tolist() == [2, 1]
    assert hits.first().tolist() == [0, -1, -1, 0]
    assert hits.reasons().tolist() == ["AGE_BELOW_MINIMUM", None, None, "REFER:AGE_BELOW_MINIMUM"]


@pytest.mark.parametrize(
    ("first", "last", "hits"),
    [(ON, ON, 1), (date(2026, 11, 3), None, 0), (None, date(2026, 11, 1), 0), (None, None, 1)],
)
def test_a_rule_is_in_force_from_its_first_to_its_last_day(first: date | None, last: date | None, hits: int) -> None:
    dated = rule("lt", 22, valid_from=first, valid_until=last)
    assert apply_rules(AGES, policy(dated), on=ON).hits.sum() == hits


def test_a_policy_without_rules_hits_nobody() -> None:
    hits = apply_rules(AGES, policy(), on=ON)
    assert hits.first().tolist() == [-1] * 4
    assert hits.reasons().tolist() == [None] * 4


def test_examples_that_hold_pass_whatever_the_day() -> None:
    examples = ({"age": 21, "hit": True}, {"age": 22, "hit": False}, {"hit": True})
    check_examples(policy(Rule(id="y", field="age", op="lt", value=22, reason="R", examples=examples, valid_until=ON)))


def test_an_example_that_fails_is_named() -> None:
    wrong = Rule(id="young", field="age", op="lt", value=22, reason="R", examples=({"age": 22, "hit": True},))
    with pytest.raises(BadInput, match=r"example 1 of policy rule 'young' fails: age = 22 gives hit = false"):
        check_examples(policy(wrong))


@pytest.mark.parametrize("example", [{"age": 3}, {"age": 3, "hit": 1}, {"years": 3, "hit": True}])
def test_an_example_gives_the_field_and_whether_it_hits(example: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="example 1 of policy rule 'lt' must give age and hit"):
        check_examples(policy(rule("lt", 22, examples=(example,))))


def test_a_rule_on_an_unknown_or_protected_field_is_refused() -> None:
    with pytest.raises(BadInput, match="'young' reads 'age', which leads lack"):
        check_fields(policy(YOUNG), ["lead_id"], [])
    with pytest.raises(BadInput, match="'young' reads 'age', which is protected"):
        check_fields(policy(YOUNG), ["age"], ["age"])
    check_fields(policy(YOUNG), ["age"], ["sex"])


@pytest.mark.parametrize(
    ("op", "value", "field"),
    [
        ("lt", "22", "age"),
        ("lt", "B", "city"),
        ("eq", 3, "city"),
        ("in", 3, "age"),
        ("in", ["A", 3], "city"),
        ("between", [1, 2, 3], "age"),
        ("lt", 3, "nothing"),
    ],
)
def test_a_value_that_does_not_fit_its_field_names_the_rule(op: str, value: object, field: str) -> None:
    with pytest.raises(BadInput, match=f"policy rule '{op}'"):
        apply_rules(AGES, policy(rule(op, value, field)), on=ON)


def slow_hit(value: object, one: Rule) -> tuple[bool, bool]:
    """Hit and referred of one value by the contract's words, one row at a time."""
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    if one.op in {"is_null", "not_null"}:
        return missing == (one.op == "is_null"), False
    if missing:
        return one.when_null != "pass", one.when_null == "refer"
    against: Any = one.value
    hit = {
        "lt": lambda: value < against,
        "le": lambda: value <= against,
        "gt": lambda: value > against,
        "ge": lambda: value >= against,
        "eq": lambda: value == against,
        "ne": lambda: value != against,
        "in": lambda: value in against,
        "not_in": lambda: value not in against,
        "between": lambda: against[0] <= value <= against[1],
    }[one.op]()
    return bool(hit), False


NUMBERS = st.sampled_from([-999.0, -1.0, 0.0, 0.5, 1.0, 2.0, 60.0, 1e9])
TEXTS = st.sampled_from(["a", "b", "B", "", " a"])
WHEN_NULL = st.sampled_from(["pass", "fail", "refer"])


@st.composite
def number_rules(draw: st.DrawFn) -> Rule:
    op = draw(st.sampled_from(get_args(get_type_hints(Rule)["op"])))
    values = {"between": st.tuples(NUMBERS, NUMBERS).map(sorted), "is_null": st.none(), "not_null": st.none()}
    lists = st.lists(NUMBERS, min_size=1, max_size=3)
    value = draw(values.get(op, lists if op in {"in", "not_in"} else NUMBERS))
    return Rule(id=op, field="x", op=op, value=value, reason=op.upper(), when_null=draw(WHEN_NULL))


@st.composite
def text_rules(draw: st.DrawFn) -> Rule:
    op = draw(st.sampled_from(["eq", "ne", "in", "not_in", "is_null", "not_null"]))
    values = {"is_null": st.none(), "not_null": st.none(), "eq": TEXTS, "ne": TEXTS}
    value = draw(values.get(op, st.lists(TEXTS, min_size=1, max_size=3)))
    return Rule(id=op, field="t", op=op, value=value, reason=op.upper(), when_null=draw(WHEN_NULL))


@given(
    rules=st.lists(number_rules() | text_rules(), max_size=4),
    numbers=st.lists(NUMBERS | st.just(math.nan), min_size=1, max_size=8),
    texts=st.lists(TEXTS | st.none(), min_size=8, max_size=8),
)
def test_the_masks_say_what_a_slow_reading_row_by_row_says(
    rules: list[Rule], numbers: list[float], texts: list[str | None]
) -> None:
    leads = pd.DataFrame({"x": numbers, "t": pd.Series(texts[: len(numbers)], dtype="str")})
    found = apply_rules(leads, policy(*rules), on=ON)
    rows = list(zip(numbers, texts, strict=False))
    for j, one in enumerate(rules):
        said = [slow_hit(x if one.field == "x" else t, one) for x, t in rows]
        assert list(zip(found.hits[:, j].tolist(), found.referred[:, j].tolist(), strict=True)) == said
    for i, (x, t) in enumerate(rows):
        reasons = [
            ("REFER:" if referred else "") + one.reason
            for one in rules
            for hit, referred in [slow_hit(x if one.field == "x" else t, one)]
            if hit
        ]
        assert found.reasons()[i] == (reasons[0] if reasons else None)


@pytest.mark.parametrize(("op", "hits"), [("lt", [1, 0, 0]), ("ge", [0, 1, 0]), ("ne", [1, 0, 0]), ("in", [0, 1, 0])])
def test_dates_are_compared_with_dates(op: str, hits: list[int]) -> None:
    days = pd.DataFrame({"seen_on": pd.to_datetime(["2026-01-01", "2026-02-01", None])})
    value = [date(2026, 2, 1)] if op == "in" else date(2026, 2, 1)
    assert apply_rules(days, policy(rule(op, value, "seen_on")), on=ON).hits[:, 0].astype(int).tolist() == hits


def test_messages_name_the_line_of_the_file_where_it_is_known() -> None:
    known = policy(replace(YOUNG, line=12))
    with pytest.raises(BadInput, match=r"policy rule 'young' \(line 12\) reads 'age', which leads lack"):
        check_fields(known, [], [])
    with pytest.raises(BadInput, match=r"policy rule 'young' \(line 12\): lt 22 does not fit 'age'"):
        apply_rules(pd.DataFrame({"age": ["old"]}), known, on=ON)
    assert replace(YOUNG, line=12) == YOUNG
