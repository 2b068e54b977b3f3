"""`acquire policy test`: a report a person can act on, or one line that says what is wrong and where."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from acquire.errors import BadInput
from acquire.ingest.sources import Columns
from campaigns import cli
from campaigns.plan_sweep import _rows_of
from campaigns.plan_terms import PlanTerms
from campaigns.policy_trial import PolicyTrial, _read_contacts, run_policy_trial
from campaigns.policy_words import WIDTH, report

LEADS = """\
lead_id,age,sex,debt,bad,seen_on
1,18,f,9,1,2026-01-01
2,19,m,1,0,2026-01-01
3,30,f,9,,2026-01-01
4,40,m,1,0,2026-01-01
5,,m,1,1,2026-01-01
"""
POLICY = """\
version = "2026-12"

[[rule]]
id = "young"
field = "age"
op = "lt"
value = 20
reason = "AGE"
examples = [{ age = 19, hit = true }, { age = 20, hit = false }]

[[rule]]
id = "debt"
field = "debt"
op = "gt"
value = 5
reason = "DEBT"
when_null = "pass"
"""
IN_FORCE = 'version = "2026-11"\n[[rule]]\nid = "young"\nfield = "age"\nop = "lt"\nvalue = 19\nreason = "AGE"\n'
HEADLINE = '{"headline": {"booked": {"expected": 1}, "incremental": {"expected": 1}, "bad_rate": {"expected": null}}}'
ON = date(2026, 11, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table of five leads, a policy on trial and the one in force."""
    for name, text in {"leads.csv": LEADS, "policy.toml": POLICY, "old.toml": IN_FORCE}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def tried(folder: Path, **more: object) -> PolicyTrial:
    return run_policy_trial(folder / "policy.toml", folder / "leads.csv", on=ON, **more)  # type: ignore[arg-type]


