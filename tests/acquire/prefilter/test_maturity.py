from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit

from acquire.prefilter.early_signs import read_labels
from acquire.prefilter.maturity import Maturity, partly_matured, stand_in

TODAY = date(2026, 1, 1)
NAN = float("nan")


def enter(booked: pd.DataFrame, p: float | np.ndarray = 0.2, maturity_days: int | None = None) -> Maturity:
    """Let `booked` enter, with `p` the chance to go bad by matured bookings."""
    labels = read_labels(booked, on=TODAY, maturity_days=maturity_days)
    return partly_matured(booked, labels, np.broadcast_to(p, len(booked)).astype(float), np.random.default_rng(1))


def many(n: int, **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"channel": "feed", **columns}, index=range(n))


def old_bookings(n_bad: int = 1_000, n_good: int = 1_000, **signs: tuple[float, float]) -> pd.DataFrame:
    """Matured bookings; each sign is shown by the given shares of the bad and of the good, spread evenly over them."""
    parts = []
    for bad, n in ((1.0, n_bad), (0.0, n_good)):
        shown = {name: shown_by(of_bad if bad else of_good, n) for name, (of_bad, of_good) in signs.items()}
        parts.append(many(n, bad=bad, **shown))
    return pd.concat(parts, ignore_index=True)


def shown_by(share: float, n: int) -> np.ndarray:
    return (np.arange(n) < round(share * n)).astype(float)


def test_what_is_seen_is_worth_what_a_pencil_says() -> None:
    of_bad, of_good = np.array([[0.4, 0.6]] * 2), np.array([[0.9, 0.1]] * 2)
    y, weight = stand_in(np.array([0.2, 0.2]), of_bad, of_good, np.array([0, 1]))
    # Not late: q = .2*.4 / (.2*.4 + .8*.9) = .1.  Late: q = .2*.6 / (.2*.6 + .8*.1) = .6.
    # weight = (.4-.9)*.1 + (.6-.1)*.6 = .25; y = .2 + (.1-.2)/.25 = -.2 and .2 + (.6-.2)/.25 = 1.8.
    np.testing.assert_allclose(weight, 0.25)
    np.testing.assert_allclose(y, [-0.2, 1.8])


@pytest.mark.parametrize(("apart", "tells"), [(0.0, False), (0.06, False), (0.08, True)])
def test_a_sign_worth_less_than_a_fiftieth_of_a_label_tells_nothing(apart: float, tells: bool) -> None:
    # At even odds, with the sign shown by .5 + apart of the bad and .5 - apart of the good, weight = (2 apart)^2.
    of_bad, of_good = np.array([[0.5 - apart, 0.5 + apart]]), np.array([[0.5 + apart, 0.5 - apart]])
    y, weight = stand_in(np.array([0.5]), of_bad, of_good, np.array([1]))
    assert weight[0] == pytest.approx(4 * apart**2 if tells else 0.0)
    assert np.isfinite(y[0]) == tells


def test_the_same_from_a_table_of_bookings() -> None:
    young = many(2, bad=NAN, dpd30=[0.0, 1.0])
    booked = pd.concat([old_bookings(dpd30=(0.6, 0.1)), young], ignore_index=True)
    seen = enter(booked)
    np.testing.assert_allclose(seen.weight[-2:], 0.25, atol=0.001)
    np.testing.assert_allclose(seen.y[-2:], [-0.2, 1.8], atol=0.01)


def test_a_final_label_counts_as_itself_and_in_full() -> None:
    booked = pd.concat([old_bookings(dpd30=(0.6, 0.1)), many(2, bad=NAN, dpd30=[0.0, 1.0])], ignore_index=True)
    seen = enter(booked)
    assert seen.matured.sum() == 2_000
    assert (seen.y[:2_000] == booked["bad"][:2_000]).all()
    assert (seen.weight[:2_000] == 1).all()


