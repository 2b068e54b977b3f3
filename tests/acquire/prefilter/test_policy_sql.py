"""The policy's rules as one SELECT: the same decision, reason and hits as the engine's, on both databases."""

import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Policy, Rule
from acquire.errors import BadInput
from acquire.prefilter.policy_sql import policy_sql
from acquire.prefilter.rules import apply_rules
from tests.acquire.prefilter.databases import Bank

ON = date(2026, 11, 2)


def rule(name: str, field: str, op: str, value: object = None, when_null: str = "pass", **more: object) -> Rule:
    return Rule(id=name, field=field, op=op, value=value, reason=f"R_{name}", when_null=when_null, **more)


def policy(*rules: Rule) -> Policy:
    return Policy(version="2026-11", rules=rules, content_hash="0" * 64)


def leads(n: int = 2_000) -> pd.DataFrame:
    """Ages around the limits, odd cities, days with and without a time, flags; a tenth of each is missing."""
    rng = np.random.default_rng(11)
    edges = [
        17.999999999999996,
        18.0,
        18.000000000000004,
        22,
        22.1,
        0.1 + 0.2,
        65,
        -999,
        1e9,
        math.inf,
        -math.inf,
        -0.0,
    ]
    cities = ["A", "a", "o'x", 'say "hi"', "北京", "x\ny", "A ", "%", "NaN"]
    days = pd.to_datetime(
        ["2024-01-01", "2024-01-02", "2024-01-02 10:30:00", "2024-01-03", "2019-05-05"], format="ISO8601"
    )
    frame = pd.DataFrame(
        {
            "lead_id": [f"L{i:05d}" for i in range(n)],
            "age": rng.choice(edges, n),
            'the "city"': pd.Series(rng.choice(np.array(cities, dtype=object), n), dtype="str"),
            "since": pd.Series(rng.choice(days.to_numpy(), n)),
            "owner": rng.choice([0.0, 1.0], n),
        }
    )
    for name in frame.columns[1:]:
        frame[name] = frame[name].mask(rng.random(n) < 0.1)
    return frame


EVERY_RULE = (
    *(rule(op, "age", op, 22) for op in ("lt", "le", "gt", "ge", "eq", "ne")),
    *(rule(f"refer_{op}", "age", op, 18, "refer") for op in ("lt", "gt")),
    rule("exact", "age", "eq", 0.30000000000000004, "fail"),
    rule("listed", "age", "in", [-999, 65], "fail"),
    rule("unlisted", "age", "not_in", [-999, 18, 65.0], "refer"),
    rule("between", "age", "between", [18, 65.0], "refer"),
    rule("no_age", "age", "is_null"),
    rule("some_age", "age", "not_null"),
    rule("o'x", 'the "city"', "eq", "o'x", "fail"),
    rule("not A", 'the "city"', "ne", "A", "refer"),
    rule("far", 'the "city"', "in", ["北京", 'say "hi"', "x\ny"]),
    rule("not far", 'the "city"', "not_in", ["北京", "A "], "fail"),
    rule("no city", 'the "city"', "is_null"),
    rule("owner", "owner", "eq", True, "refer"),
    rule("no owner", "owner", "ne", True),
    rule("owner as a number", "owner", "eq", 1, "fail"),
    rule("no_flag", "owner", "is_null"),
    *(rule(f"day_{op}", "since", op, date(2024, 1, 2), "refer") for op in ("lt", "le", "gt", "ge", "eq", "ne")),
    rule("days", "since", "between", [date(2024, 1, 1), date(2024, 1, 2)]),
    rule("no day", "since", "is_null"),
)


def days_as_the_bank_keeps_them(bank: Bank) -> dict[str, str]:
    return {"since": "TIMESTAMP"} if bank.dialect == "postgresql" else {}


def check_agree(bank: Bank, frame: pd.DataFrame, rules: Policy, on: date) -> pd.DataFrame:
    answer = bank.ask(policy_sql(rules, table="leads", on=on)).set_index("lead_id").loc[frame["lead_id"]]
    expected = apply_rules(frame, rules, on=on)
    assert [None if pd.isna(reason) else reason for reason in answer["reason"]] == expected.reasons().tolist()
    assert (answer["decision"] == np.where(answer["reason"].isna(), "pass", "refuse")).all()
    for j, one in enumerate(rules.rules):
        assert answer[f"hit_{one.id}"].tolist() == expected.hits[:, j].astype(int).tolist(), one.id
    return answer


