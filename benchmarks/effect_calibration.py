"""Do predicted effects add up to the true ones, over all leads and over those that a plan would pick?

    python benchmarks/effect_calibration.py [--reseeds 10] [--rows 30000] [--markets taiwan reseeded made]

Three kinds of markets whose truth is known: the Taiwan market as it is; the same with people, offers and bookings drawn again
(history from two thirds of its people, leads from the others); made-up markets of other seeds. Every lead is scored under every
offer as a plan scores it, and sums of predictions are held against sums of true effects:

* over all leads and offers, and per offer;
* per fifth of all leads and offers by prediction;
* selected: each lead's best offer, and of those the third with the largest prediction, which is where guesses that look best
  gather; and the fifths of these.

Beside it the same learner's scores before calibration. A ratio is the mean prediction over all reseeds over the mean truth, so
that chance in one history does not count as bias; `sd` is how far single markets scatter around it. The lowest fifths hold people
whom an offer hardly moves or puts off: their true sum is near 0 and a ratio says little, so their gap stands beside it, predicted
less true in percentage points. `error` is the root mean square error of single predictions.
"""

import argparse
import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL
from acquire.ingest.market import MarketSpec, make_market
from acquire.ingest.tables import Tables, read_tables
from acquire.uplift.effects import Effects
from campaigns.demo import write_demo_market
from campaigns.plan_file import read_plan_file
from campaigns.rings import with_rings
from campaigns.scoring import fit_uplift

Floats = NDArray[np.float64]
Drawn = tuple[Tables, Floats]  # tables of one market, and the true effects of its leads, shape (n, n_offers)

MARKET = Path(__file__).resolve().parents[2] / "shared" / "markets" / "taiwan"
TODAY = date(2026, 1, 1)
FIFTHS = 5
SELECTED_SHARE = 1 / 3


