"""What went bad among the bookings that contacts added: read against the holdout, once it is final."""

from dataclasses import replace

import numpy as np
import pytest

from acquire.statistics.normal import Z_90
from acquire.uplift.holdout_bads import BadReading, read_bads
from acquire.uplift.reading import read_trial
from acquire.uplift.trial import Trial
from tests.acquire.uplift.trials import draw_trial, together, trial_of

NO_SLOPES = np.zeros(0)


def with_bads(trial: Trial, n_contacts: int, n_controls: int) -> Trial:
    """The first so many bookings of either side went bad."""
    bad = np.full(len(trial), np.nan)
    for rows, n_bad in ((trial.arm > 0, n_contacts), (trial.arm == 0, n_controls)):
        booked = np.flatnonzero(rows & (trial.booked == 1))
        bad[booked] = np.arange(len(booked)) < n_bad
    return replace(trial, bad=bad)


def read(trial: Trial) -> BadReading:
    found = read_bads(trial, NO_SLOPES, Z_90)
    assert found is not None
    return found


def test_the_extra_bookings_have_a_bad_rate_of_their_own() -> None:
    # Of 1,000 contacts 200 book and 40 go bad; of 1,000 controls 100 and 10. So 100 bookings were added, and 30 of them are bad.
    found = read(with_bads(trial_of((1_000, 200), (1_000, 100)), 40, 10))

    assert (found.bad_rate, found.control_bad_rate) == (0.2, 0.1)
    assert found.extra_bad.expected == pytest.approx(30)
    assert found.incremental_bad_rate.expected == pytest.approx(0.3)
    assert 0.1 < found.incremental_bad_rate.low < 0.3 < found.incremental_bad_rate.high < 0.5


def test_channels_are_compared_each_with_its_own_controls() -> None:
    # Channel a: every tenth contact and control books, all are bad. Channel b: none are bad, a third more contacts book.
    a = with_bads(trial_of((900, 90), (100, 10)), 90, 10)
    b = with_bads(trial_of((100, 40), (900, 90)), 0, 0)
    both = together(a, b)
    both = replace(both, bad=np.concatenate([a.bad, b.bad]))

    assert read(both).extra_bad.expected == pytest.approx(0)


def test_the_bad_rate_of_what_may_be_nothing_is_not_known() -> None:
    found = read(with_bads(trial_of((200, 20), (200, 19)), 5, 2))

    assert np.isnan(found.incremental_bad_rate.expected)
    assert np.isfinite(found.extra_bad.expected)


def test_a_few_bookings_that_are_not_final_count_like_the_others_of_their_side() -> None:
    trial = with_bads(trial_of((1_000, 200), (1_000, 100)), 40, 10)
    assert trial.bad is not None
    contacts = np.flatnonzero((trial.arm > 0) & (trial.booked == 1))
    trial.bad[contacts[::20]] = np.nan  # one in twenty, of the bad and of the good

    found = read(trial)

    assert found.matured == pytest.approx(0.95)
    assert found.extra_bad.expected == pytest.approx(30)


def test_before_most_bookings_are_final_only_rates_are_given() -> None:
    trial = with_bads(trial_of((1_000, 200), (1_000, 100)), 40, 10)
    assert trial.bad is not None
    controls = np.flatnonzero((trial.arm == 0) & (trial.booked == 1))
    trial.bad[controls[-20:]] = np.nan

    found = read(trial)

    assert found.matured == pytest.approx(0.8)
    assert found.control_bad_rate == pytest.approx(10 / 80)
    assert np.isnan(found.extra_bad.expected)
    assert np.isnan(found.incremental_bad_rate.expected)


def test_no_bad_control_does_not_make_the_extra_bads_certain() -> None:
    few = read(with_bads(trial_of((50, 20), (50, 2)), 0, 0))

    assert few.extra_bad.expected == 0
    assert few.extra_bad.low < 0 < few.extra_bad.high


def test_where_nobody_wrote_it_down_nothing_is_said() -> None:
    assert read_bads(trial_of((10, 2), (10, 1)), NO_SLOPES, Z_90) is None
    assert read_trial(trial_of((10, 2), (10, 1)), offers_by_lot=False).total.bad is None


def test_the_true_bad_rate_of_the_extra_lies_within_nine_times_in_ten() -> None:
    # Whoever books anyway goes bad 1 time in 10, whoever the contact brings 3 times in 10.
    rng, held = np.random.default_rng(5), []
    for _ in range(150):
        trial, effect, _ = draw_trial(rng, n=4_000, control_share=0.3, effect=0.06)
        p0 = trial.before[:, 0]
        p_bad = np.where(trial.arm > 0, (0.1 * p0 + 0.3 * effect) / (p0 + effect), 0.1)
        bad = np.where(trial.booked == 1, rng.random(len(trial)) < p_bad, np.nan)
        line = read_trial(replace(trial, bad=bad), offers_by_lot=False).total.bad
        assert line is not None
        held.append(line.incremental_bad_rate.low <= 0.3 <= line.incremental_bad_rate.high)

    assert 0.84 <= np.mean(held) <= 0.97
