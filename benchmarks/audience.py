"""Hidden members found by `acquire audience`'s likeness and by naive classifiers, on public tables; and what audiences bring.

    python benchmarks/audience.py [DRAWS]

Part 1. In each table a real group is hidden: its column is taken out, some of its members become the seeds, and all others,
hidden members included, are the leads. Peers take the others for "no": LightGBM with its defaults, which scores the leads it was
fitted on and, in a second run, leads it did not see; and a logistic regression over ranks. The same seeds, the same leads; the
paired 90 % interval is that of the mean difference over tables and draws (t distribution).

Part 2. How often the 90 % interval of precision held what asking everybody finds, and the ceiling the true share.

Part 3. Seeds who are customers, not random leads: precision as stated, with and without weighting the base, and as found.

Part 4. On the Taiwan market, whose truth is known: what audiences chosen by likeness, by extra members and by uplift truly bring.
"""

import sys
import tempfile
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer

from acquire.domain import Feature
from acquire.statistics.encoding import fit_encoder
from acquire.uplift.audience import LikenessQuality, MemberShare, judge_likeness
from acquire.uplift.likeness import LikenessSettings, fit_likeness
from campaigns.audience_likeness import learn_alike
from campaigns.audience_tables import read_audience_tables
from campaigns.audiences import AudienceRequest, Ranking, find_audience
from campaigns.plan_file import read_plan_file
from campaigns.progress import SilentProgress

SHARED = Path(__file__).resolve().parents[2] / "shared"
DATA, TAIWAN = SHARED / "data", SHARED / "markets" / "taiwan"
N_ROWS, PART = 10_000, 0.1
SEEDS = (200, 1_000)
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Scorer = Callable[[Floats, Floats], Floats]


def groups() -> dict[str, tuple[pd.DataFrame, Flags]]:
    """The tables without the column of their group, and who belongs to it."""
    taiwan = pd.read_parquet(DATA / "taiwan_default.parquet").drop(columns=["ID", "default.payment.next.month"])
    loans = pd.read_parquet(DATA / "loan_leads_by_source.parquet")
    loans["age"] = 2016 - pd.to_datetime(loans["DOB"], format="%d/%m/%y", errors="coerce").dt.year % 100 % 1900
    loans = loans.drop(columns=["ID", "DOB", "Lead_Creation_Date", "Approved", "Contacted", "Interest_Rate", "EMI"])
    hillstrom = pd.read_parquet(DATA / "hillstrom.parquet")[
        ["recency", "history", "mens", "womens", "channel", "zip_code"]
    ]
    employer, bank = (
        ["Employer_Category1", "Employer_Category2"],
        ["Primary_Bank_Type", "Customer_Existing_Primary_Bank_Code"],
    )
    return {
        "taiwan: graduates": (taiwan.drop(columns="EDUCATION"), (taiwan["EDUCATION"] == 1).to_numpy()),
        "taiwan: under 27": (taiwan.drop(columns="AGE"), (taiwan["AGE"] < 27).to_numpy()),
        "taiwan: men": (taiwan.drop(columns="SEX"), (taiwan["SEX"] == 1).to_numpy()),
        "loan leads: employer A": (
            loans.drop(columns=employer),
            (loans["Employer_Category1"] == "A").to_numpy(dtype=bool),
        ),
        "loan leads: bank type G": (loans.drop(columns=bank), (loans["Primary_Bank_Type"] == "G").to_numpy(dtype=bool)),
        "loan leads: pay instalments": (loans.drop(columns="Existing_EMI"), (loans["Existing_EMI"] > 1_000).to_numpy()),
        "hillstrom: rural (no trace)": (
            hillstrom.drop(columns="zip_code"),
            (hillstrom["zip_code"] == "Rural").to_numpy(),
        ),
    }


