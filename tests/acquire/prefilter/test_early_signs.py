from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import BadInput
from acquire.prefilter.early_signs import KnownLabels, Signs, early_signs, early_to_late, read_labels

TODAY = date(2026, 1, 1)
NAN = float("nan")


def days_ago(*days: int) -> list[pd.Timestamp]:
    return [pd.Timestamp(TODAY) - pd.Timedelta(days=n) for n in days]


def labels_of(booked: pd.DataFrame, maturity_days: int | None = None) -> KnownLabels:
    return read_labels(booked, on=TODAY, maturity_days=maturity_days)


def signs_of(booked: pd.DataFrame, maturity_days: int | None = None) -> Signs:
    return early_signs(booked, labels_of(booked, maturity_days))


def test_a_label_is_final_from_the_day_of_maturity_on() -> None:
    booked = pd.DataFrame({"bad": [1.0, 0.0, 1.0, NAN], "contacted_on": days_ago(271, 270, 269, 400)})
    labels = labels_of(booked, maturity_days=270)
    assert labels.matured.tolist() == [True, True, False, False]
    assert labels.age_days.tolist() == [271, 270, 269, 400]
    np.testing.assert_array_equal(labels.bad, [1.0, 0.0, NAN, NAN])


def test_without_maturity_days_a_label_is_final_as_soon_as_it_is_there() -> None:
    booked = pd.DataFrame({"bad": [1.0, NAN], "contacted_on": days_ago(3, 300)})
    assert labels_of(booked).matured.tolist() == [True, False]
    assert labels_of(booked).notes == ()


def test_where_nothing_is_old_enough_the_way_out_is_named() -> None:
    booked = pd.DataFrame({"bad": [1.0, 0.0], "contacted_on": days_ago(100, 200)})
    with pytest.raises(BadInput, match="no booking with a known label is 270 days old; lower maturity_days"):
        labels_of(booked, maturity_days=270)


def test_a_booking_without_a_date_keeps_its_label_and_that_is_said() -> None:
    booked = pd.DataFrame({"bad": [1.0, 0.0], "contacted_on": [pd.NaT, *days_ago(300)]})
    labels = labels_of(booked, maturity_days=270)
    assert labels.matured.all()
    assert labels.notes == ("1 bookings have no date: their labels count as final whatever maturity_days says",)
    assert labels_of(booked.drop(columns="contacted_on"), maturity_days=270).matured.all()


def test_a_history_that_knows_the_bad_before_the_good_is_warned_of() -> None:
    # Good is labelled after 270 days, bad at once.
    booked = pd.DataFrame({"bad": [0.0] * 20 + [1.0] * 20, "contacted_on": days_ago(*range(270, 290), *range(60, 80))})
    assert labels_of(booked).notes[0].startswith("20 bookings are labelled bad that are younger than any labelled good")
    assert labels_of(booked, maturity_days=270).notes == (
        "20 labels of bookings younger than 270 days are not final and are set aside",
    )
    fair = booked.assign(bad=[0.0, 1.0] * 20)
    assert labels_of(fair).notes == ()


@pytest.mark.parametrize(("n_early", "is_told"), [(5, False), (6, True)])
def test_a_handful_of_bad_that_are_younger_than_any_good_is_chance(n_early: int, is_told: bool) -> None:
    booked = pd.DataFrame({"bad": [0.0] * 20 + [1.0] * n_early, "contacted_on": days_ago(*[270] * 20, *[60] * n_early)})
    assert bool(labels_of(booked).notes) == is_told


@pytest.mark.parametrize("sign", ["fpd1", "dpd30"])
def test_a_sign_that_is_neither_yes_nor_no_is_refused(sign: str) -> None:
    booked = pd.DataFrame({"channel": "feed", "bad": [1.0, 0.0, NAN], sign: [0.0, 2.0, NAN]})
    with pytest.raises(BadInput, match=f"{sign} is 2 in a booking; give 0, 1 or leave it empty"):
        signs_of(booked)