def test_every_rule_hits_the_same_leads_as_in_the_engine(bank: Bank) -> None:
    frame = leads()
    bank.load("leads", frame, days_as_the_bank_keeps_them(bank))
    answer = check_agree(bank, frame, policy(*EVERY_RULE), ON)
    # Each rule tells leads apart, or the test would show nothing.
    assert all(0 < answer[f"hit_{one.id}"].sum() < len(frame) for one in EVERY_RULE)


@pytest.mark.parametrize("seed", range(3))
def test_the_first_rule_in_the_policys_order_decides(seed: int, bank: Bank) -> None:
    frame = leads(500)
    bank.load("leads", frame, days_as_the_bank_keeps_them(bank))
    order = np.random.default_rng(seed).permutation(len(EVERY_RULE))[:8]
    rules = policy(*(EVERY_RULE[i] for i in order))
    answer = check_agree(bank, frame, rules, ON)
    ids = [one.id for one in rules.rules]
    first = [None if i < 0 else ids[i] for i in apply_rules(frame, rules, on=ON).first()]
    assert [None if pd.isna(one) else one for one in answer["rule"]] == first


@pytest.mark.parametrize("days", [-1, 0, 1, 9, 10, 11])
def test_a_rule_holds_from_its_first_to_its_last_day(days: int, bank: Bank) -> None:
    limited = rule("short", "age", "lt", 22, "fail", valid_from=ON, valid_until=ON + timedelta(days=10))
    frame = pd.DataFrame({"lead_id": ["a", "b"], "age": [20.0, 30.0]})
    bank.load("leads", frame)
    answer = check_agree(bank, frame, policy(limited), ON + timedelta(days=days))
    assert answer["reason"].notna().tolist() == [0 <= days <= 10, False]


def test_another_day_is_one_change_in_the_text(bank: Bank) -> None:
    limited = rule("short", "age", "lt", 22, valid_from=ON)
    bank.load("leads", pd.DataFrame({"lead_id": ["a"], "age": [20.0]}))
    before = policy_sql(policy(limited), table="leads", on=date(2026, 1, 1))
    assert before.count("2026-01-01") == 1
    assert bank.ask(before)["decision"].tolist() == ["pass"]
    assert bank.ask(before.replace("2026-01-01", "2026-12-31"))["decision"].tolist() == ["refuse"]


def test_a_policy_without_rules_lets_everybody_pass(bank: Bank) -> None:
    bank.load("leads", pd.DataFrame({"lead_id": ["a"]}))
    answer = bank.ask(policy_sql(policy(), table="leads", on=ON))
    assert list(answer) == ["lead_id", "decision", "reason", "rule"]
    assert answer.iloc[0].tolist()[:2] == ["a", "pass"]


def test_flags_are_read_however_the_database_writes_them(bank: Bank) -> None:
    kind = "BOOLEAN" if bank.dialect == "postgresql" else "INTEGER"
    rules = policy(rule("yes", "flag", "eq", True, "refer"), rule("not no", "flag", "not_in", [False], "refer"))
    bank.load(
        "leads",
        pd.DataFrame({"lead_id": list("abc"), "flag": ["true", "false", None]}),
        {"flag": kind if kind == "BOOLEAN" else "TEXT"},
    )
    assert [None if pd.isna(x) else x for x in bank.ask(policy_sql(rules, table="leads", on=ON))["reason"]] == [
        "R_yes",
        None,
        "REFER:R_yes",
    ]


def test_an_empty_text_is_missing_as_when_acquire_reads_a_table(bank: Bank) -> None:
    bank.load("leads", pd.DataFrame({"lead_id": list("ab"), "city": ["", "A"]}))
    rules = policy(rule("city", "city", "eq", "B", "refer"), rule("none", "city", "is_null"))
    answer = bank.ask(policy_sql(rules, table="leads", on=ON))
    assert answer["reason"].tolist()[0] == "REFER:R_city"
    assert answer["hit_none"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("op", "value"), [("eq", None), ("in", []), ("in", "A"), ("between", [1]), ("lt", math.nan), ("eq", "nul \0")]
)
def test_a_value_that_cannot_be_compared_is_refused(op: str, value: object) -> None:
    with pytest.raises(BadInput):
        policy_sql(policy(rule("odd", "age", op, value)), table="leads", on=ON)
