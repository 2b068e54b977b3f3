"""How long `acquire policy test` takes with 100,000 leads, all of them contacted, and how true its sweep of the cut-off is.

    python benchmarks/policy_test.py [LEADS]

A made-up market whose chances are known stands for a plan: every lead is contacted with its best offer, and the plan's scores are
the true chances. The sweep's bookings are then held against those of markets with the other cut-off, drawn with the same seed.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from acquire.ingest.market import Market, MarketSpec, make_market, response
from acquire.ingest.market.terms import ARMS, OFFERS, SOURCES
from acquire.modelfile import ModelManifest, read_model_folder, write_model_folder
from acquire.policy import Approval
from acquire.prefilter.approval import fit_approval
from campaigns.demo import write_demo_market
from campaigns.plan_sweep import sweep_plan
from campaigns.plan_terms import APPROVAL, POLICY, TERMS, read_terms
from campaigns.policy_trial import run_policy_trial
from campaigns.policy_words import report

ON = date(2025, 12, 31)
STATED = Approval(field="bureau_score", cut_off=585, was=585, missing=590, codes=(-999.0,))
TABLE = '\n[approval]\nfield = "bureau_score"\ncut_off = {cut_off}\nwas = 585\nmissing = 590\ncodes = [-999]\n'
MOVED = (555, 600, 615, 645)


def market_with(cut_off: float, n_leads: int) -> Market:
    """The same people under another approval policy."""
    usual, response._CUT_OFF = response._CUT_OFF, cut_off
    try:
        return make_market(MarketSpec(n_history=20_000, n_leads=n_leads, ends_on=ON), np.random.default_rng(7))
    finally:
        response._CUT_OFF = usual


def write_plan(folder: Path, market: Market) -> pd.Series:
    """A folder as `acquire plan` writes it, as far as the trial reads it; gives the offer of each lead."""
    truth, names = market.truth, list(ARMS[1:])
    best = truth[[f"value_{name}" for name in names]].to_numpy().argmax(axis=1)
    offer = pd.Series(np.array(names)[best])
    columns = [f"{what}_{name}" for what in ("p_booked", "p_bad", "spend") for name in names]
    decisions = truth[["lead_id", "channel", "p_booked_control", *columns]].assign(decision="contact", offer=offer)
    folder.mkdir()
    decisions.to_parquet(folder / "decisions.parquet", index=False)
    row = np.arange(len(best))
    booked, bad, control = of_offer(truth, "p_booked", best), of_offer(truth, "p_bad", best), truth["p_booked_control"]
    totals = {
        "booked": booked.sum(),
        "incremental": (booked - control)[row].sum(),
        "bad_rate": booked @ bad / booked.sum(),
    }
    headline = {name: {"expected": float(total)} for name, total in totals.items()}
    (folder / "plan.json").write_text(json.dumps({"headline": headline}))
    terms = {
        "currency": "CNY",
        "channels": [asdict(source.terms) for source in SOURCES],
        "offers": [{**asdict(offer), "channels": []} for offer in OFFERS],
        "columns": {"rename": {}, "control": "control", "exclude": [], "protected": ["gender"]},
    }
    parts = {
        TERMS: json.dumps(terms).encode(),
        APPROVAL: json.dumps(fit_approval(market.history, STATED).to_json()).encode(),
        POLICY: (folder.parent / "market" / "policy.toml").read_bytes(),
    }
    write_model_folder(folder / "models", parts, ModelManifest(features=()))
    return offer


def of_offer(truth: pd.DataFrame, what: str, offer: np.ndarray) -> np.ndarray:
    values = truth[[f"{what}_{name}" for name in ARMS[1:]]].to_numpy()
    return values[np.arange(len(values)), offer]


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        market = market_with(585.0, n)
        write_demo_market(folder / "market", market)
        offer = write_plan(folder / "plan", market)
        policy = folder / "trial.toml"
        policy.write_text((folder / "market" / "policy.toml").read_text() + TABLE.format(cut_off=600))

        decisions = pd.read_parquet(folder / "plan" / "decisions.parquet")
        terms = read_terms(read_model_folder(folder / "plan" / "models"), "plan")
        headline = json.loads((folder / "plan" / "plan.json").read_text())["headline"]
        begun = time.process_time()
        swept = sweep_plan(terms, headline, decisions, market.leads, np.ones(n, dtype=bool), 600)
        print(
            f"sweep of {len(swept.steps)} cut-offs over {swept.n_contacts:,} contacts: {time.process_time() - begun:.2f} CPU s"
        )

        leads = folder / "market" / "leads.parquet"
        begun = time.process_time()
        report(run_policy_trial(policy, leads, on=ON, plan=folder / "plan"))
        print(f"the whole report, files read and all, once Python has started: {time.process_time() - begun:.2f} CPU s")
        words = ("acquire", "policy", "test", policy, leads, "--plan", folder / "plan")
        begun = time.perf_counter()
        shown = subprocess.run(
            [str(Path(sys.executable).parent / words[0]), *map(str, words[1:])],
            check=True,
            text=True,
            capture_output=True,
        )
        print(f"acquire policy test, from start to end: {time.perf_counter() - begun:.2f} s\n\n{shown.stdout}")

    arm = offer.map({name: j for j, name in enumerate(ARMS[1:])}).to_numpy()
    print("cut-off   bookings swept / true   extra swept / true")
    for cut_off in MOVED:
        other = market_with(float(cut_off), n).truth
        true = of_offer(other, "p_booked", arm)
        [step] = [
            s
            for s in sweep_plan(terms, headline, decisions, market.leads, np.ones(n, dtype=bool), cut_off).steps
            if s.cut_off == cut_off
        ]
        extra = float((true - other["p_booked_control"]).sum())
        print(f"{cut_off:>7}   {step.booked / true.sum():>21.3f}   {step.incremental / extra:>18.3f}")


if __name__ == "__main__":
    main()
