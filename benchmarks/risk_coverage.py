"""Do the intervals of the chance to go bad hold, also far from the people who were approved and booked?

    python benchmarks/risk_coverage.py [--reseeds 20] [--rows 12000]

Made-up markets whose truth is known. The leads are cut into quarters by their distance from the labelled bookings. Of each
quarter, the mean chance to go bad of those who would book (weighted with the true chances to book) is held against its 90 %
interval from the model's shared errors, under each offer and under the offers as history drew them ("any").

The peer in the same run is what a statistician would do first: a plain logistic regression of the matured bookings on all
columns and the offer, codes and gaps as indicators, with the asymptotic covariance of maximum likelihood.
"""

import argparse
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from acquire.domain import CONTROL, Feature
from acquire.ingest.market import Market, MarketSpec, make_market
from acquire.ingest.market.people import FEATURES, NEVER_BORROWED, NO_FILE_SCORE
from acquire.ingest.market.terms import ARMS
from acquire.prefilter.risk_fit import fit_risk_model
from acquire.prefilter.risk_model import RiskModel
from acquire.statistics.logistic import fit_logistic

Floats = NDArray[np.float64]

ENDS_ON = date(2025, 12, 31)
CATEGORIES = ("channel", "region", "employment")
COLUMNS = ("channel", "region", "amount", *(name for name in FEATURES if name != "gender"))
ANY = "any"
OFFERS = (ANY, *ARMS)
_WITHIN = 1.645
# Maximum likelihood needs a little help where an indicator is never or always bad.
_PENALTY = 0.1


