"""Is the bad-rate limit kept in reality? Reseeded made-up markets, planned as a lender would, judged by what then happened.

    python benchmarks/bad_rate_limit.py [--reseeds 100] [--first 1000] [--workers 2]

Every market has its own people, channels that drift, labels that come late, offers that attract people who repay worse, and
fraud. Each is planned with max_bad_rate .12 at confidence .95 on the realised basis. Two things are counted:

* the realised bad rate of the contacted (every booking drawn, good or bad) against the limit, beside a peer in the same run: the
  same plan with the limit held on the expected bad rate only (confidence .5), as allocators do that know no uncertainty;
* per tenth of the contacted by predicted chance to go bad: the realised bad rate against its 90 % predictive interval.
"""

import argparse
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from acquire.errors import Infeasible
from acquire.ingest.market import Market, MarketSpec, make_market
from acquire.ingest.tables import read_tables
from acquire.modelfile import read_model_folder
from acquire.prefilter.risk_model import RiskModel
from campaigns.demo import write_demo_market
from campaigns.plan import make_plan
from campaigns.plan_file import read_plan_file
from campaigns.progress import progress_on
from campaigns.rings import with_rings
from campaigns.settings import Settings

LIMIT = 0.12
SPEC = MarketSpec(n_history=12_000, n_leads=6_000, ends_on=date(2025, 12, 31))
NOW = datetime(2026, 1, 1, 4, tzinfo=UTC)
PROMISES = {"acquire, .95 realised": (0.95, "realised"), "limit on average": (0.5, "expected")}
TENTHS = 10
Z90 = 1.645


def main() -> None:
    """Plan every market under each promise and print what was kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reseeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.reseeds)
    with ProcessPoolExecutor(given.workers) as pool:
        lines = pd.DataFrame([line for market in pool.map(try_market, seeds) for line in market])
    for promise, of in lines.groupby("promise", sort=False):
        print_promise(str(promise), of)


def print_promise(promise: str, lines: pd.DataFrame) -> None:
    """One promise over all markets."""
    planned = lines[lines["contacts"] > 0]
    kept = int((planned["realised"] <= LIMIT).sum())
    print(
        f"{promise}: {len(lines)} markets, {len(lines) - len(planned)} of them refused as impossible (nobody contacted)"
    )
    print(
        f"  realised bad rate within {LIMIT}: {kept} of {len(planned)} planned, {kept + len(lines) - len(planned)} of all"
    )
    if not len(planned):
        return
    print(f"  true expected bad rate within it: {(planned['true'] <= LIMIT).sum()} of {len(planned)}")
    mean = planned[["contacts", "booked", "true", "realised", "promised", "extra", "value"]].mean()
    print("  means: " + ", ".join(f"{name} {figure:,.4g}" for name, figure in mean.items()))
    print(f"  true / promised: bad rate {(planned['true'] / planned['promised']).mean():.3f}")
    print(
        f"  tenths of the contacted inside their 90 % predictive interval: {planned['tenths'].mean():.2f} of {TENTHS}"
    )


def try_market(seed: int) -> list[dict[str, float | str]]:
    """Plan one market under each promise; one line per promise."""
    market = make_market(SPEC, np.random.default_rng(seed))
    return [{"promise": name, **try_promise(market, *promise)} for name, promise in PROMISES.items()]


def try_promise(market: Market, confidence: float, basis: str) -> dict[str, float]:
    """Plan the market under one promise and read off the truth."""
    with tempfile.TemporaryDirectory() as folder:
        plan_file = write_demo_market(Path(folder) / "market", market)
        written = plan_file.read_text(encoding="utf-8")
        written = written.replace("max_bad_rate = 0.10", f"max_bad_rate = {LIMIT}")
        written = written.replace(
            "bad_rate_confidence = 0.95", f'bad_rate_confidence = {confidence}\nbad_rate_basis = "{basis}"'
        )
        plan_file.write_text(written, encoding="utf-8")
        out = Path(folder) / "out"
        settings = Settings(database_url=f"sqlite:///{folder}/acquire.db")
        try:
            document = make_plan(plan_file, out, progress=progress_on(StringIO()), now=NOW, settings=settings)
        except Infeasible:
            return {"contacts": 0}
        decisions = pd.read_parquet(out / "decisions.parquet").set_index("lead_id")
        risk = RiskModel.from_json(read_model_folder(out / "models").parts["risk.json"].decode())
        all_leads = read_leads(plan_file)
    contacts = decisions[decisions["decision"] == "contact"]
    if not len(contacts):
        return {"contacts": 0}
    truth = market.truth.set_index("lead_id").loc[contacts.index]
    leads = all_leads.set_index("lead_id", drop=False).loc[contacts.index]
    p_booked, p_bad, booked, bad, value = (
        of_offer(truth, contacts, name) for name in ("p_booked", "p_bad", "booked", "bad", "value")
    )
    return {
        "contacts": len(contacts),
        "booked": float(booked.sum()),
        "true": float(p_booked @ p_bad / p_booked.sum()),
        "realised": float(bad.sum() / max(booked.sum(), 1)),
        "promised": document.headline.bad_rate.expected,
        "extra": float(p_booked.sum() - truth["p_booked_control"].sum()),
        "value": float(value.sum()),
        "tenths": tenths_inside(risk, leads, contacts, booked, bad),
    }


def read_leads(path: Path) -> pd.DataFrame:
    """The leads as the plan's models read them, the figures of their rings included."""
    plan_file, today = read_plan_file(path), NOW.date()
    tables = read_tables(plan_file.sources, plan_file.columns, assume_consent=plan_file.assume_consent, today=today)
    return with_rings(tables, maturity_days=plan_file.risk.maturity_days, today=today).leads


def of_offer(table: pd.DataFrame, contacts: pd.DataFrame, figure: str) -> np.ndarray:
    """`<figure>_<offer>` of each contact's own offer."""
    at = table.columns.get_indexer([f"{figure}_{offer}" for offer in contacts["offer"]])
    return table.to_numpy(dtype=object)[np.arange(len(table)), at].astype(float)


def tenths_inside(
    risk: RiskModel, leads: pd.DataFrame, contacts: pd.DataFrame, booked: np.ndarray, bad: np.ndarray
) -> float:
    """How many tenths of the contacted, by predicted chance, have a realised bad rate inside their 90 % interval."""
    p_bad, loadings = np.empty(len(leads)), np.zeros(risk.loadings(leads).shape)
    for offer in contacts["offer"].unique():
        rows = (contacts["offer"] == offer).to_numpy()
        p_bad[rows] = risk.p_bad(leads[rows], str(offer))
        loadings[rows] = risk.loadings(leads[rows], str(offer))
    tenth = np.argsort(np.argsort(p_bad, kind="stable"), kind="stable") * TENTHS // len(p_bad)
    inside = 0
    for number in range(TENTHS):
        rows = (tenth == number) & (booked == 1)
        n = max(int(rows.sum()), 1)
        spread = np.hypot(np.linalg.norm(loadings[rows].sum(axis=0)), np.sqrt((p_bad * (1 - p_bad))[rows].sum())) / n
        inside += abs(bad[rows].sum() / n - p_bad[rows].sum() / n) <= Z90 * spread + 0.5 / n
    return float(inside)


if __name__ == "__main__":
    main()
