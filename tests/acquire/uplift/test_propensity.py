"""How offers came about: chances known, chances estimated, and people of whom history cannot tell."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from acquire.errors import BadInput
from acquire.uplift.propensity import Assignment, require_randomised
from tests.acquire.uplift.desk_histories import TRUE_EFFECT, by_need, history, matrix, people, read


@pytest.fixture(scope="module")
def desk() -> pd.DataFrame:
    """The desk's history of 9,000 people."""
    frame = people(9_000)
    return history(frame, by_need(frame))


@pytest.fixture(scope="module")
def read_desk(desk: pd.DataFrame) -> Assignment:
    return read(desk)


def weighted_effect(past: pd.DataFrame, assignment: Assignment) -> float:
    """Booked share with the coupon minus without, each row weighted by 1 / its chance, where overlap holds."""
    rows, weight, booked = assignment.covered[:, 0], 1 / assignment.own_propensity, past["booked"].to_numpy()
    given, kept = rows & (assignment.arm == 1), rows & (assignment.arm == 0)
    return float(np.average(booked[given], weights=weight[given]) - np.average(booked[kept], weights=weight[kept]))


def test_offers_dealt_by_chance_need_no_model_and_everybody_can_be_ranked() -> None:
    frame = people(3_000)

    assignment = read(history(frame, np.full(3_000, 0.5)))

    assert assignment.how == "uniform"
    assert assignment.support is None
    assert assignment.covered.all()
    assert assignment.covers(matrix(people(10))).all()
    assert np.ptp(assignment.propensity, axis=0).max() == 0


def test_the_chances_of_a_desk_that_follows_a_rule_are_found(desk: pd.DataFrame, read_desk: Assignment) -> None:
    assert read_desk.how == "estimated propensity"
    assert read_desk.propensity.sum(axis=1) == pytest.approx(1.0)
    assert np.abs(read_desk.propensity[:, 1] - by_need(desk)).mean() < 0.04
    assert read_desk.covered.mean() > 0.99


def test_weighting_finds_the_effect_that_the_plain_difference_misses(desk: pd.DataFrame, read_desk: Assignment) -> None:
    booked, given = desk["booked"], desk["offer"] == "coupon"

    # Those in need were written to and book anyway: the plain difference is .1 + .3 * .2 = .16.
    assert booked[given].mean() - booked[~given].mean() > TRUE_EFFECT + 0.03
    assert weighted_effect(desk, read_desk) == pytest.approx(TRUE_EFFECT, abs=0.025)


def test_no_row_has_a_say_in_its_own_chance(desk: pd.DataFrame, read_desk: Assignment) -> None:
    held_out = np.arange(len(desk)) % 3 == 0
    dealt = desk["offer"].to_numpy(copy=True)
    dealt[held_out] = np.random.default_rng(4).permutation(dealt[held_out])

    again = read(desk.assign(offer=dealt))

    np.testing.assert_array_equal(again.propensity[held_out], read_desk.propensity[held_out])
    assert not np.array_equal(again.propensity[~held_out], read_desk.propensity[~held_out])


def test_people_who_were_never_written_to_are_not_ranked() -> None:
    frame = people(9_000)
    past = history(frame, np.where(frame["age"] >= 50, 0.0, by_need(frame)))

    assignment = read(past)

    age = frame["age"].to_numpy()
    assert not assignment.covered[
        age >= 51
    ].any()  # the trees see ages in steps, so the year at the edge may go either way
    assert assignment.covered[age < 49].mean() > 0.97
    leads = people(2_000, seed=9)
    covered = assignment.covers(matrix(leads))[:, 0]
    assert covered[leads["age"] >= 51].sum() == 0
    assert covered[leads["age"] < 49].mean() > 0.97
    assert weighted_effect(past, assignment) == pytest.approx(TRUE_EFFECT, abs=0.03)


def test_people_who_were_always_written_to_are_not_ranked_either() -> None:
    frame = people(6_000)

    assignment = read(history(frame, np.where(frame["age"] >= 50, 1.0, 0.5)))

    old = frame["age"].to_numpy() >= 50
    assert assignment.covered[old].mean() < 0.02
    assert assignment.covered[~old].mean() > 0.97


def test_an_offer_that_is_rare_everywhere_is_not_a_lack_of_overlap() -> None:
    frame = people(12_000)

    assignment = read(history(frame, 0.02 + 0.03 * frame["need"].to_numpy()))

    assert assignment.how == "estimated propensity"
    assert assignment.covered.mean() > 0.95


def test_an_offer_that_came_when_controls_had_ended_ranks_nobody() -> None:
    frame = people(6_000)
    late = np.arange(6_000) >= 3_000
    day = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.where(late, 200, 0) + np.arange(6_000) % 90, unit="D")
    past = history(frame, late.astype(float)).assign(contacted_on=day)

    assignment = read(past)

    assert not assignment.covered.any()
    assert not assignment.covers(matrix(people(100, seed=8))).any()


def test_a_change_of_the_mix_over_time_does_not_refuse_leads_who_have_no_day_yet() -> None:
    frame = people(6_000)
    late = np.arange(6_000) >= 3_000
    day = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.where(late, 200, 0) + np.arange(6_000) % 90, unit="D")
    past = history(frame, np.where(late, 0.7, 0.3)).assign(contacted_on=day)

    assignment = read(past)

    assert assignment.how == "estimated propensity"
    assert assignment.propensity[late, 1].mean() == pytest.approx(0.7, abs=0.03)
    assert assignment.propensity[~late, 1].mean() == pytest.approx(0.3, abs=0.03)
    assert assignment.covers(matrix(people(100, seed=8))).all()


def test_what_people_hardly_ever_get_is_clipped_and_said_so() -> None:
    frame = people(9_000)
    rare = np.where(frame["age"] >= 50, 0.004, 0.5)

    assignment = read(history(frame, rare))

    old = frame["age"].to_numpy() >= 50
    assert assignment.clipped is not None
    assert assignment.clipped[old & (assignment.arm == 1)].mean() > 0.5
    assert not assignment.clipped[~old].any()
    assert assignment.own_propensity.min() >= 0.019


def test_given_chances_are_kept_and_the_other_arms_share_the_rest() -> None:
    frame = people(6_000)
    chance = by_need(frame)
    past = history(frame, chance)
    own = np.where(past["offer"] == "coupon", chance, 1 - chance)

    assignment = read(past.assign(propensity=own))

    assert assignment.how == "given propensity"
    np.testing.assert_array_equal(assignment.own_propensity, own)
    assert assignment.propensity == pytest.approx(np.column_stack([1 - chance, chance]))
    assert assignment.randomised
    assert assignment.clipped is None


def test_with_given_chances_too_people_who_were_never_written_to_are_not_ranked() -> None:
    frame = people(6_000)
    chance = np.where(frame["age"] >= 50, 0.0, 0.05)
    past = history(frame, chance)
    own = np.where(past["offer"] == "coupon", chance, 1 - chance)

    assignment = read(past.assign(propensity=own))

    old = frame["age"].to_numpy() >= 50
    assert assignment.covered[old].mean() < 0.05
    # One in twenty, known for sure, is rare but no lack of overlap.
    assert assignment.covered[~old].mean() > 0.9


def test_the_plain_curve_is_refused_where_offers_were_not_given_at_random(read_desk: Assignment) -> None:
    with pytest.raises(BadInput, match="Qini needs offers that were given at random, but need tells who got what"):
        require_randomised(read_desk)

    require_randomised(replace(read_desk, how="given propensity"))
    require_randomised(replace(read_desk, how="uniform"))
