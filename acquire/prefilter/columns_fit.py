"""Fitting the columns of `acquire.prefilter.columns`: levels and their bad rates, and which way numbers move."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature, Unseen
from acquire.prefilter.bins import CategoryBins
from acquire.prefilter.columns import LARGEST, CategoryColumn, Column, Columns, NumberColumn
from acquire.prefilter.cut import fit_category_bins, fit_numeric_bins
from acquire.prefilter.grouping import Labels

Floats = NDArray[np.float64]

_N_PRE_BINS = 20
_EDGE = 1e-6


def fit_columns(
    frame: pd.DataFrame,
    features: Sequence[Feature],
    labels: Labels,
    *,
    smallest: float,
    smoothing: float,
    special_codes: Mapping[str, tuple[float | str, ...]],
    unseen: Unseen,
) -> Columns:
    """Learn the levels of categories and the signs of numbers.

    Args:
        frame: Rows with the features.
        features: Columns to use.
        labels: Outcomes of the rows.
        smallest: Rows of a level that has a value of its own.
        smoothing: Rows at the average bad rate that are added to each level and bin.
        special_codes: Per feature, values that are no measurement.
        unseen: A level never seen counts as the rare ones do, or as the worst level.
    """

    def fit(feature: Feature) -> Column:
        special, values = special_codes.get(feature.name, ()), frame[feature.name]
        if feature.kind == "category":
            levels = tuple(code for code in special if isinstance(code, str))
            bins = fit_category_bins(values, smallest=smallest, special=levels, unseen=unseen)
            return _category(feature, bins, values, labels, smoothing)
        codes = tuple(float(code) for code in special if not isinstance(code, str))
        return _number(feature, codes, values, labels, smallest, smoothing)

    return Columns(columns=tuple(fit(feature) for feature in features))


def _number(
    feature: Feature, special: tuple[float, ...], values: pd.Series, labels: Labels, smallest: float, smoothing: float
) -> NumberColumn:
    bins = fit_numeric_bins(
        values, labels.bad, labels.weight, n_pre_bins=_N_PRE_BINS, smallest=smallest, special=special
    )
    count, log_odds = _log_odds(bins.codes(values).astype(np.int64), bins.n_bins, labels, smoothing)
    last = len(bins.edges)
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return NumberColumn(
        feature=feature,
        special=special,
        missing_as=None if np.isnan(numbers).any() else _middle(numbers[~np.isin(numbers, special)]),
        sign=int(np.sign(log_odds[last] - log_odds[0])),
        spread=_spread(log_odds, count),
    )


def _category(
    feature: Feature, bins: CategoryBins, values: pd.Series, labels: Labels, smoothing: float
) -> CategoryColumn:
    count, log_odds = _log_odds(bins.codes(values).astype(np.int64), bins.n_bins, labels, smoothing)
    if bins.never_seen is not None and (count > 0).any():
        log_odds[bins.never_seen] = log_odds[count > 0].max()
    return CategoryColumn(
        feature=feature, bins=bins, log_odds=log_odds, held=count > 0, spread=_spread(log_odds, count)
    )


def _log_odds(codes: NDArray[np.int64], n_bins: int, labels: Labels, smoothing: float) -> tuple[Floats, Floats]:
    """Weighted rows and ln(odds bad) beyond the average per bin; 0 for a bin nobody is in."""
    count, n_bad = labels.tally(codes, n_bins)
    average = labels.bad_rate
    held = count > 0
    rate = np.full(n_bins, average)
    rate[held] = (n_bad[held] + smoothing * average) / (count[held] + smoothing)
    rate = np.clip(rate, _EDGE, 1 - _EDGE)
    return count, np.asarray(np.log(rate / (1 - rate)) - np.log(average / (1 - average)), dtype=float)


def _middle(numbers: Floats) -> float:
    return float(np.clip(np.median(numbers), -LARGEST, LARGEST)) if len(numbers) else 0.0


def _spread(values: Floats, weights: Floats) -> float:
    mean = np.average(values, weights=weights)
    return float(np.average((values - mean) ** 2, weights=weights) ** 0.5)