def test_a_booking_of_which_nothing_is_seen_counts_for_nothing() -> None:
    booked = pd.concat([old_bookings(dpd30=(0.6, 0.1)), many(3, bad=NAN, dpd30=[NAN, 1.0, NAN])], ignore_index=True)
    seen = enter(booked)
    assert (seen.weight[-3:] > 0).tolist() == [False, True, False]
    assert np.isnan(seen.y[-3:]).tolist() == [True, False, True]


shares = hnp.arrays(float, st.integers(2, 4), elements=st.floats(0.01, 1)).map(lambda x: x / x.sum())
chances = st.floats(0.005, 0.995)


@given(shares, st.data(), chances)
def test_what_is_seen_is_worth_between_nothing_and_a_final_label(
    of_bad: np.ndarray, data: st.DataObject, p: float
) -> None:
    of_good = data.draw(hnp.arrays(float, len(of_bad), elements=st.floats(0.01, 1)).map(lambda x: x / x.sum()))
    y, weight = every_state(p, of_bad, of_good)
    assert ((weight >= 0) & (weight <= 1 + 1e-9)).all()
    assert (np.isnan(y) == (weight == 0)).all()


@given(shares, st.data(), chances, chances)
def test_the_average_stand_in_is_the_new_chance_however_stale_the_old_one(
    of_bad: np.ndarray, data: st.DataObject, stale: float, new: float
) -> None:
    of_good = data.draw(hnp.arrays(float, len(of_bad), elements=st.floats(0.01, 1)).map(lambda x: x / x.sum()))
    y, weight = every_state(stale, of_bad, of_good)
    if (weight > 0).all():
        # E[q - p] = (new - p) * weight is exact for any number of states: q's mean is linear in the new chance.
        shown = new * of_bad + (1 - new) * of_good
        assert shown @ y == pytest.approx(new, abs=1e-9)


@given(shares, st.data(), chances)
def test_the_weight_is_the_information_of_what_is_seen_over_that_of_a_label(
    of_bad: np.ndarray, data: st.DataObject, p: float
) -> None:
    of_good = data.draw(hnp.arrays(float, len(of_bad), elements=st.floats(0.01, 1)).map(lambda x: x / x.sum()))
    _, weight = every_state(p, of_bad, of_good)
    shown = p * of_bad + (1 - p) * of_good
    # Fisher's information on ln(odds): of a label p (1 - p), of what is seen the sum of (d shown)^2 / shown.
    fisher = float(((p * (1 - p) * (of_bad - of_good)) ** 2 / shown).sum() / (p * (1 - p)))
    if (weight > 0).all():
        np.testing.assert_allclose(weight, fisher, rtol=1e-6)
    else:
        assert fisher <= 0.02 + 1e-6


