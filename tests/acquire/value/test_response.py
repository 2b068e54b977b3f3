"""A response curve shows what moving money does, says how sure it is, and is refused where history cannot show it."""

import numpy as np
import pandas as pd
import pytest

from acquire.value.response import (
    NoCurve,
    ResponseCurve,
    curve_of,
    fit_response,
    fit_responses,
    season_and_trend,
    usual_spend,
)
from acquire.value.response_draws import ResponseDraws, draw_responses, expected_outcome
from tests.acquire.value.weekly_spend import USUAL, hyperbola, weeks_of


def fit(weekly: pd.DataFrame, n_draws: int = 200) -> ResponseCurve | NoCurve:
    return fit_response("feed", weekly, np.random.default_rng(1), n_draws)


def refusal(weekly: pd.DataFrame) -> str:
    curve = fit(weekly, 40)
    assert isinstance(curve, NoCurve)
    assert "\n" not in curve.why
    return curve.why


@pytest.fixture(scope="module")
def curve() -> ResponseCurve:
    found = fit(weeks_of())
    assert isinstance(found, ResponseCurve)
    return found


def moved(curve: ResponseCurve, to: float) -> np.ndarray:
    """Draws of what a change from the usual spend to `to` times it brings."""
    little, much = curve.booked(USUAL * np.array([1.0, to]))
    return much - little


@pytest.mark.parametrize(("to", "truth"), [(0.5, -100 / 3), (1.5, 20.0), (2.0, 100 / 3)])
def test_what_moving_money_does_is_found_within_its_interval(curve: ResponseCurve, to: float, truth: float) -> None:
    draws = moved(curve, to)
    low, high = np.quantile(draws, [0.05, 0.95])
    assert low <= truth <= high
    assert draws.mean() == pytest.approx(truth, abs=10)


def test_how_long_a_week_is_felt_is_found(curve: ResponseCurve) -> None:
    assert curve.carry.mean() == pytest.approx(0.5, abs=0.15)


def test_more_noise_gives_wider_intervals(curve: ResponseCurve) -> None:
    loud = fit(weeks_of(noise=30.0))
    assert isinstance(loud, ResponseCurve)
    assert moved(loud, 1.5).std() > 1.5 * moved(curve, 1.5).std()


def test_one_outage_and_one_sale_hardly_move_the_curve(curve: ResponseCurve) -> None:
    weekly = weeks_of()
    weekly.iloc[[20, 70], 1] = [0.0, 900.0]
    odd = fit(weekly)
    assert isinstance(odd, ResponseCurve)
    assert moved(odd, 1.5).mean() == pytest.approx(moved(curve, 1.5).mean(), abs=5)


def test_the_same_weeks_and_seed_give_the_same_curve(curve: ResponseCurve) -> None:
    again = fit(weeks_of())
    assert isinstance(again, ResponseCurve)
    assert np.array_equal(again.most, curve.most)


def test_spend_that_never_varied_shows_nothing() -> None:
    why = refusal(weeks_of(spread=0.02))
    assert why.startswith("spend of channel feed never varied (")
    assert why.endswith("vary it for some weeks")


def test_spend_that_was_the_same_every_week_is_said_so() -> None:
    weekly = weeks_of().assign(spend=500.0)
    assert "(500 every week)" in refusal(weekly)


def test_spend_that_follows_the_season_cannot_be_told_from_it() -> None:
    weekly = weeks_of()
    wave = 1 + 0.5 * np.sin(2 * np.pi * np.arange(len(weekly)) / 52.18)
    assert "moved only with trend and season" in refusal(weekly.assign(spend=USUAL * wave))


def test_spend_that_does_nothing_has_no_curve() -> None:
    assert "which cannot be told from nothing" in refusal(weeks_of(lambda u: 0 * u, noise=20.0))


def test_half_a_year_is_needed() -> None:
    assert refusal(weeks_of(n_weeks=25)) == "spend_history has 25 weeks of channel feed; a curve needs 26"