def test_bookings_are_looked_at_by_the_signs_they_have() -> None:
    booked = pd.DataFrame(
        {
            "bad": [NAN, NAN, NAN, NAN, 1.0],
            "fpd1": [1.0, 0.0, NAN, NAN, 1.0],
            "dpd30": [NAN, 1.0, 1.0, NAN, 1.0],
        }
    )
    signs = signs_of(booked)
    # Views: 1 = first payment only, 2 = thirty days only, 3 = both.
    assert signs.view.tolist() == [1, 3, 2, -1, -1]
    assert [int(signs.state[i, view]) for i, view in enumerate(signs.view[:3])] == [1, 2, 1]
    assert signs.n_states == (1, 2, 2, 4)
    # The matured booking is known in every view: it shows what it looked like at that age.
    assert signs.state[4, 1:].tolist() == [1, 1, 3]


def test_without_signs_the_day_of_going_bad_tells_who_was_not_bad_yet() -> None:
    booked = pd.DataFrame(
        {
            "bad": [1.0, 1.0, 0.0, NAN, NAN],
            "contacted_on": days_ago(400, 400, 400, 100, 100),
            "bad_on": [*days_ago(350, 250), pd.NaT, pd.NaT, *days_ago(20)],
        }
    )
    signs = signs_of(booked)
    assert signs.view.tolist() == [-1, -1, -1, 0, 0]
    # Bad within 100 days: the first after 50, the second after 150, the last young one after 80.
    assert signs.state[:, 0].tolist() == [1, 0, 0, 0, 1]


def test_without_dates_the_day_of_going_bad_says_nothing() -> None:
    booked = pd.DataFrame({"bad": [1.0, NAN], "bad_on": [*days_ago(10), pd.NaT]})
    assert signs_of(booked).views == ()


def test_the_table_of_early_to_late_by_hand() -> None:
    # "feed": 2 bad, both late; 2 good, one late. "mail": 1 good, not late, and one booking that waits.
    booked = pd.DataFrame(
        {
            "channel": ["feed"] * 4 + ["mail"] * 2,
            "bad": [1.0, 1.0, 0.0, 0.0, 0.0, NAN],
            "dpd30": [1.0, 1.0, 1.0, 0.0, 0.0, 1.0],
        }
    )
    labels = labels_of(booked)
    table = early_to_late(booked, labels, ~labels.matured).set_index("channel")
    assert table.index.tolist() == ["feed", "mail", "*"]
    assert table["matured"].tolist() == [4, 1, 5]
    assert table["partly"].tolist() == [0, 1, 1]
    assert table["bad_rate"].tolist() == [0.5, 0.0, 0.4]
    # Of all: 2 of 2 bad and 1 of 3 good were late; 2 of the 3 late went bad. Channels count as with 50 such rows more.
    assert table.loc["*", ["dpd30_of_bad", "dpd30_of_good", "bad_after_dpd30"]].tolist() == [1.0, 1 / 3, 2 / 3]
    assert table.loc["feed", "dpd30_of_good"] == pytest.approx((1 + 50 / 3) / 52)
    assert table.loc["mail", "dpd30_of_good"] == pytest.approx((0 + 50 / 3) / 51)
    assert table.loc["mail", "bad_after_dpd30"] == pytest.approx(2 / 3)


def test_a_sign_that_was_never_seen_has_no_share() -> None:
    booked = pd.DataFrame({"channel": "feed", "bad": [1.0, 0.0], "fpd1": [NAN, NAN]})
    labels = labels_of(booked)
    table = early_to_late(booked, labels, ~labels.matured)
    assert table["fpd1_of_bad"].isna().all()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, 1.0, NAN]), st.sampled_from([0.0, 1.0, NAN]))))
def test_shares_of_the_table_lie_between_zero_and_one_and_counts_add_up(rows: list[tuple[str, float, float]]) -> None:
    booked = pd.DataFrame(rows, columns=["channel", "bad", "fpd1"]).astype({"bad": float, "fpd1": float})
    labels = labels_of(booked)
    table = early_to_late(booked, labels, ~labels.matured)
    assert table["matured"].iloc[:-1].sum() == table["matured"].iloc[-1] == labels.matured.sum()
    shares = table.drop(columns=["channel", "matured", "partly"]).to_numpy(dtype=float)
    assert ((shares >= 0) & (shares <= 1) | np.isnan(shares)).all()