@pytest.fixture
def refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command on a changed policy, which must fail with exit code 2 in one line; gives the line."""

    def run(old: str, new: str, *words: str) -> str:
        assert old in POLICY
        (folder / "policy.toml").write_text(POLICY.replace(old, new), encoding="utf-8")
        code = cli.main(["policy", "test", str(folder / "policy.toml"), str(folder / "leads.csv"), *words])
        said, error = capsys.readouterr()
        assert (code, said) == (2, "")
        assert re.fullmatch(r"acquire: [^\n]+\n", error), error
        return error

    return run


def test_every_rule_is_counted_alone_and_in_order_with_the_bad_among_them(folder: Path) -> None:
    young, debt = tried(folder).rules
    assert (young.alone.n, young.decides.n, young.referred) == (3, 3, 1)
    assert (debt.alone.n, debt.decides.n, debt.referred) == (2, 1, 0)
    assert young.alone.bad is not None
    assert young.alone.bad.n == 3
    assert young.alone.bad.rate == pytest.approx(2 / 3)


def test_the_rules_and_those_let_through_add_up_to_the_table(folder: Path) -> None:
    trial = tried(folder)
    assert sum(rule.decides.n for rule in trial.rules) == trial.refused.n == 4
    assert trial.passed.n == 1
    assert trial.n_examples == 2


def test_the_swap_set_is_against_the_policy_in_force(folder: Path) -> None:
    trial = tried(folder, against=folder / "old.toml")
    assert trial.against == "old.toml (version 2026-11)"
    assert trial.swapped is not None
    assert (trial.swapped.in_out.n, trial.swapped.out_in.n) == (2, 0)
    assert (trial.swapped.stay_in.n, trial.swapped.stay_out.n) == (1, 2)
    assert tried(folder).swapped is None


def test_a_cut_off_that_moves_changes_sides_by_the_score_in_the_table(folder: Path) -> None:
    approval = '\n[approval]\nfield = "debt"\nop = "le"\ncut_off = 0\nwas = 5\n'
    (folder / "policy.toml").write_text(POLICY + approval, encoding="utf-8")
    trial = tried(folder, against=folder / "old.toml")
    assert trial.cut_offs == (5, 0)
    assert trial.swapped_by_score is not None
    # Let through by the rules in force: 2, 3, 4; with debt at or below 5: 2 and 4. Nobody owes nothing.
    assert (trial.swapped_by_score.in_out.n, trial.swapped_by_score.stay_in.n) == (2, 0)
    assert "With the cut-off too, by the debt in the table: 5 -> 0" in report(trial)


def test_protected_groups_are_watched_and_small_ones_say_so(folder: Path) -> None:
    trial = tried(folder, protected=["sex"])
    assert {one.group: one.share for one in trial.groups["sex"]} == pytest.approx({"m": 1 / 3, "f": 0.0})
    assert "under 30 rows: no telling" in report(trial)


def test_a_rule_applies_on_its_days_only(folder: Path) -> None:
    (folder / "policy.toml").write_text(POLICY.replace('id = "debt"', 'id = "debt"\nuntil = 2026-11-01'))
    trial = tried(folder)
    assert not trial.rules[1].applies
    assert trial.passed.n == 2
    assert "debt (not in force)" in report(trial)


def test_rules_on_what_a_plan_derives_from_links_are_named_and_left_out(folder: Path) -> None:
    (folder / "policy.toml").write_text(POLICY.replace('field = "debt"', 'field = "ring_size"'))
    trial = tried(folder)
    assert trial.untried == ("debt",)
    assert "Not tried: debt (reads ring figures, which a plan makes from [data] links" in report(trial)


def test_a_table_without_labels_or_rows_is_reported_too(folder: Path) -> None:
    (folder / "leads.csv").write_text("lead_id,age,debt\n1,18,9\n")
    assert "bad among them" not in report(tried(folder))
    (folder / "leads.csv").write_text("lead_id,age,debt\n")
    assert "let through" in report(tried(folder))


def test_the_report_reads_on_a_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["policy", "test", str(folder / "policy.toml"), str(folder / "leads.csv")]
    code = cli.main([*words, "--against", str(folder / "old.toml"), "--protected", "sex", "--on", "2026-11-02"])
    said, error = capsys.readouterr()
    assert (code, error) == (0, "")
    assert "Policy 2026-12 (policy.toml) on 5 rows of leads.csv, as of 2026-11-02" in said
    assert "Examples: all 2 come out as they say" in said
    assert re.search(r"^young +3 +60\.0% +3 +60\.0% +1 +66\.7% \(", said, re.MULTILINE)
    assert re.search(r"^in -> out: now refused +2 +40\.0% ", said, re.MULTILINE)
    assert max(map(len, said.splitlines())) <= WIDTH


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('field = "debt"', 'field = "dept"', "policy rule 'debt' (line 11) reads 'dept', which leads lack"),
        ("value = 20", 'value = "20"', "policy.toml: rule young (line 3): value is '20'; lt needs a number"),
        ('op = "gt"', 'op = "over"', "policy.toml: rule debt (line 11): op is 'over'"),
        ("age = 20, hit = false", "age = 20, hit = true", "example 2 of policy rule 'young' (line 3) fails: age = 20"),
        ('id = "debt"', 'id = "young"', "rule young (line 11): an earlier rule has the same id"),
        (
            'field = "debt"\nop = "gt"\nvalue = 5',
            'field = "sex"\nop = "gt"\nvalue = 5',
            "(line 11): gt 5 does not fit 'sex'",
        ),
        (
            'field = "debt"\nop = "gt"\nvalue = 5',
            'field = "debt"\nop = "eq"\nvalue = "x"',
            "(line 11): eq 'x' does not fit",
        ),
        ('version = "2026-12"', 'version = "1"\n[approval]\nfield = "score"\ncut_off = "x"', "line 4: cut_off is 'x'"),
        (
            'version = "2026-12"',
            'version = "1"\n[approval]\nfield = "dept"\ncut_off = 5',
            "[approval] (line 2) reads 'dept', which leads.csv lacks",
        ),
    ],
)
def test_what_is_wrong_in_the_policy_names_the_rule_and_its_line(
    refused: Callable[..., str], old: str, new: str, line: str
) -> None:
    assert line in refused(old, new)


def test_a_rule_on_a_protected_field_is_refused(refused: Callable[..., str]) -> None:
    line = refused("value = 20", "value = 20", "--protected", "age")
    assert "policy rule 'young' (line 3) reads 'age', which is protected" in line


def test_a_protected_column_must_be_there(refused: Callable[..., str]) -> None:
    line = refused("value = 20", "value = 20", "--protected", "sexx")
    assert "--protected sexx: leads.csv has no such column; did you mean sex?" in line


def test_labels_that_are_no_labels_are_refused(folder: Path, refused: Callable[..., str]) -> None:
    (folder / "leads.csv").write_text(LEADS.replace("9,1,", "9,7,"))
    assert "column bad holds something else than 0, 1 and empty" in refused("value = 20", "value = 20")


def test_a_folder_that_is_no_plan_is_refused(folder: Path, refused: Callable[..., str]) -> None:
    (folder / "no_plan").mkdir()
    line = refused("value = 20", "value = 20", "--plan", str(folder / "no_plan"))
    assert "--plan no_plan holds no models; name the folder that acquire plan wrote" in line


def test_a_lead_on_two_rows_is_nobodys_and_no_crash() -> None:
    table = pd.DataFrame({"lead_id": ["a", "b", "b", "c"]})
    assert _rows_of(pd.Series(["c", "b", "a", "z"]), table).tolist() == [3, -1, 0, -1]


@pytest.mark.parametrize(
    ("document", "decisions", "said"),
    [
        ("[" * 100_000, b"", "plan.json of plan is missing or damaged"),
        ('{"headline": {}}', b"", "plan.json of plan is missing or damaged"),
        (HEADLINE, None, "decisions.parquet of plan is missing or damaged"),
        (HEADLINE, b"PAR1", "decisions.parquet of plan is missing or damaged"),
    ],
)
def test_a_plan_whose_promise_or_contacts_are_damaged_is_one_line(
    tmp_path: Path, document: str, decisions: bytes | None, said: str
) -> None:
    plan = tmp_path / "plan"
    plan.mkdir()
    (plan / "plan.json").write_text(document)
    if decisions is not None:
        (plan / "decisions.parquet").write_bytes(decisions)
    terms = PlanTerms(currency="CNY", channels=(), offers=(), columns=Columns(), policy=None, approval=None)
    with pytest.raises(BadInput, match=said):
        _read_contacts(plan, terms)
