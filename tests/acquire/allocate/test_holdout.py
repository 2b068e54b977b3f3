"""The control holdout: everybody has the same chance to be kept back, and a person is kept back whole."""

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


def keep(frame: pd.DataFrame, share: float, seed: int = 1, promise: np.ndarray | None = None) -> np.ndarray:
    ranking = np.arange(len(frame), dtype=float) if promise is None else promise
    return keep_back(frame, ranking, np.ones(len(frame), dtype=bool), share, np.random.default_rng(seed))


@settings(max_examples=40)
@given(n=st.integers(1, 300), share=st.floats(0.001, 0.99), seed=st.integers(0, 1_000))
def test_each_channel_keeps_its_share_back_within_one(n: int, share: float, seed: int) -> None:
    frame = leads(n, ("feed", "mail", "calls"))

    kept = keep(frame, share, seed)

    for channel in set(frame["channel"]):
        mine = (frame["channel"] == channel).to_numpy()
        assert abs(kept[mine].sum() - share * mine.sum()) < 1 + 1e-6


@settings(max_examples=40)
@given(share=st.floats(0.02, 0.5), top=st.integers(1, 200), seed=st.integers(0, 200))
def test_whatever_part_of_the_ranking_is_contacted_its_share_was_kept_back(share: float, top: int, seed: int) -> None:
    promise = np.random.default_rng(seed).random(200)

    kept = keep(leads(200), share, seed, promise)

    best = np.argsort(-promise)[:top]
    assert abs(kept[best].sum() - share * top) <= 2


@pytest.mark.parametrize("share", [0.4, 0.9])
def test_every_lead_has_the_same_chance(share: float) -> None:
    frame = leads(23)

    kept = np.mean([keep(frame, share, seed) for seed in range(400)], axis=0)

    # Three and a half standard errors of 400 draws.
    assert np.abs(kept - share).max() < 3.5 * np.sqrt(share * (1 - share) / 400)


def test_a_channel_too_small_for_one_control_still_has_its_chance() -> None:
    kept = np.mean([keep(leads(3), 0.05, seed).sum() for seed in range(400)])

    assert kept == pytest.approx(3 * 0.05, abs=0.06)


def test_another_seed_keeps_other_people_back_and_the_same_seed_the_same() -> None:
    frame = leads(200)

    assert (keep(frame, 0.1, seed=1) == keep(frame, 0.1, seed=1)).all()
    assert (keep(frame, 0.1, seed=1) != keep(frame, 0.1, seed=2)).any()


def test_a_share_of_zero_keeps_nobody_back() -> None:
    assert not keep(leads(100), 0.0).any()


def test_nobody_eligible_nobody_kept_back() -> None:
    nobody = np.zeros(10, dtype=bool)

    assert not keep_back(leads(10), np.arange(10.0), nobody, 0.5, np.random.default_rng(1)).any()


def test_a_person_is_kept_back_in_every_channel_or_in_none() -> None:
    person = [f"P{i // 2}" for i in range(400)]
    frame = leads(400, ("feed", "mail"), person)

    kept = keep(frame, 0.2)

    assert set(pd.Series(kept).groupby(frame["person_id"]).nunique()) == {1}
    assert kept.sum() == pytest.approx(2 * 0.2 * 200, abs=4)


def test_leads_without_a_person_are_people_of_their_own() -> None:
    kept = keep(leads(100, person=[None] * 100), 0.2)

    assert kept.sum() == pytest.approx(20, abs=1)


def test_only_eligible_leads_are_kept_back() -> None:
    frame = leads(400, ("feed", "mail"), [f"P{i // 2}" for i in range(400)])
    eligible = np.arange(400) % 4 != 0

    kept = keep_back(frame, np.arange(400.0), eligible, 0.5, np.random.default_rng(3))

    assert kept.any()
    assert not kept[~eligible].any()
