"""`acquire audience`: from two tables to a report and a file, on a small market whose members and effects are known."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from campaigns.cli import main

PLAN = """\
currency = "CNY"
seed = 7
assume_consent = true

[data]
history = "history.csv"
leads = "leads.csv"
channels = "channels.csv"
policy = "policy.toml"

[objective]
maximise = "incremental_accounts"

[limits]
budget = 400
"""

POLICY = """\
version = "1"

[[rule]]
id = "young"
field = "age"
op = "lt"
value = 20
reason = "AGE_BELOW_MINIMUM"
when_null = "pass"
examples = [{ age = 19, hit = true }, { age = 20, hit = false }]
"""


def people(n: int, prefix: str, seed: int) -> pd.DataFrame:
    """Turnover and shop tell who owns a business; those with debts are moved by the coupon, whoever they are."""
    rng = np.random.default_rng(seed)
    owner = rng.random(n) < 0.25
    return pd.DataFrame(
        {
            "lead_id": [f"{prefix}{i:05d}" for i in range(n)],
            "channel": rng.choice(["feed", "mail"], n),
            "turnover": rng.normal(np.where(owner, 1.2, 0.0), 1).round(4),
            "shop": np.where(rng.random(n) < np.where(owner, 0.6, 0.3), "yes", "no"),
            "debt": rng.normal(size=n).round(4),
            "age": rng.integers(18, 60, n),
            "owner": owner.astype(int),
        }
    )


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    rng = np.random.default_rng(3)
    past, leads, base = people(5_000, "H", 1), people(2_000, "L", 2), people(2_000, "B", 4)
    offer = np.where(rng.random(len(past)) < 0.5, "coupon", "control")
    moved = 0.3 * ((past["debt"] > 0.5) & (offer == "coupon"))
    past["offer"], past["booked"] = offer, (rng.random(len(past)) < 0.1 + moved).astype(int)
    base["flag"] = ((base["owner"] == 1) & (rng.random(len(base)) < 0.6)).astype(int)
    past.drop(columns="owner").to_csv(folder / "history.csv", index=False)
    leads.drop(columns="owner").to_csv(folder / "leads.csv", index=False)
    base.drop(columns="owner").to_csv(folder / "base.csv", index=False)
    base[base["flag"] == 1].drop(columns=["owner", "flag"]).to_csv(folder / "seeds.csv", index=False)
    leads[["lead_id", "owner", "debt", "age"]].to_csv(folder / "truth.csv", index=False)
    (folder / "channels.csv").write_text(
        "channel,partner,cost_per_contact,cost_per_booked\nfeed,Acme,1,0\nmail,Post,1,0\n"
    )
    (folder / "plan.toml").write_text(PLAN)
    (folder / "policy.toml").write_text(POLICY)
    return folder


def run(market: Path, *words: str, seeds: str = "base.csv", leads: str = "leads.csv") -> int:
    return main(["audience", str(market / seeds), str(market / leads), *words])


def chosen(market: Path, out: Path) -> pd.DataFrame:
    rows = pd.read_parquet(out) if out.suffix == ".parquet" else pd.read_csv(out)
    return rows.merge(pd.read_csv(market / "truth.csv"), on="lead_id", validate="one_to_one")


@pytest.mark.parametrize("seeds", ["seeds.csv", "base.csv"])
def test_the_audience_holds_as_many_members_as_it_says(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], seeds: str
) -> None:
    out = tmp_path / "audience.parquet"
    words = ["--flag", "flag"] if seeds == "base.csv" else []
    options = ("--assume-consent", "--size", "200", "--share", "0.25", "--json", "--out", str(out))
    assert run(market, *words, *options, seeds=seeds) == 0
    precision = json.loads(capsys.readouterr().out)["quality"]["precision"]
    rows = chosen(market, out)
    assert len(rows) == 200
    assert rows["owner"].mean() > 0.45
    assert precision["predictive_low"] - 0.05 <= rows["owner"].mean() <= precision["predictive_high"] + 0.05
    assert rows["p_member"].mean() == pytest.approx(rows["owner"].mean(), abs=0.12)
    assert rows["likeness"].is_monotonic_decreasing


@pytest.fixture(scope="module")
def judged(market: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, str]:
    """The audience by a plan whose history knows the coupon, and the report."""
    out, said = tmp_path_factory.mktemp("out") / "audience.csv", io.StringIO()
    plan = ("--plan", str(market / "plan.toml"))
    with contextlib.redirect_stdout(said):
        assert run(market, "--flag", "flag", "--size", "200", *plan, "--out", str(out)) == 0
    return chosen(market, out), said.getvalue()


def test_with_a_plan_members_are_chosen_whom_the_offer_moves(judged: tuple[pd.DataFrame, str]) -> None:
    rows, _ = judged
    assert (rows["debt"] > 0.5).mean() > 0.9
    assert rows["owner"].mean() > 0.35
    assert set(rows["offer"]) == {"coupon"}
    assert rows["uplift"].mean() == pytest.approx(0.3, abs=0.1)


def test_the_rules_of_the_plan_hold_for_the_audience(judged: tuple[pd.DataFrame, str]) -> None:
    assert judged[0]["age"].min() >= 20


def test_the_report_says_that_likeness_alone_brings_no_more_than_chance(judged: tuple[pd.DataFrame, str]) -> None:
    said = judged[1]
    assert (
        "more extra accounts than as many leads chosen at random, and more than the most alike" in said.splitlines()[0]
    )
    line = {line.split("  ")[1]: line for line in said.splitlines() if line.startswith("  ")}
    assert line["extra members"].endswith(" more")
    assert line["likeness"].endswith("not yet known")
    assert "leads are refused by the plan's rules" in said


def test_where_nothing_tells_members_from_leads_the_first_line_says_so(
    market: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--flag", "flag", "--assume-consent", "--exclude", "turnover", "--exclude", "shop", "--protected", "age")
    assert run(market, *words) == 0
    assert capsys.readouterr().out.startswith("No evidence that anything tells the seeds from the leads")


def test_leads_without_consent_and_seeds_themselves_are_not_chosen(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leads, seeds = pd.read_csv(market / "leads.csv"), pd.read_csv(market / "seeds.csv")
    both = pd.concat([leads, seeds.head(40)], ignore_index=True)
    both["consent"] = (np.arange(len(both)) % 2).astype(int)
    both.to_csv(tmp_path / "leads.csv", index=False)
    out = tmp_path / "audience.parquet"
    assert main(["audience", str(market / "seeds.csv"), str(tmp_path / "leads.csv"), "--out", str(out)]) == 0
    picked = set(pd.read_parquet(out)["lead_id"])
    assert not picked & set(seeds["lead_id"])
    assert picked <= set(both.loc[both["consent"] == 1, "lead_id"])
    assert "20 leads are seeds themselves" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--flag", "flags"], "no column flags; did you mean flag?"),
        (["--flag", "flag", "--size", "0"], "--size is 0"),
        (["--flag", "flag", "--size", "99999"], "ask for 1 to that many"),
        (["--flag", "flag", "--share", "1.5"], "give a fraction"),
        (["--flag", "flag", "--checked", "9"], "--checked is 9 without --share"),
        (["--flag", "flag", "--by", "extra-members"], "name a plan file with --plan"),
        (["--flag", "flag", "--exclude", "turnovr"], "turnovr"),
        (["--flag", "flag", "--out", "audience.xlsx"], "name a .parquet or a .csv file"),
    ],
)
def test_bad_input_is_one_line_and_exit_two(
    market: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert run(market, "--assume-consent", *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_leads_that_nobody_asked_for_consent_stop_it(market: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(market, "--flag", "flag") == 2
    assert "consent" in capsys.readouterr().err


def test_one_of_the_tables_is_never_overwritten(market: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (market / "leads.csv").read_bytes()
    assert run(market, "--assume-consent", "--flag", "flag", "--out", str(market / "leads.csv")) == 2
    assert (market / "leads.csv").read_bytes() == before
    assert "one of the tables" in capsys.readouterr().err


def test_real_borrowers_of_a_hidden_group_are_found_from_customers_who_are_no_random_leads(
    taiwan_market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Graduates, from half-flagged customers: who booked is no random draw of the leads, and their column is left out."""
    history = pd.read_parquet(taiwan_market / "history.parquet")
    base = history[history["booked"] == 1].drop(columns=["offer", "booked", "bad", "revenue", "cost"])
    flagged = (base["education"] == 1) & (np.random.default_rng(1).random(len(base)) < 0.5)
    base.assign(flag=flagged.astype(int)).to_parquet(tmp_path / "base.parquet")
    leads = pd.read_parquet(taiwan_market / "leads.parquet").head(8_000)
    leads.to_parquet(tmp_path / "leads.parquet")
    graduates = (leads["education"] == 1).mean()
    out = tmp_path / "out.parquet"
    words = ["--flag", "flag", "--size", "800", "--exclude", "education", "--share", f"{graduates:.4f}", "--json"]
    files = [str(tmp_path / "base.parquet"), str(tmp_path / "leads.parquet")]
    assert main(["audience", *files, *words, "--out", str(out)]) == 0
    precision = json.loads(capsys.readouterr().out)["quality"]["precision"]
    found = leads.set_index("lead_id")["education"].loc[pd.read_parquet(out)["lead_id"]].eq(1).mean()
    assert found > 1.6 * graduates
    assert precision["predictive_low"] - 0.03 <= found <= precision["predictive_high"] + 0.03
