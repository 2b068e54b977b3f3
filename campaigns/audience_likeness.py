"""Who is alike: the seeds held against the others of their own place, everybody scored by models that did not see them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.ingest.checks import read_texts
from acquire.uplift.likeness import (
    UNSEEN,
    Likeness,
    LikenessScale,
    LikenessSettings,
    fit_likeness,
    fit_likeness_scale,
    weigh_as_leads,
)
from campaigns.audience_tables import AudienceTables, fold_of

Floats = NDArray[np.float64]

_BASE_AGAINST_LEADS = LikenessSettings(n_bags=2, most_seeds_per_bag=5_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """What was learnt about who is alike.

    Attributes:
        seed_weight: How many each seed stands for among the leads, shape (n_seeds,).
        lead_scores: By models that did not see the lead, shape (n_leads,).
    """

    likeness: Likeness
    scale: LikenessScale
    seed_weight: Floats
    lead_scores: Floats


def learn_alike(tables: AudienceTables, seed: int) -> Alike:
    """Learn what tells the seeds from the others of their own place, and score the leads.

    Without the rest of the base their own place is the leads. With it, the seeds are weighted so that the base looks like the
    leads.
    """
    if tables.base is None:
        likeness = fit_likeness(tables.seeds, tables.leads, tables.features, LikenessSettings(), seed)
        weight = np.ones(len(tables.seeds))
    else:
        likeness = fit_likeness(tables.seeds, tables.base, tables.features, LikenessSettings(), seed)
        everybody = pd.concat([tables.seeds, tables.base], ignore_index=True)
        weight = weigh_as_leads(everybody, tables.leads, tables.features, _BASE_AGAINST_LEADS, seed)[
            : len(tables.seeds)
        ]
    score = _score_leads(likeness, tables)
    scale = fit_likeness_scale(likeness.seed_scores, score, weight)
    return Alike(likeness=likeness, scale=scale, seed_weight=weight, lead_scores=score)


def score_history(likeness: Likeness, tables: AudienceTables, history: pd.DataFrame) -> Floats:
    """Score the rows of history by models that did not see whether the person belongs, shape (n,).

    Raises:
        BadInput: History lacks a column that tells who is alike.
    """
    lacking = [feature.name for feature in tables.features if feature.name not in history]
    if lacking:
        raise BadInput(
            f"{lacking[0]} tells who is alike, but the plan's history lacks it, and history has to judge the audience; "
            f"leave it out with --exclude {lacking[0]}"
        )
    typed = history.assign(**{feature.name: _as_compared(history, feature) for feature in tables.features})
    others = tables.leads if tables.base is None else tables.base
    fold = fold_of(history, tables.seeds, likeness.seed_fold, UNSEEN)
    among_others = fold_of(history, others, likeness.other_fold, UNSEEN)
    return likeness.score(typed, np.where(fold == UNSEEN, among_others, fold))


def _as_compared(history: pd.DataFrame, feature: Feature) -> "pd.Series[Any]":
    """A column of history as seeds and leads have it: there a category may be written in digits alone."""
    column = history[feature.name]
    if feature.kind == "category":
        return read_texts(column)
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise BadInput(
            f"{feature.name} is a number in seeds and leads and a text in the plan's history; write it alike, or leave it out "
            f"with --exclude {feature.name}"
        )
    return column


def _score_leads(likeness: Likeness, tables: AudienceTables) -> Floats:
    """Score the leads by models that saw none of them."""
    if tables.base is None:
        return likeness.other_scores
    return likeness.score(tables.leads, fold_of(tables.leads, tables.base, likeness.other_fold, UNSEEN))