def main() -> None:
    """Print the ratios of each kind of market."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reseeds", type=int, default=10)
    parser.add_argument("--rows", type=int, default=30_000, help="rows of history of the drawn markets")
    parser.add_argument("--markets", nargs="+", default=["taiwan", "reseeded", "made"])
    given = parser.parse_args()
    drawn: dict[str, Callable[[], Iterator[Drawn]]] = {
        "taiwan": lambda: iter([the_taiwan_market()]),
        "reseeded": lambda: (reseeded_taiwan(seed, given.rows) for seed in range(given.reseeds)),
        "made": lambda: (made_market(seed, given.rows) for seed in range(given.reseeds)),
    }
    for name in given.markets:
        sums = pd.concat([measure(*market, seed) for seed, market in enumerate(drawn[name]())])
        print_ratios(name, sums)


def read_taiwan() -> tuple[Tables, Floats, Floats]:
    """Give the Taiwan tables, the true chance of every lead to book under every arm (control first), and its bad label."""
    plan = read_plan_file(MARKET / "plan.toml")
    tables = read_tables(plan.sources, plan.columns, assume_consent=plan.assume_consent, today=TODAY)
    truth = pd.read_parquet(MARKET / "truth.parquet").set_index("lead_id").loc[tables.leads["lead_id"]]
    arms = (CONTROL, *(offer.offer for offer in tables.offers))
    return tables, truth[[f"p_{arm}" for arm in arms]].to_numpy(np.float64), truth["bad"].to_numpy(np.float64)


def the_taiwan_market() -> Drawn:
    """The market as it is."""
    tables, chance, _ = read_taiwan()
    return tables, chance[:, 1:] - chance[:, :1]


def reseeded_taiwan(seed: int, rows: int) -> Drawn:
    """The market drawn again from its leads, whose chances are known: two thirds are history, with new offers and bookings."""
    rng = np.random.default_rng(seed)
    tables, chance, bad = read_taiwan()
    people = rng.permutation(len(chance))
    past, coming = people[: 2 * len(people) // 3], people[2 * len(people) // 3 :]
    row = rng.choice(past, rows)
    share = np.bincount(range(chance.shape[1]), weights=[2.0, *np.ones(chance.shape[1] - 1)])
    arm = rng.choice(len(share), rows, p=share / share.sum())
    booked = (rng.random(rows) < chance[row, arm]).astype(np.float64)
    names = np.array([CONTROL, *(offer.offer for offer in tables.offers)])
    history = tables.leads.iloc[row].reset_index(drop=True)
    history = history.assign(
        person_id=history["lead_id"],
        lead_id=[f"H{number}" for number in range(rows)],
        offer=pd.Series(names[arm], dtype="str"),
        booked=booked,
        bad=np.where(booked == 1, bad[row], np.nan),
    )
    leads = tables.leads.iloc[coming].reset_index(drop=True)
    return dataclasses.replace(tables, history=history, leads=leads), (chance[:, 1:] - chance[:, :1])[coming]


def made_market(seed: int, rows: int) -> Drawn:
    """A made-up market, written and read as a lender's would be."""
    spec = MarketSpec(n_history=rows, n_leads=rows // 2, ends_on=date(2025, 12, 31))
    market = make_market(spec, np.random.default_rng(1000 + seed))
    with tempfile.TemporaryDirectory() as folder:
        plan = read_plan_file(write_demo_market(Path(folder), market))
        tables = read_tables(plan.sources, plan.columns, assume_consent=plan.assume_consent, today=TODAY)
        tables = with_rings(tables, maturity_days=plan.risk.maturity_days, today=TODAY)
    truth = market.truth.set_index("lead_id").loc[tables.leads["lead_id"]]
    chance = truth[[f"p_booked_{offer.offer}" for offer in tables.offers]].to_numpy(np.float64)
    return tables, chance - truth[["p_booked_control"]].to_numpy(np.float64)


def measure(tables: Tables, true: Floats, seed: int) -> pd.DataFrame:
    """Sums of predictions and truth of one market: one line per scores, set of leads and fifth (0 = all)."""
    effects = fit_uplift(tables, seed)
    raw = np.mean([scorer.score(effects.encoder.matrix(tables.leads))[1] for scorer in effects.scorers], axis=0)
    names = tuple(offer.offer for offer in tables.offers)
    scores = {"calibrated": calibrated(effects, tables), "learner alone": raw}
    lines = [line for who, score in scores.items() for line in sums(who, score, true, names)]
    return pd.DataFrame(lines).assign(seed=seed)


def calibrated(effects: Effects, tables: Tables) -> Floats:
    """Effects of the leads, as a plan scores them."""
    return effects.score(tables.leads)[1]


def sums(who: str, score: Floats, true: Floats, names: tuple[str, ...]) -> Iterator[dict[str, object]]:
    """Sums per set and fifth; set "selected" is the best third of the leads under their best offer."""
    for j, name in enumerate(names):
        yield from _of_set(who, name, score[:, j], true[:, j])
    yield from _of_set(who, "all", score.ravel(), true.ravel())
    best, rows = score.argmax(axis=1), np.arange(len(score))
    taken = np.argsort(-score[rows, best], kind="stable")[: round(SELECTED_SHARE * len(score))]
    yield from _of_set(who, "selected", score[taken, best[taken]], true[taken, best[taken]])


def _of_set(who: str, name: str, score: Floats, true: Floats) -> Iterator[dict[str, object]]:
    fifth = np.argsort(np.argsort(score, kind="stable"), kind="stable") * FIFTHS // len(score) + 1
    for number in range(FIFTHS + 1):
        rows = fifth == number if number else np.ones(len(score), dtype=np.bool_)
        line = {"who": who, "set": name, "fifth": number, "predicted": score[rows].mean(), "true": true[rows].mean()}
        yield line | {"error": np.sqrt(((score - true) ** 2)[rows].mean())}


def print_ratios(name: str, lines: pd.DataFrame) -> None:
    """Print predicted over true per set and fifth, and the error of single predictions."""
    markets = lines["seed"].nunique()
    print(f"\n{name}: {markets} market{'s' if markets > 1 else ''}; sum of predicted over sum of true effects")
    lines = lines.assign(ratio=lines["predicted"] / lines["true"])
    by = ["who", "set", "fifth"]
    mean = lines.groupby(by, sort=False)[["predicted", "true"]].mean()
    table = (mean["predicted"] / mean["true"]).unstack("fifth")
    table.columns = ["overall", *(f"fifth {number}" for number in range(1, FIFTHS + 1))]
    table["sd"] = lines[lines["fifth"] == 0].groupby(by[:2], sort=False)["ratio"].std()
    table["true mean"] = mean["true"].xs(0, level="fifth")
    # Where true effects are near 0 a ratio says little: the gap itself, in percentage points.
    table["gap, fifth 1"] = 100 * (mean["predicted"] - mean["true"]).xs(1, level="fifth")
    table["gap, fifth 2"] = 100 * (mean["predicted"] - mean["true"]).xs(2, level="fifth")
    table["error"] = lines[lines["fifth"] == 0].groupby(by[:2], sort=False)["error"].mean()
    print(table.round(3).to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
