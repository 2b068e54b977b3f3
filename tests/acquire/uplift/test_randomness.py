"""Were offers given at random? The test must let fair draws pass and name what was not fair."""

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature
from acquire.uplift.randomness import Randomness, check_randomness

FEATURES = (
    Feature(name="channel", kind="category"),
    Feature(name="age", kind="numeric"),
    Feature(name="income", kind="numeric"),
)
N = 1_500


def history(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    income = rng.lognormal(8.0, 1.0, N)
    income[rng.random(N) < 0.2] = np.nan
    return pd.DataFrame(
        {
            "channel": rng.choice(["feed", "search", "calls"], N),
            "age": rng.integers(20, 60, N).astype(float),
            "income": income,
            "contacted_on": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 150, N), unit="D"),
        }
    )


def check(table: pd.DataFrame, chance_of_offer: object, seed: int) -> Randomness:
    arm = (np.random.default_rng(seed).random(N) < chance_of_offer).astype(np.int64)
    return check_randomness(table, FEATURES, arm)


def test_fair_draws_give_p_values_that_are_spread_evenly() -> None:
    found = [check(history(seed), 0.5, seed + 1_000).p_value for seed in range(150)]

    assert np.mean(found) == pytest.approx(0.5, abs=0.08)
    assert 0.02 <= np.mean(np.array(found) < 0.1) <= 0.18
    assert 0.40 <= np.mean(np.array(found) < 0.5) <= 0.60


def test_fair_draws_of_three_arms_with_unequal_shares_pass() -> None:
    draws = np.random.default_rng(5)
    found = [
        check_randomness(history(seed), FEATURES, draws.choice(3, N, p=[0.1, 0.3, 0.6])).p_value for seed in range(60)
    ]

    assert np.mean(found) == pytest.approx(0.5, abs=0.12)
    assert min(found) > 0.001


@pytest.mark.parametrize("column", ["age", "income"])
def test_offers_that_went_to_some_values_are_caught_and_the_column_is_named(column: str) -> None:
    table = history(1)
    rank = table[column].rank(pct=True).fillna(0.5)

    answer = check(table, 0.3 + 0.4 * rank, seed=2)

    assert not answer.uniform
    assert answer.strongest == column


def test_offers_that_went_to_one_channel_are_caught() -> None:
    table = history(3)

    answer = check(table, np.where(table["channel"] == "calls", 0.7, 0.45), seed=4)

    assert not answer.uniform
    assert answer.strongest == "channel"


def test_offers_that_went_to_those_with_a_missing_value_are_caught() -> None:
    table = history(5)

    answer = check(table, np.where(table["income"].isna(), 0.8, 0.5), seed=6)

    assert not answer.uniform
    assert answer.strongest == "income"


def test_an_offer_that_was_given_more_often_in_one_month_is_caught() -> None:
    table = history(7)

    answer = check(table, np.where(table["contacted_on"].dt.month == 3, 0.8, 0.5), seed=8)

    assert not answer.uniform
    assert answer.strongest == "contacted_on"


def test_one_absurd_value_cannot_fake_a_dependence() -> None:
    table = history(9)
    table.loc[0, "income"] = 1e15

    assert check(table, 0.5, seed=10).uniform


def test_rows_that_are_all_alike_tell_nothing() -> None:
    table = pd.DataFrame({"channel": ["feed"] * N, "age": 30.0, "income": 1.0})

    assert check(table, 0.5, seed=11) == Randomness(p_value=1.0, uniform=True, strongest="none")


def test_a_repeated_column_does_not_count_twice() -> None:
    table = history(12)
    arm = (np.random.default_rng(13).random(N) < 0.5).astype(np.int64)
    twice = (*FEATURES, Feature(name="copy", kind="numeric"))

    once = check_randomness(table, FEATURES, arm)
    repeated = check_randomness(table.assign(copy=table["age"]), twice, arm)

    assert repeated.p_value == pytest.approx(once.p_value, rel=1e-6)


def test_a_constant_column_does_not_count_at_all() -> None:
    table = history(14)
    arm = (np.random.default_rng(15).random(N) < 0.5).astype(np.int64)

    plain = check_randomness(table, FEATURES, arm)
    padded = check_randomness(table.assign(flat=0.1), (*FEATURES, Feature(name="flat", kind="numeric")), arm)

    assert padded.p_value == pytest.approx(plain.p_value, rel=1e-6)