def hide(
    n_people: int, member: Flags, n_seeds: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw rows of the table; give those of the seeds, at most half of the members, and all others."""
    rows = rng.permutation(n_people)[:N_ROWS]
    seeds = rng.permutation(rows[member[rows]])
    seeds = seeds[: min(n_seeds, len(seeds) // 2)]
    return seeds, np.setdiff1d(rows, seeds)


def naive_trees(known: Floats, others: Floats) -> Floats:
    """LightGBM's defaults; the leads are scored by the model that was fitted on them as "no"."""
    return np.asarray(_naive(known, others).predict(others, raw_score=True))


def naive_trees_unseen(known: Floats, others: Floats) -> Floats:
    """LightGBM's defaults, each lead scored by a model that did not see it."""
    fold = np.random.default_rng(5).permutation(len(others)) % 5
    scores = np.empty(len(others))
    for k in range(5):
        scores[fold == k] = _naive(known, others[fold != k]).predict(others[fold == k], raw_score=True)
    return scores


def _naive(known: Floats, others: Floats) -> lgb.LGBMClassifier:
    model = lgb.LGBMClassifier(n_jobs=1, verbose=-1, random_state=0)
    return model.fit(np.concatenate([known, others]), np.repeat([1, 0], [len(known), len(others)]))


def logistic(known: Floats, others: Floats) -> Floats:
    """Logistic regression over ranks, missing at the median."""
    matrix = np.concatenate([known, others])
    filled = np.where(np.isnan(matrix), np.nanmedian(matrix, axis=0), matrix)
    model = make_pipeline(QuantileTransformer(n_quantiles=100), LogisticRegression(C=0.1, max_iter=500))
    model.fit(filled, np.repeat([1, 0], [len(known), len(others)]))
    return np.asarray(model.decision_function(filled[len(known) :]))


PEERS: dict[str, Scorer] = {
    "LightGBM, naive": naive_trees,
    "LightGBM, naive, unseen": naive_trees_unseen,
    "logistic, naive": logistic,
}


def hidden_members(n_draws: int) -> pd.DataFrame:
    """Parts 1 and 2, one line per table, number of seeds, draw and contestant."""
    lines = []
    for name, (table, member) in groups().items():
        features = tuple(
            Feature(name=c, kind="numeric" if pd.api.types.is_numeric_dtype(table[c].dtype) else "category")
            for c in table
        )
        for n_seeds in SEEDS:
            for draw in range(n_draws):
                rng = np.random.default_rng(1_000 * draw + n_seeds)
                seeds, others = hide(len(table), member, n_seeds, rng)
                lines += one_draw(
                    table, features, member, seeds, others, {"group": name, "seeds": n_seeds, "draw": draw}
                )
        _print_group(pd.DataFrame(lines), name)
    return pd.DataFrame(lines)


def one_draw(
    table: pd.DataFrame,
    features: tuple[Feature, ...],
    member: Flags,
    seeds: NDArray[np.int64],
    others: NDArray[np.int64],
    where: dict[str, object],
) -> list[dict[str, object]]:
    """All contestants on the same seeds and leads."""
    truth, size = member[others], round(PART * len(others))
    fitted = fit_likeness(table.iloc[seeds], table.iloc[others], features, LikenessSettings(), 7)
    stated = judge_likeness(
        fitted.seed_scores,
        fitted.other_scores,
        size,
        np.random.default_rng(7),
        share=MemberShare(share=float(truth.mean())),
    )
    encoder = fit_encoder(table.iloc[np.r_[seeds, others]], features)
    known, rest = encoder.matrix(table.iloc[seeds]), encoder.matrix(table.iloc[others])
    lines = [
        {
            **where,
            "who": "acquire",
            **scored(fitted.other_scores, truth, size),
            **held(stated, truth, fitted.other_scores, size),
        }
    ]
    return [*lines, *({**where, "who": name, **scored(peer(known, rest), truth, size)} for name, peer in PEERS.items())]


def scored(score: Floats, truth: Flags, size: int) -> dict[str, float]:
    """AUC of members against the others, and members among the best tenth."""
    return {
        "auc": roc_auc_score(truth, score),
        "precision": float(truth[np.argsort(-score, kind="stable")[:size]].mean()),
    }


def held(stated: LikenessQuality, truth: Flags, score: Floats, size: int) -> dict[str, object]:
    """Whether the stated intervals held."""
    found = float(truth[np.argsort(-score, kind="stable")[:size]].mean())
    assert stated.precision is not None  # noqa: S101
    return {
        "stated": stated.precision.expected,
        "precision_held": stated.precision.predictive_low <= found <= stated.precision.predictive_high,
        "ceiling": stated.share_ceiling,
        "share": float(truth.mean()),
    }


def _print_group(lines: pd.DataFrame, name: str) -> None:
    of = lines[lines["group"] == name].groupby(["group", "seeds", "who"], sort=False)[["auc", "precision"]].mean()
    print(of.round(4).to_string(header=False), flush=True)


def paired(lines: pd.DataFrame) -> None:
    """Mean difference to each peer over tables and draws, with its 90 % interval; tables are the units."""
    for figure in ("auc", "precision"):
        wide = lines.pivot_table(index=["group", "seeds", "draw"], columns="who", values=figure)
        for peer in PEERS:
            gap = (wide["acquire"] - wide[peer]).groupby("group").mean()
            half = t.ppf(0.95, len(gap) - 1) * gap.std() / np.sqrt(len(gap))
            print(
                f"{figure:10} acquire - {peer:24} {gap.mean():+.4f} ({gap.mean() - half:+.4f} to {gap.mean() + half:+.4f}), "
                f"ahead in {int((gap > 0).sum())} of {len(gap)} groups"
            )


def customers_as_seeds(n_draws: int, folder: Path) -> None:
    """Part 3: the base is who booked; half of its graduates are flagged."""
    history, leads = (pd.read_parquet(TAIWAN / f"{name}.parquet") for name in ("history", "leads"))
    customers = history[history["booked"] == 1].drop(columns=["offer", "booked", "bad", "revenue", "cost"])
    plan = read_plan_file(TAIWAN / "plan.toml")
    for draw in range(n_draws):
        rng = np.random.default_rng(draw)
        flagged = (customers["education"] == 1) & (rng.random(len(customers)) < 0.5)
        customers.assign(flag=flagged.astype(int)).to_parquet(folder / "base.parquet")
        leads.iloc[rng.permutation(len(leads))[:N_ROWS]].to_parquet(folder / "leads.parquet")
        columns = plan.columns.__class__(rename=plan.columns.rename, exclude=frozenset({"education"}))
        tables = read_audience_tables(
            folder / "base.parquet", folder / "leads.parquet", flag="flag", columns=columns, assume_consent=False
        )
        alike = learn_alike(tables, draw)
        truth = leads.set_index("lead_id")["education"].loc[tables.leads["lead_id"]].eq(1).to_numpy()
        size = round(PART * len(truth))
        said = [
            judge_likeness(
                alike.likeness.seed_scores,
                alike.lead_scores,
                size,
                rng,
                seed_weight=weight,
                share=MemberShare(share=float(truth.mean())),
            ).precision
            for weight in (None, alike.seed_weight)
        ]
        found = scored(alike.lead_scores, truth, size)["precision"]
        as_they_are, weighted = (
            f"{p.expected:.3f} ({p.predictive_low:.3f} to {p.predictive_high:.3f})" for p in said if p is not None
        )
        print(f"draw {draw}: found {found:.3f}, stated weighted {weighted}, as they are {as_they_are}", flush=True)


def true_value(folder: Path) -> None:
    """Part 4: extra accounts per 1,000 contacts by truth, of 3,000 leads, seeds drawn from history."""
    history, truth = (
        pd.read_parquet(TAIWAN / "history.parquet"),
        pd.read_parquet(TAIWAN / "truth.parquet").set_index("lead_id"),
    )
    leads = pd.read_parquet(TAIWAN / "leads.parquet").set_index("lead_id")
    base = history.sample(6_000, random_state=1)
    flagged = (base["education"] == 1) & (np.random.default_rng(1).random(len(base)) < 0.5)
    base.drop(columns=["offer", "booked", "bad", "revenue", "cost"]).assign(flag=flagged.astype(int)).to_parquet(
        folder / "base.parquet"
    )
    ways: tuple[Ranking, ...] = ("likeness", "extra members", "extra accounts")
    for ranking in ways:
        request = AudienceRequest(
            flag="flag", size=3_000, plan=TAIWAN / "plan.toml", ranking=ranking, exclude=frozenset({"education"})
        )
        found = find_audience(
            folder / "base.parquet", TAIWAN / "leads.parquet", request, now=datetime.now(UTC), progress=SilentProgress()
        )
        chances = truth.loc[found.rows["lead_id"]]
        under = np.array(
            [
                row[f"p_{row['offer']}"]
                for row in chances.assign(offer=found.rows["offer"].to_numpy()).to_dict("records")
            ]
        )
        extra = 1_000 * (under - chances["p_control"].to_numpy())
        belongs = leads.loc[found.rows["lead_id"], "education"].eq(1).to_numpy()
        assert found.extra is not None  # noqa: S101
        said = found.extra.of(ranking).extra
        print(
            f"{ranking:16} members {belongs.mean():.3f}, extra per 1,000 in truth {extra.mean():.1f} "
            f"(of members {(extra * belongs).mean():.1f}); history said {said.expected:.1f} ({said.low:.1f} to {said.high:.1f})",
            flush=True,
        )


def main() -> None:
    """Run all parts."""
    warnings.filterwarnings("ignore", module="sklearn")
    n_draws = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print("1. hidden members: group, seeds, contestant, AUC, precision of the best tenth")
    lines = hidden_members(n_draws)
    paired(lines)
    own = lines[lines["who"] == "acquire"]
    print(
        f"2. of {len(own)} stated 90 % intervals of precision {own['precision_held'].mean():.1%} held what was found; ",
        end="",
    )
    print(f"the ceiling of the share was above it in {(own['ceiling'] >= own['share']).mean():.1%}")
    with tempfile.TemporaryDirectory() as folder:
        print("3. customers as seeds: graduates among the best tenth of the Taiwan leads")
        customers_as_seeds(n_draws, Path(folder))
        print("4. 3,000 of the Taiwan leads: what audiences bring")
        true_value(Path(folder))


if __name__ == "__main__":
    main()
