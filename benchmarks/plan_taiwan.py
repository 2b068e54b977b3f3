"""The plan on the made-up Taiwan market, judged by the truth, beside plain targeting of the same leads.

    python benchmarks/plan_taiwan.py

Prints, for both plan files: what each targeting truly does (expected over the true chances; bad is each borrower's real label),
what the plan promised, and what the run cost. Peers in the same run: anybody with consent; a plain two-model build (one LightGBM
per arm and one for bad, its own predictions taken at their word, limits met on average); perfect foresight.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

from acquire.allocate.solve import allocate
from acquire.allocate.table import build_options
from acquire.domain import Limits, Objective
from acquire.ingest.tables import Tables, read_tables
from acquire.prefilter.screen import screen
from acquire.scored import Scored
from acquire.statistics.encoding import fit_encoder
from acquire.value.economics import contact_costs, fit_event_rates
from acquire.value.revenue import fit_revenue
from campaigns.plan_file import PlanFile, choose_objective, read_plan_file

SHARED = Path(__file__).resolve().parents[2] / "shared"
MARKET = SHARED / "markets" / "taiwan"
BUDGET, MAX_BAD_RATE = 60_000, 0.12
FIGURES = ("contacted", "spend", "booked", "incremental", "bad_rate", "value")


def main() -> None:
    """Run both plan files and print the tables."""
    for name in ("plan.toml", "plan_value.toml"):
        with tempfile.TemporaryDirectory() as folder:
            report(name, Path(folder))


def report(name: str, folder: Path) -> None:
    """Print one plan file's table."""
    print(f"\n{name}: budget {BUDGET:,}, bad rate <= {MAX_BAD_RATE}, confidence .95")
    seconds, memory = run_plan(MARKET / name, folder / "plan")
    document = json.loads((folder / "plan" / "plan.json").read_text())
    decisions = folder / "plan" / "decisions.parquet"
    plain = folder / "plain.parquet"
    promised_by_plain = plain_build(MARKET / name, plain)
    oracle = "oracle" if name == "plan.toml" else "oracle_value"
    rows = {"acquire plan": judge(str(decisions)), "plain two-model build": judge(str(plain))}
    rows |= {"anybody with consent": judge("blanket"), "perfect foresight": judge(oracle)}
    print(pd.DataFrame(rows).T[list(FIGURES)].to_string())
    promised = {
        key: document["headline"][key]["expected"] for key in ("incremental", "booked", "bad_rate", "spend", "value")
    }
    print_promise("acquire plan", promised, rows["acquire plan"], document["headline"])
    print_promise("plain two-model build", promised_by_plain, rows["plain two-model build"], None)
    print(f"whole plan: {seconds:.0f} CPU seconds, {memory:.2f} GB")


