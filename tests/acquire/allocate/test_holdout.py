"""The control holdout: everybody has the same chance, a person is kept back whole, and stays so from plan to plan."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.allocate.holdout import keep_back


def leads(n: int, channels: tuple[str, ...] = ("feed",), person: list[str | None] | None = None) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"lead_id": [f"L{i}" for i in range(n)], "channel": [channels[i % len(channels)] for i in range(n)]}
    )
    return frame if person is None else frame.assign(person_id=pd.Series(person, dtype="str"))


def keep(frame: pd.DataFrame, share: float, seed: int = 1) -> np.ndarray:
    return keep_back(frame, np.ones(len(frame), dtype=bool), share, seed)


def test_a_control_of_this_month_is_a_control_of_next_month_too() -> None:
    people: list[str | None] = [f"P{i}" for i in range(600)]
    this_month = leads(600, ("feed", "mail"), people)
    # Next month half of them come again, in another order, by other channels and under new lead ids, beside new people.
    again = this_month.iloc[300:].sample(frac=1, random_state=3)
    newcomers: list[str | None] = [f"N{i}" for i in range(300)]
    next_month = leads(600, ("calls", "feed", "sms"), again["person_id"].tolist() + newcomers)
    next_month["lead_id"] = "second " + next_month["lead_id"]

    controls = set(this_month["person_id"][keep(this_month, 0.2)])
    later = set(next_month["person_id"][keep(next_month, 0.2)])

    assert later & set(people) == controls & set(people[300:])
    assert later - set(people)


@settings(max_examples=40)
@given(small=st.floats(0.0, 0.99), large=st.floats(0.0, 0.99), seed=st.integers(0, 1_000))
def test_who_is_kept_back_stays_so_as_long_as_the_share_allows(small: float, large: float, seed: int) -> None:
    frame = leads(200)
    small, large = min(small, large), max(small, large)

    assert not (keep(frame, small, seed) & ~keep(frame, large, seed)).any()


def test_another_program_can_tell_who_is_kept_back_from_the_seed_and_the_id_alone() -> None:
    frame = leads(3, person=["Ann", None, "Bo"])

    def lot(name: str) -> float:
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8, key=b"7").digest(), "big")
        return (number >> 11) / 2**53

    for row, name in enumerate(["person Ann", "lead L1", "person Bo"]):
        assert keep(frame, np.nextafter(lot(name), 1), seed=7)[row]
        assert not keep(frame, lot(name), seed=7)[row]


@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
def test_every_lead_has_the_same_chance_whoever_else_is_there(share: float) -> None:
    frame = leads(23)

    kept = np.mean([keep(frame, share, seed) for seed in range(400)], axis=0)

    # Three and a half standard errors of 400 draws.
    assert np.abs(kept - share).max() < 3.5 * np.sqrt(share * (1 - share) / 400)


@pytest.mark.parametrize("seed", range(5))
def test_every_channel_keeps_its_share_back_but_for_chance(seed: int) -> None:
    frame = leads(30_000, ("feed", "mail", "calls"))

    by_channel = pd.Series(keep(frame, 0.1, seed)).groupby(frame["channel"]).mean()

    assert np.abs(by_channel - 0.1).max() < 4 * np.sqrt(0.1 * 0.9 / 10_000)


def test_another_seed_keeps_other_people_back_and_the_same_seed_the_same() -> None:
    frame = leads(2_000)

    assert (keep(frame, 0.1, seed=1) == keep(frame, 0.1, seed=1)).all()
    # Independent: one in a hundred is kept back by both.
    assert (keep(frame, 0.1, seed=1) & keep(frame, 0.1, seed=2)).mean() == pytest.approx(0.01, abs=0.008)


def test_a_share_of_zero_keeps_nobody_back() -> None:
    assert not keep(leads(100), 0.0).any()


def test_nobody_eligible_nobody_kept_back() -> None:
    assert not keep_back(leads(10), np.zeros(10, dtype=bool), 0.5, 1).any()


def test_a_person_is_kept_back_in_every_channel_or_in_none() -> None:
    frame = leads(400, ("feed", "mail"), [f"P{i // 2}" for i in range(400)])

    kept = keep(frame, 0.2)

    assert kept.any()
    assert set(pd.Series(kept).groupby(frame["person_id"]).nunique()) == {1}


def test_leads_without_a_person_are_people_of_their_own() -> None:
    nameless, named = keep(leads(500, person=[None] * 500), 0.2), keep(leads(500), 0.2)

    assert 0 < nameless.sum() < 500
    assert (nameless == named).all()


def test_only_eligible_leads_are_kept_back() -> None:
    frame = leads(400, ("feed", "mail"), [f"P{i // 2}" for i in range(400)])
    eligible = np.arange(400) % 4 != 0

    kept = keep_back(frame, eligible, 0.5, 3)

    assert kept.any()
    assert not kept[~eligible].any()