def test_nothing_spent_and_hardly_anything_booked_are_said_so() -> None:
    assert refusal(weeks_of().assign(spend=0.0)) == "nothing was ever spent in channel feed"
    assert "booked 0 in 104 weeks, too few" in refusal(weeks_of().assign(booked=0.0))


def test_each_channel_has_a_curve_or_a_reason() -> None:
    rows = [weeks_of().assign(channel="mail"), weeks_of(spread=0.01).assign(channel="feed")]
    table = pd.concat(rows).reset_index(names="week")
    found = fit_responses(table, np.random.default_rng(1), n_draws=40)
    assert [(curve.channel, type(curve)) for curve in found] == [("feed", NoCurve), ("mail", ResponseCurve)]


def test_a_week_without_a_row_is_one_without_spend() -> None:
    weekly = weeks_of().reset_index(names="week").assign(channel="feed")
    quiet = weekly.copy()
    quiet.loc[50, ["spend", "booked"]] = 0.0
    gone = fit_responses(weekly.drop(index=50), np.random.default_rng(1), n_draws=40)
    kept = fit_responses(quiet, np.random.default_rng(1), n_draws=40)
    assert isinstance(gone[0], ResponseCurve)
    assert isinstance(kept[0], ResponseCurve)
    assert np.array_equal(gone[0].most, kept[0].most)


def test_the_usual_spend_is_that_of_the_last_weeks_with_spend() -> None:
    assert usual_spend(np.array([9.0] * 10 + [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 0.0, 0.0])) == 4.5


def test_two_media_are_told_apart_and_coming_weeks_forecast() -> None:
    first, second = weeks_of(seed=5, noise=0), weeks_of(seed=6, noise=0)
    spend = np.column_stack([first["spend"], second["spend"]])
    rng = np.random.default_rng(7)
    outcome = hyperbola(spend[:, 0] / USUAL) + 10 * rng.standard_normal(104)  # the second does nothing
    level = np.ones((104, 1))
    usual = np.array([USUAL, USUAL])
    draws = draw_responses(outcome[:90], spend[:90], level[:90], np.array([np.inf]), usual, rng, n_draws=150)
    little, much = (draws.effect[:, c].mean() for c in (1, 0))
    assert much > 4 * little
    forecast = expected_outcome(draws, spend, level, usual, 90, rng)
    low, high = np.quantile(forecast, [0.05, 0.95], axis=0)
    inside = (low <= outcome[90:]) & (outcome[90:] <= high)
    assert inside.sum() >= 10  # of 14


def test_what_still_works_is_the_last_weeks_adstock_and_what_was_seen_the_highest() -> None:
    # Half of a week lasts: after 100 a week the weeks stand at 50, 175, 87.5 and 93.75.
    spend = np.array([0.0, 300.0, 0.0, 100.0])
    draws = ResponseDraws(
        carry=np.array([[0.0], [0.5]]),
        half=np.full((2, 1), 100.0),
        form=np.zeros((2, 1), dtype=np.int64),
        effect=np.full((2, 1), 20.0),
        baseline=np.zeros((2, 1)),
        noise=np.ones(2),
        rho=np.zeros(2),
        last_error=np.zeros(2),
    )
    curve = curve_of("feed", draws, 0, spend, 100.0)
    assert curve.stock.tolist() == [100.0, 93.75]
    assert curve.seen.tolist() == [300.0, 175.0]
    assert curve.most.tolist() == [40.0, 40.0]  # 20 at the usual spend, where half of the most is reached


def test_the_bend_of_a_trend_stops_where_nothing_was_seen() -> None:
    seen, _ = season_and_trend(60, first_week=0.0)
    ahead, _ = season_and_trend(100, first_week=0.0, n_seen=60)
    assert seen.shape[1] == ahead.shape[1] == 3  # level, trend, a bend at half a year


def test_the_season_is_that_of_the_day_of_the_year() -> None:
    january, _ = season_and_trend(104, first_week=0.0)
    april, _ = season_and_trend(104, first_week=13.0)
    np.testing.assert_allclose(april[:91, -4:], january[13:, -4:], atol=1e-9)
