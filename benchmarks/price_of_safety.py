"""What the promise on the bad rate costs: true extra accounts on markets/taiwan by confidence, judged by the truth.

    python benchmarks/price_of_safety.py

Fits once, then plans `plan.toml` at several confidences, for the realised bad rate (coin flips count) and for the expected one
(model error only). The next lines plan with the true chances to book in place of the estimated ones: what a perfect uplift model
would reach under the same promise, so what is left to gain is told apart from what safety costs. The last ones plan both plan
files with the challenger in place of the scorecard, as if somebody had promoted it.
"""

import dataclasses
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from acquire.ingest.tables import Tables, read_tables
from acquire.prefilter.ranking import RankingKind
from acquire.prefilter.screen import screen
from acquire.scored import Scored
from campaigns.choice import Market, choose
from campaigns.held_out import HeldOut, judge
from campaigns.plan_file import PlanFile, choose_objective, read_plan_file
from campaigns.scoring import Models, bad_labels, fit_money, fit_risk, fit_uplift, score_held_out, score_leads

SHARED = Path(__file__).resolve().parents[2] / "shared"
MARKET = SHARED / "markets" / "taiwan"
CHAMPIONS: tuple[RankingKind, ...] = ("scorecard", "challenger")
PROMISES = (
    (0.5, "expected"),
    (0.8, "expected"),
    (0.95, "expected"),
    (0.8, "realised"),
    (0.9, "realised"),
    (0.95, "realised"),
)


def main() -> None:
    """Print one line per promise."""
    plan_file = read_plan_file(MARKET / "plan.toml")
    today = datetime.now(UTC).date()
    tables = read_tables(plan_file.sources, plan_file.columns, assume_consent=plan_file.assume_consent, today=today)
    effects = fit_uplift(tables, plan_file.seed, plan_file.uplift)
    revenue, event_rates = fit_money(tables, plan_file.seed)
    print(
        f"{'scores':28s} {'confidence':>10s} {'basis':>9s} {'extra promised':>15s} "
        f"{'extra true':>11s} {'bad true':>9s} {'spend true':>11s} {'value true':>11s}"
    )
    for champion in CHAMPIONS:
        risk = fit_risk(tables, plan_file.risk, plan_file.seed, today, champion)
        models = Models(effects=effects, risk=risk, revenue=revenue, event_rates=event_rates)
        scored, held_out = score_leads(models, tables.leads, tables), judge_on_history(models, tables)
        market = make_market(plan_file, tables, scored)
        if champion == "scorecard":
            for confidence, basis in PROMISES:
                print_line("scorecard", market, held_out, confidence, basis)
            knowing = dataclasses.replace(market, scored=with_true_chances(scored, tables))
            for confidence, basis in ((0.5, "expected"), (0.95, "realised")):
                print_line("true chances to book", knowing, held_out, confidence, basis)
        else:
            print_line("challenger", market, held_out, 0.95, "realised")
        valuing = make_market(read_plan_file(MARKET / "plan_value.toml"), tables, scored)
        print_line(f"{champion}, most value", valuing, held_out, 0.95, "realised")


def judge_on_history(models: Models, tables: Tables) -> HeldOut:
    """Every row of history, scored by models that did not see it."""
    everybody = np.ones(len(tables.history), dtype=np.bool_)
    labels = bad_labels(models.risk, tables.history)
    return judge(tables.history, score_held_out(models, tables), everybody, models.effects.assignment, labels)


def make_market(plan_file: PlanFile, tables: Tables, scored: Scored) -> Market:
    """All leads of the plan file."""
    screened = screen(
        tables.leads, policy=None, refuse_regions=frozenset(), assume_consent=False, on=datetime.now(UTC).date()
    )
    return Market(
        leads=tables.leads, scored=scored, eligible=(screened["decision"] == "pass").to_numpy(), channels=tables.channels,
        offers=tables.offers, limits=plan_file.limits, objective=choose_objective(plan_file, has_revenue=True),
        control_share=0.0, seed=plan_file.seed,
    )  # fmt: skip


def with_true_chances(scored: Scored, tables: Tables) -> Scored:
    """Scores with the chances to book that the truth has."""
    truth = pd.read_parquet(MARKET / "truth.parquet").set_index("lead_id").loc[tables.leads["lead_id"]]
    booked = truth[[f"p_{offer}" for offer in scored.offers]].to_numpy()
    return dataclasses.replace(scored, p_control=truth["p_control"].to_numpy(), p_booked=booked)


def print_line(who: str, market: Market, held_out: HeldOut, confidence: float, basis: str) -> None:
    """Plan at one promise and let the truth judge."""
    limits = dataclasses.replace(market.limits, bad_rate_confidence=confidence, bad_rate_basis=basis)
    choice = choose(dataclasses.replace(market, limits=limits), held_out)
    at = choice.allocation.chosen
    options = choice.options
    targets = pd.DataFrame({"lead_id": market.leads["lead_id"].to_numpy()[options.lead[at]]})
    targets["offer"] = np.array(options.offer_names)[options.offer[at]]
    true = judged(targets)
    print(
        f"{who:28s} {confidence:10.2f} {basis:>9s} {options.incremental[at].sum():15.1f} {true['incremental']:11.1f} "
        f"{true['bad_rate']:9.4f} {true['spend']:11,.0f} {true['value']:11,.0f}",
        flush=True,
    )


def judged(targets: pd.DataFrame) -> dict[str, float]:
    """Ask the truth."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        targets.to_parquet(file.name)
        tool = str(SHARED / "tools" / "evaluate_policy.py")
        command = [sys.executable, tool, str(MARKET), file.name, "60000", "0.12"]
        return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


if __name__ == "__main__":
    main()