def main() -> None:
    """Print coverage per offer and quarter, for the model and for its peer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reseeds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=12_000, help="rows of history; half as many leads")
    arguments = parser.parse_args()
    lines = pd.concat([measure(seed, arguments.rows) for seed in range(arguments.reseeds)], ignore_index=True)
    print(
        f"{arguments.reseeds} made-up markets of {arguments.rows:,} rows; {lines['booked'].mean():.0f} bookings, "
        f"{lines['partly'].mean():.0%} of them partly matured, worth {lines['worth'].mean():.0f} final labels"
    )
    for model in ("acquire", "logistic"):
        print(f"\n{model}: intervals that cover, of {arguments.reseeds}; true / promised; half width / promised")
        print(coverage(lines[lines["model"] == model]).to_string())


def measure(seed: int, n_history: int) -> pd.DataFrame:
    """One line per model, offer and quarter (1 = nearest) of one market: promised, sd, true, covers."""
    spec = MarketSpec(n_history=n_history, n_leads=n_history // 2, ends_on=ENDS_ON)
    market = make_market(spec, np.random.default_rng(seed))
    booked = market.history[market.history["booked"] == 1].reset_index(drop=True)
    features = tuple(Feature(name=name, kind="category" if name in CATEGORIES else "numeric") for name in COLUMNS)
    model = fit_risk_model(booked, features, rng=np.random.default_rng(seed), leads=market.leads, on=ENDS_ON)
    quarter = quarters(model.seen.distance(market.leads))
    peer = _Peer.fit(booked, market.leads)
    lines = []
    for offer in OFFERS:
        p_booked, p_bad = truth(market, offer)
        for name, (promised, errors) in (
            ("acquire", promise(model, market.leads, offer)),
            ("logistic", peer.promise(offer)),
        ):
            for k in range(1, 5):
                line = judge(p_booked * (quarter == k), p_bad, promised, errors)
                lines.append({"seed": seed, "model": name, "offer": offer, "quarter": k, **line})
    weight = np.zeros(len(booked)) if model.fitted is None else model.fitted.weight
    partly = (weight > 0) & booked["bad"].isna().to_numpy()
    return pd.DataFrame(lines).assign(booked=len(booked), partly=partly.mean(), worth=weight[partly].sum())


def quarters(distance: Floats) -> NDArray[np.int64]:
    """Number of the quarter of each lead, 1 = nearest to the labelled bookings."""
    return np.searchsorted(np.quantile(distance, [0.25, 0.5, 0.75]), distance) + 1


def truth(market: Market, offer: str) -> tuple[Floats, Floats]:
    """True chance to book under `offer`, and to go bad if booked; "any" mixes the offers as history drew them."""
    if offer != ANY:
        return market.truth[f"p_booked_{offer}"].to_numpy(), market.truth[f"p_bad_{offer}"].to_numpy()
    shares = market.history["offer"].value_counts(normalize=True)
    booked = {arm: shares[arm] * market.truth[f"p_booked_{arm}"].to_numpy() for arm in ARMS}
    total = np.sum(list(booked.values()), axis=0)
    return total, np.sum([booked[arm] * market.truth[f"p_bad_{arm}"] for arm in ARMS], axis=0) / total


def promise(model: RiskModel, leads: pd.DataFrame, offer: str) -> tuple[Floats, Floats]:
    """Chance to go bad of each lead, and what the shared errors do to it."""
    named = None if offer == ANY else offer
    return model.p_bad(leads, named), model.loadings(leads, named)


def judge(weight: Floats, true: Floats, promised: Floats, errors: Floats) -> dict[str, float]:
    """Mean chance of some leads against its 90 % interval."""
    mean, actual = np.average(promised, weights=weight), np.average(true, weights=weight)
    sd = float(np.linalg.norm(weight @ errors) / weight.sum())
    return {"promised": mean, "true": actual, "sd": sd, "covers": float(abs(actual - mean) <= _WITHIN * sd)}


def coverage(lines: pd.DataFrame) -> pd.DataFrame:
    """Covered intervals per offer and quarter, and over the quarters: true / promised, half width / promised."""
    table = lines.pivot_table(index="offer", columns="quarter", values="covers", aggfunc="sum").astype(int)
    table = table.loc[list(OFFERS)].rename(columns=lambda k: f"quarter {k}")
    by_offer = lines.assign(
        ratio=lines["true"] / lines["promised"], half_width=_WITHIN * lines["sd"] / lines["promised"]
    ).groupby("offer")
    return table.assign(ratio=by_offer["ratio"].mean().round(3), half_width=by_offer["half_width"].mean().round(3))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Peer:
    """A plain logistic regression and its asymptotic covariance.

    Attributes:
        leads: Columns of the leads without an offer, shape (n, m).
        theta: Intercept and coefficients, the offers' last (control has none).
        covariance: Of theta.
        shares: Share of each offer but control among the bookings of the fit.
    """

    leads: Floats
    theta: Floats
    covariance: Floats
    shares: Floats

    @classmethod
    def fit(cls, booked: pd.DataFrame, leads: pd.DataFrame) -> "_Peer":
        """Fit on the bookings whose label is final."""
        final = booked[booked["bad"].notna()]
        past, coming = columns_of(final, final), columns_of(leads, final)
        kept = past.std(axis=0) > 0
        past, coming = past[:, kept], coming[:, kept]
        centre, scale = past.mean(axis=0), past.std(axis=0)
        offers = np.column_stack([final["offer"] == arm for arm in ARMS if arm != CONTROL]).astype(float)
        x = np.column_stack([(past - centre) / scale, offers])
        bad = final["bad"].to_numpy(dtype=float)
        fit = fit_logistic(x, bad, weight=np.ones(len(x)), penalty=_PENALTY, lowest=-np.inf)
        design = np.column_stack([np.ones(len(x)), x])
        p = expit(fit.log_odds(x))
        information = (design * (p * (1 - p))[:, None]).T @ design
        information += np.diag(np.r_[0.0, np.full(x.shape[1], _PENALTY)])
        return cls(
            leads=(coming - centre) / scale,
            theta=np.r_[fit.intercept, fit.coefficients],
            covariance=np.linalg.inv(information),
            shares=offers.mean(axis=0),
        )

    def promise(self, offer: str) -> tuple[Floats, Floats]:
        """Chance to go bad of each lead, and what independent errors do to it; "any" is the average booking's offer."""
        named = [arm for arm in ARMS if arm != CONTROL]
        drawn = self.shares if offer == ANY else np.array([float(arm == offer) for arm in named])
        x = np.column_stack([np.ones(len(self.leads)), self.leads, np.tile(drawn, (len(self.leads), 1))])
        p = expit(x @ self.theta)
        return p, x @ np.linalg.cholesky(self.covariance) * (p * (1 - p))[:, None]


def columns_of(frame: pd.DataFrame, like: pd.DataFrame) -> Floats:
    """Numbers with gaps at their mean and an indicator of gaps and codes; a column per level of a category."""
    columns = []
    for name in COLUMNS:
        if name in CATEGORIES:
            columns += [(frame[name] == level).to_numpy(float) for level in sorted(like[name].unique())[1:]]
            continue
        values, known = (uncoded(table[name]) for table in (frame, like))
        columns += [values.fillna(known.mean()).to_numpy(float), values.isna().to_numpy(float)]
    return np.column_stack(columns)


def uncoded(values: "pd.Series[float]") -> "pd.Series[float]":
    """The numbers with the market's codes taken for gaps."""
    code = {"bureau_score": NO_FILE_SCORE, "past_dpd_days": NEVER_BORROWED}.get(str(values.name))
    return values.astype(float).mask(values == code)


if __name__ == "__main__":
    main()
