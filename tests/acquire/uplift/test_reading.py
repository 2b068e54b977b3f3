"""An experiment is read by what the lot gave: with pencil on small trials, by simulation on how often its intervals hold."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import BadInput
from acquire.uplift.cuped import fit_slopes
from acquire.uplift.fieller import ratio_interval
from acquire.uplift.intent_to_treat import cells, measure_added, row_weights
from acquire.uplift.reading import Reading, read_trial
from acquire.uplift.trial import Trial
from tests.acquire.uplift.trials import draw_trial, together, trial_of

NO_SLOPES = np.zeros(0)


def read(trial: Trial, n_looks: int = 1) -> Reading:
    return read_trial(trial, offers_by_lot=False, n_looks=n_looks)


def test_contacts_add_the_difference_of_booked_shares_times_contacts() -> None:
    total = read(trial_of((100, 20), (50, 5))).total
    assert total.difference.expected == pytest.approx(0.2 - 0.1)
    assert total.extra.expected == pytest.approx(100 * (0.2 - 0.1))
    assert (total.contacts, total.controls, total.booked, total.control_booked) == (100, 50, 20, 5)


def test_the_interval_is_that_of_the_textbook_where_many_booked() -> None:
    total = read(trial_of((10_000, 4_000), (10_000, 3_000))).total
    sd = math.sqrt(0.4 * 0.6 / 10_000 + 0.3 * 0.7 / 10_000)
    assert total.difference.low == pytest.approx(0.1 - 1.645 * sd, abs=1e-5)
    assert total.difference.high == pytest.approx(0.1 + 1.645 * sd, abs=1e-5)


def test_each_channel_is_compared_with_its_own_controls() -> None:
    # In neither channel does a contact add anything; thrown together, 20 % of the contacted booked, and 42 % of the controls.
    poor, rich = trial_of((300, 30), (20, 2)), trial_of((100, 50), (80, 40))
    assert read(together(poor, rich)).total.extra.expected == pytest.approx(0)
    better = trial_of((100, 70), (80, 40))
    assert read(together(poor, better)).total.extra.expected == pytest.approx(100 * 0.2)


def test_a_channel_with_few_controls_borrows_those_of_the_next_smallest() -> None:
    small, middle, large = trial_of((40, 8), (4, 0)), trial_of((60, 12), (8, 2)), trial_of((200, 40), (100, 10))
    extra = read(together(small, middle, large)).total.extra.expected
    assert extra == pytest.approx((20 - 100 * 2 / 12) + (40 - 200 * 0.1))


def test_a_channel_without_controls_has_no_difference_of_its_own() -> None:
    lines = read(together(trial_of((40, 8), (0, 0)), trial_of((200, 40), (100, 10)))).lines
    alone = next(line for line in lines if line.name == "a")
    assert math.isnan(alone.difference.expected)
    assert not alone.is_known
    assert math.isnan(alone.incremental_cac.expected)
    assert lines[0].is_known


def test_no_booking_among_few_controls_is_not_taken_for_never() -> None:
    total = read(trial_of((1_000, 40), (30, 0))).total
    assert total.difference.expected == pytest.approx(0.04)
    assert total.difference.low < 0
    assert not total.is_known


def test_an_extra_booking_costs_what_was_spent_over_what_was_added() -> None:
    total = read(trial_of((1_000, 200), (1_000, 100), cost=5.0)).total
    assert total.spend == pytest.approx(5_000)
    assert total.incremental_cac.expected == pytest.approx(5_000 / 100)
    # The spend is the same for each contact, so only the extra bookings are uncertain.
    assert total.incremental_cac.low == pytest.approx(5_000 / total.extra.high)
    assert total.incremental_cac.high == pytest.approx(5_000 / total.extra.low)


@pytest.mark.parametrize(("booked", "control_booked"), [(100, 95), (100, 100), (50, 100)])
def test_the_cost_of_an_extra_booking_is_not_known_while_the_interval_touches_nothing(
    booked: int, control_booked: int
) -> None:
    total = read(trial_of((1_000, booked), (1_000, control_booked))).total
    assert math.isnan(total.incremental_cac.expected)
    assert math.isnan(total.incremental_cac.high)


def test_contacts_that_lose_bookings_are_known_to_and_have_no_cost_per_extra_one() -> None:
    total = read(trial_of((1_000, 50), (1_000, 100))).total
    assert total.is_known
    assert total.difference.high < 0


def test_a_reading_that_is_not_known_says_how_many_more_leads_it_takes() -> None:
    total = read(trial_of((1_000, 110), (1_000, 100))).total
    sd = math.sqrt(0.11 * 0.89 / 1_000 + 0.10 * 0.90 / 1_000)
    assert total.times_more == pytest.approx(((1.645 + 0.8416) * sd / 0.01) ** 2, rel=0.02)
    assert math.isnan(read(trial_of((1_000, 90), (1_000, 100))).total.times_more)


def test_money_that_nobody_wrote_down_leaves_the_cost_unknown_and_the_effect_known() -> None:
    total = read(trial_of((1_000, 200), (1_000, 100), cost=math.nan)).total
    assert total.is_known
    assert math.isnan(total.spend)
    assert math.isnan(total.incremental_cac.expected)


def test_what_was_known_before_takes_variance_away_and_moves_nothing_else() -> None:
    trial, _, _ = draw_trial(np.random.default_rng(1), n=20_000, control_share=0.3)
    total = read(trial).total
    assert total.difference.expected == pytest.approx(total.plain.expected, abs=0.01)
    assert 0.05 < total.variance_saved < 0.5
    assert total.difference.high - total.difference.low < total.plain.high - total.plain.low


def test_what_was_known_before_and_tells_nothing_changes_nothing() -> None:
    trial = dataclasses.replace(trial_of((500, 50), (500, 25)), before=np.ones((1_000, 1)))
    total = read(trial).total
    assert total.difference == total.plain
    assert total.variance_saved == pytest.approx(0)


def test_an_outcome_that_was_known_before_leaves_no_doubt_but_that_of_few_bookings() -> None:
    trial = trial_of((500, 50), (500, 50))
    slopes = fit_slopes(
        told := dataclasses.replace(trial, before=trial.booked[:, None]), row_weights(told), cells(told)
    )
    assert slopes == pytest.approx([1.0])
    assert measure_added(told, slopes).variance < 0.1 * measure_added(told, slopes).plain_variance


def test_few_controls_are_not_asked_what_was_known_before() -> None:
    trial, _, _ = draw_trial(np.random.default_rng(2), n=300, control_share=0.1)
    assert read(trial).slopes == (0.0,)


def test_rows_of_one_person_count_as_one_piece_of_evidence() -> None:
    alone = trial_of((200, 40), (200, 20))
    twice = dataclasses.replace(alone, person=np.arange(400) // 2)
    single, double = (measure_added(one, NO_SLOPES).plain_variance for one in (alone, twice))
    # Bookings come in pairs here: the variance doubles, up to what few bookings hide.
    assert double / single == pytest.approx(2, rel=0.05)


def test_offers_are_read_one_by_one_only_where_the_lot_chose_among_them() -> None:
    arm = np.repeat([0, 1, 2], 300)
    booked = np.concatenate([np.arange(300) < n for n in (30, 60, 30)]).astype(float)
    trial = dataclasses.replace(
        trial_of((600, 0), (300, 0)), offers=("coupon", "letter"), arm=arm, booked=booked, cost=np.ones(900)
    )
    names = {(line.what, line.name) for line in read(trial).lines}
    assert names == {("all", "all"), ("channel", "mail")}
    by_offer = {line.name: line for line in read_trial(trial, offers_by_lot=True).lines if line.what == "offer"}
    assert by_offer["coupon"].difference.expected == pytest.approx(0.1)
    assert by_offer["letter"].difference.expected == pytest.approx(0.0)
    assert by_offer["coupon"].contacts == 300


def test_many_looks_need_wider_intervals() -> None:
    once, often = read(trial_of((1_000, 200), (1_000, 150))), read(trial_of((1_000, 200), (1_000, 150)), n_looks=5)
    assert once.z == pytest.approx(1.645, abs=1e-3)
    assert often.z == pytest.approx(2.326, abs=1e-3)
    assert often.total.difference.low < once.total.difference.low


@pytest.mark.parametrize(
    ("contacted", "controls", "word"), [((0, 0), (9, 1), "contacts"), ((9, 1), (0, 0), "controls")]
)
def test_without_both_sides_there_is_nothing_to_compare(
    contacted: tuple[int, int], controls: tuple[int, int], word: str
) -> None:
    with pytest.raises(BadInput, match=f"no {word} have an outcome"):
        read(trial_of(contacted, controls))


def test_fewer_than_one_look_is_no_reading() -> None:
    with pytest.raises(BadInput, match="read 0 times; give at least 1"):
        read(trial_of((9, 1), (9, 1)), n_looks=0)


def test_a_ratio_whose_parts_are_certain_is_certain() -> None:
    ratio = ratio_interval(10, 4, above_variance=0, below_variance=0, covariance=0, z=1.645)
    assert (ratio.expected, ratio.low, ratio.high) == pytest.approx((2.5, 2.5, 2.5))


@given(st.floats(1, 1_000), st.floats(1, 1_000), st.floats(0, 200), st.floats(0.01, 200), st.floats(-0.99, 0.99))
def test_the_ends_of_a_ratio_are_where_the_line_is_just_as_far_off_as_said(
    above: float, below: float, above_sd: float, below_sd: float, correlation: float
) -> None:
    covariance = correlation * above_sd * below_sd
    ratio = ratio_interval(
        above, below, above_variance=above_sd**2, below_variance=below_sd**2, covariance=covariance, z=1.645
    )
    if below <= 1.645 * below_sd:
        assert math.isnan(ratio.expected)
        return
    assert ratio.low <= ratio.expected <= ratio.high
    if below < 1.7 * below_sd:
        return  # The ends run away there; digits do too.
    for end in (ratio.low, ratio.high):
        variance = above_sd**2 - 2 * end * covariance + end**2 * below_sd**2
        assert (above - end * below) ** 2 == pytest.approx(1.645**2 * variance, rel=1e-3, abs=1e-3)


def test_fieller_agrees_with_the_bootstrap_where_the_effect_is_clear() -> None:
    rng = np.random.default_rng(5)
    trial, _, _ = draw_trial(rng, n=6_000, control_share=0.4, effect=0.08)
    reading = read(trial)
    found, slopes, ratios = reading.total.incremental_cac, np.array(reading.slopes), []
    for _ in range(400):
        again = trial.of(rng.integers(0, len(trial), len(trial)))
        added = measure_added(dataclasses.replace(again, person=np.arange(len(again))), slopes)
        ratios.append(added.spend / added.extra)
    assert np.quantile(ratios, [0.05, 0.95]) == pytest.approx([found.low, found.high], rel=0.05)


@pytest.mark.parametrize(
    ("n", "control_share", "effect"), [(1_000, 0.05, 0.03), (3_000, 0.05, 0.02), (1_500, 0.3, 0.0), (3_000, 0.1, 0.06)]
)
def test_the_true_effect_lies_within_the_interval_nine_times_in_ten(
    n: int, control_share: float, effect: float
) -> None:
    rng = np.random.default_rng(11)
    held = []
    for _ in range(200):
        trial, truth, _ = draw_trial(rng, n=n, control_share=control_share, effect=effect)
        total = read(trial).total
        held.append(total.difference.low <= truth <= total.difference.high)
    assert 0.84 <= np.mean(held) <= 0.96


def test_the_true_cost_lies_within_its_interval_nine_times_in_ten_where_the_effect_is_surely_found() -> None:
    rng = np.random.default_rng(12)
    held = []
    for _ in range(200):
        trial, _, cost = draw_trial(rng, n=3_000, control_share=0.2, effect=0.08)
        found = read(trial).total.incremental_cac
        held.append(found.low <= cost <= found.high)
    assert 0.84 <= np.mean(held) <= 0.96


def test_without_any_effect_a_cost_is_given_one_time_in_twenty_at_most() -> None:
    rng = np.random.default_rng(13)
    given_out = [
        not math.isnan(read(draw_trial(rng, n=1_000, effect=0.0)[0]).total.incremental_cac.expected) for _ in range(300)
    ]
    assert np.mean(given_out) <= 0.08
