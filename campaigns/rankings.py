"""Which learner ranks leads best, offer by offer: what `acquire fit PLAN --compare` prints below the tournament of policies.

Qini, AUUC and uplift@k say what a ranking does on its own, whatever the plan then makes of it. Each is held against the response
model, which contacts whoever is likeliest to book, on the same rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate, LearnerName
from acquire.statistics.aipw import aipw_scores
from acquire.uplift.comparison import RankingFigures, compare_rankings
from acquire.uplift.curves import bought_with_interval
from acquire.uplift.effects import Effects
from acquire.value.economics import contact_costs, fit_event_rates
from campaigns.fitting import Given
from campaigns.report_words import LEARNERS, NOT_KNOWN

Floats = NDArray[np.float64]

RESPONSE = "response model"
_SHARE = 0.3
_LINE = "{:16}{:>24}{:>14}{:>13}{:>27}{:>20}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRankings:
    """Rankings of one offer's rows and the controls, by models that did not see the row.

    Attributes:
        n: Rows.
        figures: By learner, of the response model and of chance; None where offers were not given at random.
        bought: By learner, share of the extra bookings that half of the money buys when the most uplift per money comes first.
    """

    offer: str
    n: int
    figures: RankingFigures | None
    bought: Mapping[LearnerName, Estimate]


def rank_offers(given: Given, effects: Mapping[LearnerName, Effects]) -> tuple[OfferRankings, ...]:
    """Compare the learners' rankings of every offer.

    Args:
        given: The input of the plan, read and checked.
        effects: Fitted effects by learner, on the same history and folds.
    """
    rng = np.random.default_rng(given.plan_file.seed + 6)
    names = next(iter(effects.values())).assignment.offers
    return tuple(_rank_offer(given, effects, j, name, rng) for j, name in enumerate(names))


def _rank_offer(
    given: Given, effects: Mapping[LearnerName, Effects], j: int, name: str, rng: np.random.Generator
) -> OfferRankings:
    assignment = next(iter(effects.values())).assignment
    covered = assignment.covered[:, j]
    rows = covered & np.isin(assignment.arm, [0, j + 1])
    booked = given.tables.history["booked"].to_numpy(np.float64)
    figures = None
    if assignment.randomised:
        chance = np.mean([one.p_control + one.uplift[:, j] for one in effects.values()], axis=0)
        scores = {str(learner): one.uplift[rows, j] for learner, one in effects.items()} | {RESPONSE: chance[rows]}
        figures = compare_rankings(
            scores,
            booked[rows],
            assignment.arm[rows] > 0,
            rng,
            randomised=True,
            propensity=assignment.own_propensity[rows],
            share=_SHARE,
        )
    return OfferRankings(
        offer=name,
        n=int(rows.sum()),
        figures=figures,
        bought={learner: _bought(given, one, j, rng) for learner, one in effects.items()},
    )


def _bought(given: Given, effects: Effects, j: int, rng: np.random.Generator) -> Estimate:
    """By the AIPW scores of all rows where history can tell, randomised or not."""
    tables, assignment, rows = given.tables, effects.assignment, effects.assignment.covered[:, j]
    p_booked = effects.p_control[:, None] + effects.uplift
    booked = tables.history["booked"].to_numpy(np.float64)
    expected = np.column_stack([effects.p_control, p_booked])
    scores = aipw_scores(booked, assignment.arm, assignment.own_propensity, expected)
    costs = contact_costs(tables.history, tables.channels, tables.offers, fit_event_rates(tables.history))
    spend = costs.spend(p_booked)[rows, j]
    per_money = np.divide(effects.uplift[rows, j], spend, out=np.zeros(len(spend)), where=spend > 0)
    return bought_with_interval(per_money, scores[rows, j + 1] - scores[rows, 0], spend, rng)


def rankings_text(rankings: tuple[OfferRankings, ...]) -> str:
    """Give the tables of all offers, with what they mean."""
    lines = [
        "How well each learner ranks leads, offer by offer, on the rows with the offer and the controls. Half of the money: the",
        "share of the extra bookings that half of the spend buys where uplift per money decides who is first (at random 50 %).",
    ]
    for one in rankings:
        lines += ["", *_table(one)]
    return "\n".join(lines)


def _table(one: OfferRankings) -> Iterator[str]:
    yield f"{one.offer}, {one.n:,} rows"
    if one.figures is None:
        yield "No Qini: offers were not given at random, so it would tell who was given them. The values above hold all the same."
    top = f"uplift@{100 * _SHARE:.0f} %"
    yield _LINE.format(
        "ranking by", "Qini x 1,000", "AUUC x 1,000", top, "beyond the response model", "half of the money"
    )
    for learner, bought in one.bought.items():
        yield _row(LEARNERS[learner], learner, one.figures, _share(bought))
    if one.figures is not None:
        yield _row(RESPONSE, RESPONSE, one.figures, "")


def _row(label: str, name: str, figures: RankingFigures | None, bought: str) -> str:
    if figures is None:
        return _LINE.format(label, *["refused"] * 4, bought).rstrip()
    beyond = "" if name == RESPONSE else _thousand(figures.difference(name, RESPONSE, "qini"))
    area, top = figures.figure(name, "auuc").expected, figures.figure(name, "uplift_at").expected
    qini = _thousand(figures.figure(name, "qini"))
    return _LINE.format(label, qini, f"{1000 * area:.2f}", f"{top:.2%}", beyond, bought).rstrip()


def _thousand(one: Estimate) -> str:
    return f"{1000 * one.expected:.2f} [{1000 * one.low:.2f}, {1000 * one.high:.2f}]"


def _share(one: Estimate) -> str:
    return NOT_KNOWN if np.isnan(one.expected) else f"{one.expected:.0%} [{one.low:.0%}, {one.high:.0%}]"
