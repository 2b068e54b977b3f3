"""The policy file: rules in their order, and every mistake named by rule and line."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from acquire.domain import Policy, Rule
from acquire.errors import BadInput
from campaigns.policy_file import read_policy_file

YOUNG = """\
version = "2026-11"

[[rule]]
id = "young"
field = "age"
op = "lt"
value = 22
reason = "AGE_BELOW_MINIMUM"
when_null = "refer"
from = 2026-01-01
until = 2026-12-31
examples = [{ age = 21, hit = true }, { age = 22, hit = false }]
"""

SECOND = """
[[rule]]
id = "far"
field = "region"
op = "in"
value = ["north", "south"]
reason = "REGION"
"""


def read(folder: Path, text: str) -> Policy:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return read_policy_file(path)


def refused(folder: Path, text: str) -> str:
    """The line that the policy file is refused with."""
    with pytest.raises(BadInput) as error:
        read(folder, text)
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith("policy.toml")
    return line


def test_a_rule_is_read_with_its_dates_and_examples(tmp_path: Path) -> None:
    policy = read(tmp_path, YOUNG + SECOND)
    assert policy.version == "2026-11"
    assert policy.content_hash == hashlib.sha256((YOUNG + SECOND).encode()).hexdigest()
    assert policy.rules[0] == Rule(
        id="young",
        field="age",
        op="lt",
        value=22,
        reason="AGE_BELOW_MINIMUM",
        when_null="refer",
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        examples=({"age": 21, "hit": True}, {"age": 22, "hit": False}),
    )
    assert [rule.id for rule in policy.rules] == ["young", "far"]
    assert policy.rules[1].when_null == "refer"


@pytest.mark.parametrize(
    ("op", "value"),
    [
        ("lt", "1"),
        ("le", "1.5"),
        ("gt", "2026-01-01"),
        ("ge", "-3"),
        ("eq", '"clerk"'),
        ("ne", "true"),
        ("in", "[1, 2.5]"),
        ("not_in", '["a"]'),
        ("between", "[18, 65]"),
    ],
)
def test_each_operator_takes_its_kind_of_value(tmp_path: Path, op: str, value: str) -> None:
    rule = f'version = "1"\n[[rule]]\nid = "a"\nfield = "f"\nop = "{op}"\nvalue = {value}\nreason = "R"\n'
    assert read(tmp_path, rule).rules[0].op == op


@pytest.mark.parametrize("op", ["is_null", "not_null"])
def test_a_test_for_missing_takes_no_value(tmp_path: Path, op: str) -> None:
    rule = f'version = "1"\n[[rule]]\nid = "a"\nfield = "f"\nop = "{op}"\nreason = "R"\n'
    assert read(tmp_path, rule).rules[0].value is None
    assert f"value is 1, but {op} compares with nothing" in refused(tmp_path, f"{rule}value = 1\n")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('op = "lt"', 'op = "less"', "rule young (line 3): op is 'less' in rule 1; input should be 'lt'"),
        ('op = "lt"\n', "", "rule young (line 3): the key op is missing"),
        ("value = 22\n", "", "rule young (line 3): value is None; lt needs a number or a date"),
        ("value = 22", 'value = "22"', "rule young (line 3): value is '22'; lt needs a number"),
        ("value = 22", "value = true", "lt needs a number"),
        ("value = 22", "value = nan", "lt needs a number"),
        ("value = 22", "value = [22]", "lt needs a number"),
        ('op = "lt"\nvalue = 22', 'op = "in"\nvalue = 22', "in needs a list"),
        ('op = "lt"\nvalue = 22', 'op = "in"\nvalue = []', "in needs a list"),
        ('op = "lt"\nvalue = 22', 'op = "in"\nvalue = [1, "b"]', "in needs a list of texts or of numbers"),
        ('op = "lt"\nvalue = 22', 'op = "between"\nvalue = [1]', "between needs two numbers"),
        ('op = "lt"\nvalue = 22', 'op = "between"\nvalue = ["a", "b"]', "between needs two numbers"),
        ('op = "lt"\nvalue = 22', 'op = "between"\nvalue = [65, 18]', "the first of the two is the lower"),
        ('op = "lt"\nvalue = 22', 'op = "eq"\nvalue = [22]', "eq needs a text, a number"),
        ('field = "age"', 'feild = "age"', "unknown key feild in rule 1; did you mean field?"),
        ('when_null = "refer"', 'when_null = "skip"', "when_null is 'skip'"),
        ('id = "young"', "id = 5", "rule (line 3): id is 5 in rule 1; give a text in quotes"),
        ('id = "young"', 'id = ""', "id is ''"),
        ("until = 2026-12-31", "until = 2025-12-31", "until is 2025-12-31, before from 2026-01-01"),
        ("from = 2026-01-01", 'from = "2026-01-01"', "from is '2026-01-01' in rule 1; give a date"),
        ("{ age = 21, hit = true }", "{ age = 21 }", "an example lacks hit"),
        ("{ age = 21, hit = true }", "{ age = 21, hit = 1 }", "an example lacks hit"),
        ("{ age = 21, hit = true }", "{ aeg = 21, hit = true }", "an example gives aeg, but the rule reads age"),
        ('version = "2026-11"', "", "the key version is missing"),
        ("[[rule]]", "[[rules]]", "unknown key rules; did you mean rule?"),
        ("[[rule]]", "[rule]", "rule is"),
        ("value = 22", "value = ", "is not valid TOML"),
    ],
)
def test_a_mistake_names_the_rule_and_its_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert old in YOUNG
    assert line in refused(tmp_path, YOUNG.replace(old, new))


def test_a_mistake_in_the_second_rule_gives_the_line_of_the_second_rule(tmp_path: Path) -> None:
    text = YOUNG + SECOND.replace('["north", "south"]', "3")
    assert "rule far (line 14): value is 3; in needs a list" in refused(tmp_path, text)


def test_an_id_is_there_once(tmp_path: Path) -> None:
    assert "rule young (line 14): an earlier rule has the same id" in refused(
        tmp_path, YOUNG + SECOND.replace('"far"', '"young"')
    )


def test_a_day_both_begins_and_ends_a_rule(tmp_path: Path) -> None:
    rule = read(tmp_path, YOUNG.replace("2026-12-31", "2026-01-01")).rules[0]
    assert rule.valid_from == rule.valid_until


def test_a_policy_without_rules_refuses_nobody(tmp_path: Path) -> None:
    assert read(tmp_path, 'version = "1"\n').rules == ()


def test_a_missing_policy_file_stops(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"policy\.toml is not there"):
        read_policy_file(tmp_path / "policy.toml")