def every_state(p: float, of_bad: np.ndarray, of_good: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    k = len(of_bad)
    return stand_in(np.full(k, p), np.tile(of_bad, (k, 1)), np.tile(of_good, (k, 1)), np.arange(k))


def test_bookings_that_got_twice_as_bad_show_it_though_the_model_does_not_know() -> None:
    # 20 % of the young go bad: .2 * .6 + .8 * .1 = 20 % are late. The model still thinks 10 %.
    young = many(1_000, bad=NAN, dpd30=shown_by(0.2, 1_000))
    seen = enter(pd.concat([old_bookings(dpd30=(0.6, 0.1)), young], ignore_index=True), p=0.1)
    new = seen.weight[2_000:] @ seen.y[2_000:] / seen.weight[2_000:].sum()
    assert new == pytest.approx(0.2, abs=0.001)


def test_a_young_channel_borrows_the_step_of_all_channels_and_an_old_one_keeps_its_own() -> None:
    # In "feed" half of the good are late, in "mail" none; "new" has no matured booking.
    feed, mail = (
        old_bookings(dpd30=(1.0, of_good)).assign(channel=name) for name, of_good in (("feed", 0.5), ("mail", 0.0))
    )
    young = pd.DataFrame({"channel": ["feed", "mail", "new"], "bad": NAN, "dpd30": 1.0})
    seen = enter(pd.concat([feed, mail, young], ignore_index=True))
    # Late: feed 2 * .2 / (.2 + .8 * .5) - ..., nearly sure in mail, between the two in "new".
    late = seen.weight[-3:] * (seen.y[-3:] - 0.2) + 0.2
    np.testing.assert_allclose(late, [0.2 / 0.6, 1.0, 0.2 / (0.2 + 0.8 * 0.25)], atol=0.06)
    assert late[0] < late[2] < late[1]


def test_risky_people_who_pay_late_more_often_but_pay_are_not_taken_for_bad() -> None:
    rng = np.random.default_rng(2)
    p = np.repeat([0.05, 0.4], 6_000)
    bad = rng.random(12_000) < p
    late = rng.random(12_000) < np.where(bad, 0.7, np.where(p < 0.1, 0.02, 0.2))
    young = np.arange(12_000) % 2 == 0
    booked = many(12_000, bad=np.where(young, NAN, bad), dpd30=late.astype(float))
    seen = enter(booked, p=p)
    for group in (p < 0.1, p > 0.1):
        rows = young & group
        assert np.average(seen.y[rows], weights=seen.weight[rows]) == pytest.approx(bad[rows].mean(), abs=0.025)


def test_the_first_payment_alone_counts_before_thirty_days_are_known() -> None:
    signs = {"fpd1": (0.4, 0.0), "dpd30": (0.8, 0.0)}
    young = many(2, bad=NAN, fpd1=[1.0, 0.0], dpd30=[NAN, 0.0])
    seen = enter(pd.concat([old_bookings(**signs), young], ignore_index=True))
    first, both = seen.weight[-2:]
    # Not seen at first: q = .2*.6 / (.2*.6 + .8) = .13; weight .4 * 1 + (.6 - 1) * .13 = .35.  Both: .8 - .8 * .048 = .76.
    assert first == pytest.approx(0.4 - 0.4 * 0.12 / 0.92, abs=0.02)
    assert both == pytest.approx(0.8 - 0.8 * 0.04 / 0.84, abs=0.02)


def test_where_only_the_day_of_going_bad_is_known_the_age_tells() -> None:
    # Of the bad, half went bad within 100 days. A booking of 100 days that is not bad yet has lost half of its chance.
    old, young = pd.Timestamp("2025-01-01"), pd.Timestamp(TODAY) - pd.Timedelta(days=100)
    bad_on = [old + pd.Timedelta(days=50)] * 500 + [old + pd.Timedelta(days=200)] * 500 + [pd.NaT] * 1_000
    matured = many(2_000, bad=[1.0] * 1_000 + [0.0] * 1_000, bad_on=bad_on, contacted_on=old)
    later = many(2, bad=NAN, bad_on=[pd.NaT, young + pd.Timedelta(days=80)], contacted_on=young)
    seen = enter(pd.concat([matured, later], ignore_index=True))
    q = seen.weight[-2:] * (seen.y[-2:] - 0.2) + 0.2
    np.testing.assert_allclose(q, [0.2 * 0.5 / (0.2 * 0.5 + 0.8), 1.0], atol=0.01)


def test_a_label_younger_than_maturity_days_is_only_an_early_sign() -> None:
    day = pd.Timestamp(TODAY)
    booked = old_bookings(100, 100, dpd30=(0.6, 0.1)).assign(contacted_on=day - pd.Timedelta(days=300))
    early = many(2, bad=1.0, dpd30=[1.0, NAN], contacted_on=day - pd.Timedelta(days=100))
    seen = enter(pd.concat([booked, early], ignore_index=True), maturity_days=270)
    assert seen.matured.sum() == 200
    assert 0 < seen.weight[-2] < 1
    assert seen.weight[-1] == 0
    assert seen.notes[0] == "2 labels of bookings younger than 270 days are not final and are set aside"


def test_a_sign_that_no_matured_booking_shows_is_worth_nothing_yet() -> None:
    # dpd30 is new: only 5 of the matured bad have it, far too few for a step.
    matured = old_bookings().assign(dpd30=NAN)
    matured.loc[:4, "dpd30"] = 1.0
    matured.loc[1_000:1_900, "dpd30"] = 0.0
    seen = enter(pd.concat([matured, many(100, bad=NAN, dpd30=1.0)], ignore_index=True))
    assert seen.weight.sum() == 2_000
    assert seen.level_sd == 0.0


def test_the_step_is_less_certain_the_fewer_bookings_show_it() -> None:
    young = many(1_000, bad=NAN, dpd30=shown_by(0.2, 1_000))
    sds = [
        enter(pd.concat([old_bookings(n, n, dpd30=(0.6, 0.1)), young], ignore_index=True)).level_sd
        for n in (40, 200, 5_000)
    ]
    assert sds[0] > sds[1] > sds[2] > 0


def test_few_bad_bookings_alone_make_the_step_less_certain_and_so_do_few_good_ones() -> None:
    young = many(1_000, bad=NAN, dpd30=shown_by(0.2, 1_000))
    few_bad, few_good, many_of_both = (
        enter(pd.concat([old_bookings(n_bad, n_good, dpd30=(0.6, 0.1)), young], ignore_index=True)).level_sd
        for n_bad, n_good in ((40, 5_000), (5_000, 40), (5_000, 5_000))
    )
    assert min(few_bad, few_good) > 3 * many_of_both


def test_a_channel_without_matured_bookings_is_less_certain_than_one_with_many() -> None:
    matured = old_bookings(5_000, 5_000, dpd30=(0.6, 0.1))
    sds = []
    for name in ("feed", "new"):
        young = many(1_000, bad=NAN, dpd30=shown_by(0.2, 1_000)).assign(channel=name)
        sds.append(enter(pd.concat([matured, young], ignore_index=True)).level_sd)
    assert sds[1] > 3 * sds[0]


def test_no_early_sign_at_all_is_said() -> None:
    seen = enter(pd.concat([old_bookings(), many(7, bad=NAN)], ignore_index=True))
    assert seen.notes == ("7 bookings have not matured and show no early sign: the bad rate is learnt without them",)
    assert seen.weight.sum() == 2_000


def test_what_partly_matured_bookings_are_worth_is_said() -> None:
    seen = enter(pd.concat([old_bookings(dpd30=(0.6, 0.1)), many(8, bad=NAN, dpd30=0.0)], ignore_index=True))
    assert seen.notes == ("8 of 8 bookings that have not matured enter by their early signs, worth 2 final labels",)


def test_where_all_have_matured_there_is_nothing_to_say() -> None:
    seen = enter(old_bookings(dpd30=(0.6, 0.1)))
    assert seen.notes == ()
    assert seen.level_sd == 0.0
    assert (seen.weight == 1).all()


def test_the_same_bookings_and_seed_give_the_same_and_the_rows_stay_as_they_were() -> None:
    booked = pd.concat([old_bookings(dpd30=(0.6, 0.1)), many(50, bad=NAN, dpd30=1.0)], ignore_index=True)
    before = booked.copy()
    first, second = enter(booked), enter(booked)
    assert first.level_sd == second.level_sd
    pd.testing.assert_frame_equal(booked, before)


def test_the_standard_error_of_the_level_is_what_repeated_histories_show() -> None:
    rng = np.random.default_rng(11)
    p = expit(rng.normal(-1.5, 0.5, 4_000))
    missed, told = [], []
    for _ in range(30):
        bad = rng.random(4_000) < p
        late = rng.random(4_000) < np.where(bad, 0.6, 0.1)
        booked = many(4_000, bad=np.where(np.arange(4_000) < 600, bad, NAN), dpd30=late.astype(float))
        seen = enter(booked, p=p)
        young = slice(600, None)
        information = (seen.weight * p * (1 - p))[young].sum()
        missed.append((seen.weight * (seen.y - p))[young].sum() / information)
        told.append(np.hypot(seen.level_sd, information**-0.5))
    # The step's error and the luck of the young bookings themselves, together.
    assert np.std(missed) == pytest.approx(np.mean(told), rel=0.4)
