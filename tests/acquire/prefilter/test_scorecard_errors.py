import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature
from acquire.prefilter.grouping import Labels, group
from acquire.prefilter.scorecard import ScorecardSettings
from acquire.prefilter.scorecard_errors import Regressed, bin_errors, covariance
from acquire.prefilter.scorecard_fit import fit_scorecard
from acquire.statistics.logistic import fit_logistic

CITY, INCOME = Feature(name="city", kind="category"), Feature(name="income", kind="numeric")


def regressed(
    frame: pd.DataFrame, features: tuple[Feature, ...], bad: np.ndarray, penalty: float, smoothing: float
) -> Regressed:
    labels = Labels(bad=bad, weight=np.ones(len(bad)))
    grouping = group(frame, features, labels, ScorecardSettings(min_information=-1.0))
    woe = grouping.woe(labels, smoothing)
    fit = fit_logistic(woe[grouping.codes], 1 - bad, weight=labels.weight, penalty=penalty)
    return Regressed(grouping=grouping, labels=labels, smoothing=smoothing, woe=woe, penalty=penalty, fit=fit)


def variance_of_rows(table: np.ndarray, codes: np.ndarray) -> np.ndarray:
    held = np.zeros((len(codes), len(table)))
    held[:, 0] = 1
    np.put_along_axis(held, codes + 1, 1, axis=1)
    return ((held @ table) * held).sum(axis=1)


def test_the_log_odds_of_a_level_err_by_one_over_its_good_and_one_over_its_bad() -> None:
    # Near: 40 bad, 160 good; far: 60 bad, 90 good. With one variable the regression gives back the levels' own odds.
    city = np.repeat(["near", "far"], [200, 150])
    bad = np.repeat([1.0, 0, 1, 0], [40, 160, 60, 90])
    one = regressed(pd.DataFrame({"city": city}), (CITY,), bad, penalty=1e-9, smoothing=0.0)
    near, far = variance_of_rows(covariance(one), one.grouping.codes)[[0, -1]]
    assert near == pytest.approx(1 / 40 + 1 / 160, rel=1e-3)
    assert far == pytest.approx(1 / 60 + 1 / 90, rel=1e-3)


def test_the_errors_are_those_of_fitting_again_on_random_weights_and_from_a_random_point_of_the_prior() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"income": rng.normal(size=1500), "city": rng.choice(["a", "b", "c"], size=1500)})
    bad = (rng.random(1500) < 1 / (1 + np.exp(1 + frame["income"] - (frame["city"] == "a")))).to_numpy().astype(float)
    one = regressed(frame, (INCOME, CITY), bad, penalty=5.0, smoothing=20.0)
    again = np.array([refitted(one, rng) for _ in range(400)])
    seen = np.sqrt(variance_of_rows(np.cov(again.T), one.grouping.codes))
    told = np.sqrt(variance_of_rows(covariance(one), one.grouping.codes))
    assert told.mean() == pytest.approx(seen.mean(), rel=0.08)
    assert np.corrcoef(told, seen)[0, 1] > 0.95


def refitted(one: Regressed, rng: np.random.Generator) -> np.ndarray:
    at_random = one.labels.reweighted(rng.exponential(size=len(one.labels)))
    woe = one.grouping.woe(at_random, one.smoothing)
    centre = rng.normal(size=len(one.grouping.bins)) / np.sqrt(one.penalty)
    y = 1 - at_random.bad
    fit = fit_logistic(
        woe[one.grouping.codes], y, weight=at_random.weight, penalty=one.penalty, centre=centre, lowest=-np.inf
    )
    return np.r_[fit.intercept, woe * fit.coefficients[one.grouping.variable()]]


def test_few_errors_keep_the_average_variance_of_all() -> None:
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"income": rng.normal(size=3000)})
    bad = (rng.random(3000) < 1 / (1 + np.exp(1 + frame["income"]))).to_numpy().astype(float)
    one = regressed(frame, (INCOME,), bad, penalty=1.0, smoothing=20.0)
    errors = bin_errors(one, 3)
    assert errors.shape == (1 + one.grouping.n_stacked, 4)
    kept, whole = (variance_of_rows(t, one.grouping.codes).mean() for t in (errors @ errors.T, covariance(one)))
    assert kept == pytest.approx(whole, rel=1e-3)


def test_a_level_never_seen_that_counts_as_the_worst_errs_with_it_and_by_the_spread_of_the_levels() -> None:
    city, bad = np.repeat(["near", "far"], [200, 150]), np.repeat([1.0, 0, 1, 0], [40, 160, 60, 90])
    frame = pd.DataFrame({"city": city})
    settings = ScorecardSettings(unseen="worst")
    card = fit_scorecard(frame, (CITY,), bad, rng=np.random.default_rng(0), settings=settings, penalty=1.0)
    far, near, new = card.log_odds_errors(pd.DataFrame({"city": ["far", "near", "mars"]}))
    assert new[:-1] == pytest.approx(far[:-1])
    assert abs(new[-1]) > 0
    assert far[-1] == near[-1] == 0


def test_without_errors_nothing_else_changes() -> None:
    frame, bad = pd.DataFrame({"city": ["near", "far"] * 100}), np.tile([0.0, 1, 0, 0], 50)
    cards = [
        fit_scorecard(
            frame, (CITY,), bad, rng=np.random.default_rng(0), settings=ScorecardSettings(n_errors=n), penalty=1.0
        )
        for n in (0, 20)
    ]
    assert (cards[0].points(frame) == cards[1].points(frame)).all()
    assert (cards[0].log_odds_errors(frame) == 0).all()
