"""The champion is the simplest learner whose policy is as good as the best one's."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Estimate, Feature, LearnerName
from acquire.statistics.aipw import aipw_scores
from acquire.uplift.effects import Effects, fit_effects
from acquire.uplift.learners import LearnerSettings
from acquire.uplift.policy_value import best_offers, extra_of_policy
from acquire.uplift.tournament import Contestant, Tournament, hold_tournament

N = 4_000
FEATURES = (Feature(name="age", kind="numeric"),)


def mailing() -> pd.DataFrame:
    """The letter brings .3 of the young, and loses .2 of the old."""
    rng = np.random.default_rng(1)
    age, with_offer = rng.uniform(20, 60, N), rng.random(N) < 0.5
    chance = 0.3 + with_offer * np.where(age < 35, 0.3, -0.2)
    return pd.DataFrame(
        {
            "lead_id": [f"L{i}" for i in range(N)],
            "channel": "mail",
            "age": age,
            "offer": np.where(with_offer, "letter", "control"),
            "booked": (rng.random(N) < chance).astype(float),
        }
    )


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    return mailing()


@pytest.fixture(scope="module")
def effects(history: pd.DataFrame) -> Effects:
    settings = LearnerSettings(name="logistic_t")
    return fit_effects(history, FEATURES, ("letter",), settings=settings, seed=2, n_folds=3)


def told(effects: Effects, uplift: np.ndarray) -> Effects:
    return replace(effects, uplift=uplift[:, None])


def hold(effects: Effects, history: pd.DataFrame, *, simple: np.ndarray, rich: np.ndarray) -> Tournament:
    contestants = {"x": told(effects, rich), "logistic_t": told(effects, simple)}
    return hold_tournament(contestants, history["booked"].to_numpy(), np.random.default_rng(3), share=0.5)


def test_of_two_that_choose_alike_the_simpler_is_champion(effects: Effects, history: pd.DataFrame) -> None:
    truth = np.where(history["age"] < 35, 0.3, -0.2)

    tournament = hold(effects, history, simple=truth, rich=2 * truth)

    assert [one.learner for one in tournament.contestants] == ["logistic_t", "x"]
    assert tournament.champion.learner == "logistic_t"
    # Three in eight are young, and each such contact brings .3: 112 per 1,000 leads, and none of the others is contacted.
    assert tournament.champion.contacts == pytest.approx(0.375, abs=0.03)
    assert tournament.champion.value.low < 112 < tournament.champion.value.high
    assert tournament.champion.beyond_random.low > 0


def test_a_richer_learner_wins_only_by_more_than_a_standard_error(effects: Effects, history: pd.DataFrame) -> None:
    truth = np.where(history["age"] < 35, 0.3, -0.2)

    tournament = hold(effects, history, simple=np.random.default_rng(4).random(N), rich=truth)

    assert tournament.champion.learner == tournament.best.learner == "x"
    loser = tournament.contestants[0]
    assert loser.behind.low > 0
    assert not loser.as_good_as_best


def test_fitted_learners_meet_and_rows_of_each_fold_compete_among_themselves(
    effects: Effects, history: pd.DataFrame
) -> None:
    # Rows of one fold are scored higher by a constant; that must not hand all contacts to them.
    lifted = told(effects, effects.uplift[:, 0] + (effects.fold == 0))

    booked = history["booked"].to_numpy()
    tournament = hold_tournament({"s": effects, "x": lifted}, booked, np.random.default_rng(5), share=0.2)

    plain, shifted = tournament.contestants
    assert shifted.value == plain.value
    assert shifted.contacts == pytest.approx(0.2, abs=1e-3)


def contestant(learner: LearnerName, value: float, behind: float, standard_error: float) -> Contestant:
    """A learner whose policy brings `value`, so many fewer than the best; nobody knows how surely but for the standard error."""
    around = Estimate(expected=value, low=value - 50, high=value + 50)
    return Contestant(
        learner=learner,
        value=around,
        beyond_random=around,
        behind=Estimate(expected=behind, low=behind - 50, high=behind + 50),
        standard_error=standard_error,
        contacts=0.3,
    )


@pytest.mark.parametrize(("behind", "champion"), [(9.0, "logistic_t"), (10.0, "logistic_t"), (11.0, "s"), (19.0, "s")])
def test_one_standard_error_behind_is_as_good_and_more_is_not(behind: float, champion: str) -> None:
    simple, middle, best = (
        contestant("logistic_t", 100 - behind, behind, 10.0),
        contestant("s", 95.0, 5.0, 10.0),
        contestant("dr", 100.0, 0.0, 0.0),
    )
    tournament = Tournament(contestants=(simple, middle, best), share=1 / 3, n_rows=1_000)
    assert tournament.champion.learner == champion
    assert tournament.best.learner == "dr"


def test_nobody_is_contacted_where_history_cannot_tell_what_an_offer_does(
    effects: Effects, history: pd.DataFrame
) -> None:
    known = (history["age"] < 30).to_numpy()
    patchy = replace(effects, assignment=replace(effects.assignment, in_overlap=known[:, None]))

    everybody = told(patchy, np.full(N, 0.1) + np.arange(N) * 1e-9)
    tournament = hold_tournament({"s": everybody}, history["booked"].to_numpy(), np.random.default_rng(6), share=0.999)

    assert tournament.champion.contacts == pytest.approx(known.mean(), abs=0.002)


def test_every_policy_is_judged_by_what_the_learners_expect_on_average(effects: Effects, history: pd.DataFrame) -> None:
    booked, assignment = history["booked"].to_numpy(), effects.assignment
    shy = replace(told(effects, np.full(N, 0.01)), p_control=np.full(N, 0.05))
    bold = replace(told(effects, np.where(history["age"] < 35, 0.5, -0.5)), p_control=np.full(N, 0.55))

    held = hold_tournament({"s": shy, "dr": bold}, booked, np.random.default_rng(7), share=0.5)

    between = np.column_stack([np.full(N, 0.3), np.where(history["age"] < 35, 0.555, 0.055)])
    scores = aipw_scores(booked, assignment.arm, assignment.own_propensity, between)
    policy = np.zeros(N, dtype=np.int64)
    for fold in np.unique(effects.fold):
        policy[effects.fold == fold] = best_offers(bold.uplift[effects.fold == fold], 0.5)
    assert held.contestants[1].value.expected == pytest.approx(1_000 * extra_of_policy(scores, policy).mean())