def run_plan(plan: Path, out: Path) -> tuple[float, float]:
    """Run the command in a process of its own; give its CPU seconds and its peak memory in GB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(Path(sys.executable).with_name("acquire")), "plan", str(plan), "--out", str(out)]
    database = f"sqlite:///{out.parent / 'acquire.db'}"
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        env=os.environ | {"ACQUIRE_DATABASE_URL": database, "OMP_NUM_THREADS": "1"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, after.ru_maxrss / 1e6


def judge(targets: str) -> dict[str, float]:
    """Ask the truth what a targeting does."""
    tool = SHARED / "tools" / "evaluate_policy.py"
    command = [sys.executable, str(tool), str(MARKET), targets, str(BUDGET), str(MAX_BAD_RATE)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def print_promise(
    who: str, promised: dict[str, float], true: dict[str, float], headline: dict[str, dict[str, float]] | None
) -> None:
    """Print true over promised for the four totals, and whether the 90 % interval covers the truth."""
    bad = (true["bad_rate"] * true["booked"]) / (promised["bad_rate"] * promised["booked"])
    ratios = {key: true[key] / promised[key] for key in ("incremental", "booked", "spend")} | {"bad": bad}
    line = ", ".join(f"{key} {ratio:.3f}" for key, ratio in ratios.items())
    covered = (
        ""
        if headline is None
        else "; inside the 90 % interval: "
        + ", ".join(
            f"{key} {'yes' if headline[key]['low'] <= true[key] <= headline[key]['high'] else 'NO'}"
            for key in ("incremental", "booked", "bad_rate", "spend", "value")
        )
    )
    print(f"true / promised, {who}: {line}{covered}")


def plain_build(plan: Path, targets: Path) -> dict[str, float]:
    """Plan with one LightGBM per arm and one for bad, limits on average; write its targets and give what it promises."""
    plan_file = read_plan_file(plan)
    tables = read_tables(
        plan_file.sources, plan_file.columns, assume_consent=plan_file.assume_consent, today=datetime.now(UTC).date()
    )
    scored = plain_scores(tables)
    screened = screen(
        tables.leads, policy=None, refuse_regions=frozenset(), assume_consent=False, on=datetime.now(UTC).date()
    )
    objective, limits = plain_rules(plan_file, tables)
    eligible = (screened["decision"] == "pass").to_numpy()
    options = build_options(tables.leads, scored, tables.channels, tables.offers, objective, eligible=eligible)
    at = allocate(options, limits, tables.channels, objective).chosen
    chosen = pd.DataFrame({"lead_id": tables.leads["lead_id"].to_numpy()[options.lead[at]]})
    chosen.assign(offer=np.array(options.offer_names)[options.offer[at]]).to_parquet(targets)
    totals = {key: float(getattr(options, key)[at].sum()) for key in ("incremental", "booked", "spend", "value")}
    return totals | {"bad_rate": float(options.bad[at].sum() / options.booked[at].sum())}


def plain_rules(plan_file: PlanFile, tables: Tables) -> tuple[Objective, Limits]:
    """The plan file's rules with limits on average."""
    limits = Limits(budget=plan_file.limits.budget, max_bad_rate=plan_file.limits.max_bad_rate, bad_rate_confidence=0.5)
    return choose_objective(plan_file, has_revenue=tables.has_revenue), limits


def plain_scores(tables: Tables) -> Scored:
    """Score the leads with one model per arm."""
    history, leads = tables.history, tables.leads
    encoder = fit_encoder(history, tables.features)
    past, coming = encoder.matrix(history), encoder.matrix(leads)
    names = tuple(offer.offer for offer in tables.offers)
    arm, booked = history["offer"].to_numpy(), history["booked"].to_numpy()
    chances = [_fit(past[arm == name], booked[arm == name]).predict_proba(coming)[:, 1] for name in ("control", *names)]
    known = (booked == 1) & history["bad"].notna().to_numpy()
    bad = _fit(past[known], history["bad"].to_numpy()[known]).predict_proba(coming)[:, 1]
    costs = contact_costs(leads, tables.channels, tables.offers, fit_event_rates(history))
    revenue = fit_revenue(history, tables.features, seed=0)
    money = [revenue.predict(leads, name, bad) for name in ("control", *names)] if revenue else []
    n, unknown = len(leads), np.full(len(leads), np.nan)
    return Scored(
        offers=names, p_control=chances[0], p_booked=np.column_stack(chances[1:]),
        p_bad=np.column_stack([bad] * len(names)), p_bad_control=bad, bad_loadings=np.zeros((len(names), n, 1)),
        bad_lean=np.zeros(len(names)),
        fixed_cost=costs.fixed, cost_per_booking=costs.per_booking, revenue=np.column_stack(money[1:]),
        revenue_control=money[0], loss_given_bad=np.zeros(n), amount=unknown, p_approved=np.full((n, len(names)), np.nan),
    )  # fmt: skip


def _fit(matrix: np.ndarray, outcome: np.ndarray) -> lgb.LGBMClassifier:
    model = lgb.LGBMClassifier(
        n_estimators=100, num_leaves=15, min_child_samples=50, n_jobs=1, verbose=-1, random_state=7
    )
    return model.fit(matrix, outcome)


if __name__ == "__main__":
    main()
