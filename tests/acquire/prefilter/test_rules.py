from datetime import date

import numpy as np
import pandas as pd
import pytest

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
