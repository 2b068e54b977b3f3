"""The policy file: rules in their order, and every mistake named by rule and line."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from acquire.domain import Approval, Policy, Rule
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


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("from = 2026-01-01", "from = 2026-02-30", "is not valid TOML: Invalid date or datetime (at line 10"),
        ("until = 2026-12-31", "until = 2026-13-01", "(at line 11"),
        ("from = 2026-01-01", "from = 2026-01-01T10:00:00", "rule young (line 3): from is"),
        ("from = 2026-01-01", "from = true", "rule young (line 3): from is true in rule 1; give a date"),
        ('reason = "AGE_BELOW_MINIMUM"', "reason = 7", "rule young (line 3): reason is 7 in rule 1; give a text"),
        ("examples = [", "examples = 3 #", "rule young (line 3): examples is 3 in rule 1; give a list"),
        ('id = "young"', 'id = "young"\nid = "old"', "(at line 5"),
    ],
)
def test_what_cannot_be_read_names_its_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert old in YOUNG
    assert line in refused(tmp_path, YOUNG.replace(old, new))


def test_a_rule_knows_the_line_where_it_begins(tmp_path: Path) -> None:
    assert [rule.line for rule in read(tmp_path, YOUNG + SECOND).rules] == [3, 14]


APPROVAL = """
[approval]
field = "bureau_score"
cut_off = 600
was = 585
missing = 590
codes = [-999]
"""


def test_the_cut_off_of_approval_is_part_of_the_policy(tmp_path: Path) -> None:
    policy = read(tmp_path, YOUNG + APPROVAL)
    assert policy.approval == Approval(field="bureau_score", cut_off=600, was=585, missing=590, codes=(-999.0,))
    assert policy.approval.moved
    assert policy.content_hash != read(tmp_path, YOUNG + APPROVAL.replace("600", "601")).content_hash
    assert read(tmp_path, YOUNG).approval is None


def test_a_cut_off_was_in_force_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    approval = read(tmp_path, YOUNG + APPROVAL.replace("was = 585\n", "")).approval
    assert approval is not None
    assert (approval.was, approval.op, approval.moved) == (600, "ge", False)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("cut_off = 600", 'cut_off = "600"', "line 16: cut_off is '600' in [approval]; give a number"),
        ("cut_off = 600", "cut_off = true", "line 16: cut_off is true in [approval]; give a number"),
        ("cut_off = 600", "cut_off = nan", "line 16: cut_off is nan in [approval]; give a finite number"),
        ("cut_off = 600\n", "", "line 14: the key cut_off is missing in [approval]"),
        ("cut_off = 600", "cutoff = 600", "line 16: unknown key cutoff in [approval]; did you mean cut_off?"),
        ("was = 585", "was = [585]", "line 17: was is [585] in [approval]; give a number"),
        ("missing = 590", "missing = inf", "line 18: missing is inf in [approval]; give a finite number"),
        ("missing = 590\n", "", "line 18: codes of [approval] need a score to stand for them; give missing"),
        ("codes = [-999]", 'codes = ["x"]', "line 19: 0 is 'x' in approval codes; give a number"),
        ("codes = [-999]", "codes = -999", "line 19: codes is -999 in [approval]; give a list"),
        ("codes = [-999]", 'op = "gt"', "line 19: op is 'gt' in [approval]; input should be 'ge' or 'le'"),
        ('field = "bureau_score"', 'field = ""', "line 15: field is '' in [approval]; it may not be empty"),
        ("[approval]", "[aproval]", "line 14: unknown key aproval; did you mean approval?"),
        ("[approval]", "[[approval]]", "approval is [{"),
    ],
)
def test_a_mistake_in_the_cut_off_names_its_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert old in APPROVAL
    assert line in refused(tmp_path, YOUNG + APPROVAL.replace(old, new))


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("9" * 400, "a whole number of more than 19 digits"),
        ("9" * 5_000, "a whole number of more than 19 digits"),
        ("[" * 5_000 + "]" * 5_000, "nested too deeply"),
    ],
)
def test_numbers_and_brackets_without_end_are_one_line(tmp_path: Path, value: str, line: str) -> None:
    assert line in refused(tmp_path, YOUNG.replace("value = 22", f"value = {value}"))


def test_a_long_list_is_not_repeated_whole(tmp_path: Path) -> None:
    mixed = "[" + ", ".join(["'a'", *map(str, range(5_000))]) + "]"
    line = refused(tmp_path, YOUNG.replace("value = 22", f"value = {mixed}").replace('"lt"', '"in"'))
    assert "in needs a list of texts or of numbers" in line
    assert len(line) < 250
