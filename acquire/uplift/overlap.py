"""The overlap report: whether those with an offer and those without can be compared at all, and after weighting."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.uplift.balance import (
    FeatureBalance,
    OfferOverlap,
    effective_rows,
    pooled_spread,
    standardised_difference,
)
from acquire.uplift.propensity import Assignment

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MOST_LEVELS = 15
_MOST_FEATURES = 10


def report_overlap(
    history: pd.DataFrame, features: tuple[Feature, ...], assignment: Assignment
) -> tuple[OfferOverlap, ...]:
    """Say per offer how far its rows and the controls are apart, before and after weighting, and how much the weights cost.

    Args:
        history: The History frame, in the order of `assignment`.
        features: Columns the models may use.
        assignment: Who got what, and with which chance.

    Returns:
        One report per offer, in the order of `assignment.offers`.
    """
    columns = {feature.name: _columns(history[feature.name], feature.kind) for feature in features}
    if "contacted_on" in history:
        columns["contacted_on"] = _columns(history["contacted_on"].dt.to_period("M").astype("str"), "category")
    return tuple(_report(columns, assignment, j, name) for j, name in enumerate(assignment.offers))


def _report(columns: dict[str, list[Floats]], assignment: Assignment, j: int, name: str) -> OfferOverlap:
    with_offer, control = assignment.arm == j + 1, assignment.arm == 0
    weight = np.where(assignment.covered[:, j], 1 / assignment.own_propensity, 0.0)
    lines = [_balance(feature, values, with_offer, control, weight) for feature, values in columns.items()]
    clipped, support = assignment.clipped, assignment.support
    bounds = (0.0, 1.0) if support is None else support.bounds[j]
    return OfferOverlap(
        offer=name,
        n=int(with_offer.sum()),
        n_control=int(control.sum()),
        effective_n=effective_rows(weight[with_offer]),
        effective_n_control=effective_rows(weight[control]),
        share_clipped=0.0 if clipped is None else float(clipped[with_offer | control].mean()),
        ranked_from=bounds[0],
        ranked_to=bounds[1],
        share_without_overlap=float(1 - assignment.covered[:, j].mean()),
        balance=tuple(sorted(lines, key=lambda line: -line.before)[:_MOST_FEATURES]),
    )


def _balance(feature: str, values: list[Floats], with_offer: Flags, control: Flags, weight: Floats) -> FeatureBalance:
    before, after = [0.0], [0.0]
    weights = weight[with_offer], weight[control]
    alike = np.ones(len(weights[0])), np.ones(len(weights[1]))
    for column in values:
        offer, without = column[with_offer], column[control]
        spread = pooled_spread(offer, without)
        before.append(standardised_difference(offer, without, spread, alike))
        after.append(standardised_difference(offer, without, spread, weights))
    return FeatureBalance(feature=feature, before=float(np.max(before)), after=float(np.max(after)))


def _columns(column: pd.Series, kind: str) -> list[Floats]:
    """A number (missing as its mean) and whether it is missing; of a category, one column for each frequent level."""
    if kind == "category":
        levels = column.value_counts().index[:_MOST_LEVELS]
        return [(column == level).to_numpy(np.float64, na_value=0.0) for level in levels]
    values = column.to_numpy(np.float64, na_value=np.nan)
    missing = np.isnan(values)
    if missing.all():
        return []
    filled = np.where(missing, values[~missing].mean(), values)
    return [filled, missing.astype(np.float64)] if missing.any() else [filled]
