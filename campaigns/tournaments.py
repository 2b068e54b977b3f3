"""The tournament of learners that `acquire fit PLAN --compare` prints: which one a plan of this history should use."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from acquire.domain import Estimate, LearnerName
from acquire.uplift.effects import Effects
from acquire.uplift.tournament import SIMPLEST_FIRST, Contestant, Tournament, hold_tournament
from campaigns.fitting import Given
from campaigns.progress import Progress
from campaigns.report_words import LEARNERS
from campaigns.scoring import fit_uplift

_LINE = "{:12}{:>26}{:>26}{:>26}{:>10}"


def fit_learners(given: Given, progress: Progress) -> Mapping[LearnerName, Effects]:
    """Fit every learner on the plan's history, with the plan's terms and seed.

    Args:
        given: The input of the plan, read and checked.
        progress: Told about each learner.
    """
    plan_file, effects = given.plan_file, {}
    for learner in SIMPLEST_FIRST:
        with progress.stage(f"Fit the learner {learner}"):
            terms = dataclasses.replace(plan_file.uplift, learner=learner)
            effects[learner] = fit_uplift(given.tables, plan_file.seed, terms)
    return effects


def compare_learners(given: Given, effects: Mapping[LearnerName, Effects]) -> Tournament:
    """Let rows that no model had seen decide between the learners."""
    booked = given.tables.history["booked"].to_numpy(np.float64)
    return hold_tournament(effects, booked, np.random.default_rng(given.plan_file.seed + 4))


def tournament_text(tournament: Tournament, learner: LearnerName) -> str:
    """Give the table of the tournament and what it says of the learner that the plan file asks for."""
    header = _LINE.format("learner", "extra bookings", "more than at random", "less than the best", "contacts")
    lines = [
        f"What the learners' policies bring per 1,000 leads: the best {tournament.share:.0%} contacted, each with its best",
        f"offer, where that adds anything. Out of fold on {tournament.n_rows:,} history rows (AIPW); brackets: 90 %,",
        "differences paired.",
        "",
        header,
        *(_row(one, tournament) for one in tournament.contestants),
        "",
        _verdict(tournament, learner),
    ]
    return "\n".join(lines)


def _row(one: Contestant, tournament: Tournament) -> str:
    behind = "the best" if one is tournament.best else _figure(one.behind)
    return _LINE.format(
        LEARNERS[one.learner], _figure(one.value), _figure(one.beyond_random), behind, f"{one.contacts:.1%}"
    )


def _figure(estimate: Estimate) -> str:
    return f"{estimate.expected:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _verdict(tournament: Tournament, learner: LearnerName) -> str:
    champion = tournament.champion
    if champion.value.low <= 0:
        return "No evidence that any learner's policy brings anything: keep the simplest, or gather more history."
    reason = "the simplest within one standard error of the best"
    if champion.learner == learner:
        return f"Champion: {LEARNERS[learner]}, {reason}. The plan uses it."
    change = f'to change it write learner = "{champion.learner}" under [uplift].'
    return f"Champion: {LEARNERS[champion.learner]}, {reason}. The plan uses {LEARNERS[learner]}: {change}"
