"""How much a lead is like a group of which only some members are known: learnt from those against everybody else.

Nobody is known not to belong, so the others are no "no": members hide among them. Two things follow. Each person is scored by
models that did not see that person; else a hidden member would be remembered as one of the others. And the figure is no chance
to belong but a ratio, known without knowing how many hide:

    likeness(x) = density of x among members / density of x among the leads

1 is the average lead; the chance to belong is the share of members among the leads times the likeness.
"""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.statistics.encoding import Encoder, fit_encoder
from acquire.statistics.logistic import fit_logistic
from acquire.uplift.likeness_logit import RankedLogit, fit_ranked_logit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

UNSEEN = -1
_MOST_WEIGHT = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LikenessSettings:
    """Size of the models.

    Attributes:
        n_folds: Parts of which each is scored by models that saw the others only.
        n_bags: Models per fold, each with as many of the others, drawn anew, as there are seeds.
        most_seeds_per_bag: More than these teach a bag nothing.
        logit_penalty: Ridge penalty of the regression.
        fewest_seeds: Fewer tell nothing.
    """

    n_folds: int = 5
    n_bags: int = 6
    n_trees: int = 60
    learning_rate: float = 0.05
    n_leaves: int = 8
    min_rows_per_leaf: int = 50
    l2_penalty: float = 10.0
    most_seeds_per_bag: int = 10_000
    logit_penalty: float = 40.0
    fewest_seeds: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldModels:
    """Models that saw nobody of one fold: bagged trees and a regression over ranks, each worth one half."""

    bags: tuple[lgb.Booster, ...]
    logit: RankedLogit

    def score(self, matrix: Floats) -> Floats:
        """Average log-odds to be a seed, were seeds and others as many, shape (n,)."""
        if not len(matrix):
            return np.empty(0)
        trees = np.mean([bag.predict(matrix, raw_score=True, num_threads=1) for bag in self.bags], axis=0)
        scores: Floats = (trees + self.logit.log_odds(matrix)) / 2
        return scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A fitted likeness.

    Attributes:
        models: Per fold: those of fold k saw nobody of fold k.
        seed_scores, other_scores: Scores of those it was fitted on, by models that did not see them, shapes (n_seeds,) and
            (n_others,).
        seed_fold, other_fold: Fold in which each was held out.
    """

    encoder: Encoder
    models: tuple[FoldModels, ...]
    seed_scores: Floats
    other_scores: Floats
    seed_fold: Ints
    other_fold: Ints

    def score(self, people: pd.DataFrame, fold: Ints | None = None) -> Floats:
        """Give scores, the higher the more alike; each row by models that did not see it.

        Args:
            people: Features as at fitting, n rows.
            fold: Fold in which each was held out, UNSEEN for who was not there at fitting, shape (n,); None: nobody was.

        Returns:
            Shape (n,), comparable over all folds.
        """
        matrix = self.encoder.matrix(people)
        if fold is None:
            fold = np.full(len(matrix), UNSEEN)
        scores = np.empty(len(matrix))
        for k, models in enumerate(self.models):
            rows = fold == k
            scores[rows] = models.score(matrix[rows])
        strangers = fold == UNSEEN
        scores[strangers] = np.mean([models.score(matrix[strangers]) for models in self.models], axis=0)
        return scores

    def traits(self) -> tuple[tuple[str, float], ...]:
        """Columns that tell seeds apart, strongest first, with their share of what all splits gained."""
        gain = np.sum([bag.feature_importance("gain") for models in self.models for bag in models.bags], axis=0)
        shares = gain / max(float(gain.sum()), 1e-12)
        return tuple(
            (self.encoder.names[j], float(shares[j])) for j in np.argsort(-shares, kind="stable") if gain[j] > 0
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LikenessScale:
    """From score to likeness: likeness = exp(intercept + slope * score); slope 0 where the scores tell nothing."""

    intercept: float
    slope: float

    def likeness(self, score: Floats) -> Floats:
        """How many times as frequent people with this score are among members as among the leads, shape (n,)."""
        ratio: Floats = np.exp(self.intercept + self.slope * score)
        return ratio


def fit_likeness(
    seeds: pd.DataFrame, others: pd.DataFrame, features: tuple[Feature, ...], settings: LikenessSettings, seed: int
) -> Likeness:
    """Learn what tells the seeds from the others, hidden members among them.

    Bags of as many others as seeds, trees of few leaves: where members hide among the others, labels are noise, and a model
    that can remember them learns who happens to be known. A regression over ranks is the other half: it needs fewer seeds.

    Args:
        seeds: Known members. With a column `person_id`, rows of one person stay in one fold.
        others: Everybody else of the same place, hidden members included.
        features: Columns both have.
        settings: Size of the models.
        seed: Of folds, bags and trees.

    Raises:
        BadInput: Too few seeds or others, or nothing to compare them by.

    References:
        Mordelet and Vert (2014), "A bagging SVM to learn from positive and unlabeled examples", Pattern Recognition Letters 37.
        Elkan and Noto (2008), "Learning classifiers from only positive and unlabeled data", KDD.
    """
    _check_enough(len(seeds), len(others), features, settings)
    rng = np.random.default_rng(seed)
    encoder = fit_encoder(pd.concat([seeds, others], ignore_index=True), features)
    known, hidden = encoder.matrix(seeds), encoder.matrix(others)
    seed_fold, other_fold = (_deal_folds(people, settings.n_folds, rng) for people in (seeds, others))
    seed_scores, other_scores = np.empty(len(known)), np.empty(len(hidden))
    n_levels = tuple(len(levels) for levels in encoder.levels)
    folds = []
    for k in range(settings.n_folds):
        fitted = _fit_fold(known[seed_fold != k], hidden[other_fold != k], n_levels, settings, rng)
        seed_scores[seed_fold == k] = fitted.score(known[seed_fold == k])
        other_scores[other_fold == k] = fitted.score(hidden[other_fold == k])
        folds.append(fitted)
    return Likeness(
        encoder=encoder,
        models=tuple(folds),
        seed_scores=seed_scores,
        other_scores=other_scores,
        seed_fold=seed_fold,
        other_fold=other_fold,
    )


def fit_likeness_scale(seed_scores: Floats, lead_scores: Floats, seed_weight: Floats | None = None) -> LikenessScale:
    """Learn what a score means, from seeds and leads that the models did not see.

    A logistic regression of seed against lead on the score, each side weighing as much as the other, gives the logarithm of the
    density ratio; it is then set so that the average lead has likeness 1.

    Args:
        seed_scores, lead_scores: Scores, shapes (n_seeds,) and (n_leads,).
        seed_weight: How many each seed stands for, averaging 1, shape (n_seeds,); None: one each.

    References:
        Platt (1999), "Probabilistic outputs for support vector machines".
    """
    scores = np.concatenate([seed_scores, lead_scores])
    is_seed = np.repeat([1.0, 0.0], [len(seed_scores), len(lead_scores)])
    weight = np.where(is_seed == 1, len(scores) / (2 * len(seed_scores)), len(scores) / (2 * len(lead_scores)))
    if seed_weight is not None:
        weight[: len(seed_scores)] *= seed_weight / seed_weight.mean()
    fit = fit_logistic(scores[:, None], is_seed, weight=weight, penalty=1.0)
    slope = float(fit.coefficients[0])
    return LikenessScale(intercept=-float(np.log(np.mean(np.exp(slope * lead_scores)))), slope=slope)


def weigh_as_leads(
    base: pd.DataFrame, leads: pd.DataFrame, features: tuple[Feature, ...], settings: LikenessSettings, seed: int
) -> Floats:
    """Give the weights under which the people of the base look like the leads: density among leads / density in the base.

    Customers are no random leads: they were chosen, and chose. If among people alike in all columns membership has nothing to do
    with being a customer, members of the base so weighted stand for the members among the leads.

    Args:
        base: Everybody in the base, n rows.
        leads: The leads.
        features: Columns both have.
        settings: Size of the models that tell base and leads apart; the same as for members and others.
        seed: Of everything random.

    Returns:
        Weights averaging 1, none above a bound that keeps single people from standing for crowds, shape (n,).

    References:
        Bickel, Brueckner and Scheffer (2009), "Discriminative Learning Under Covariate Shift", JMLR 10.
    """
    apart = fit_likeness(leads, base, features, settings, seed)
    scale = fit_likeness_scale(apart.seed_scores, apart.other_scores)
    weight = np.minimum(scale.likeness(apart.other_scores), _MOST_WEIGHT)
    scaled: Floats = weight / weight.mean()
    return scaled


def _check_enough(n_seeds: int, n_others: int, features: tuple[Feature, ...], settings: LikenessSettings) -> None:
    if n_seeds < settings.fewest_seeds:
        raise BadInput(f"there are {n_seeds} usable seeds; give at least {settings.fewest_seeds} members of the group")
    if n_others < settings.fewest_seeds:
        raise BadInput(f"there are {n_others} others to hold the seeds against; give at least {settings.fewest_seeds}")
    if not features:
        raise BadInput("seeds and leads share no column that could tell who is alike; give both the same columns")


def _deal_folds(people: pd.DataFrame, n_folds: int, rng: np.random.Generator) -> Ints:
    if "person_id" not in people:
        return rng.permutation(len(people)) % n_folds
    person = pd.factorize(people["person_id"])[0]
    nameless = person < 0
    person[nameless] = person.max(initial=-1) + 1 + np.arange(nameless.sum())
    dealt: Ints = (rng.permutation(int(person.max()) + 1) % n_folds)[person]
    return dealt


def _fit_fold(
    known: Floats, hidden: Floats, n_levels: tuple[int, ...], settings: LikenessSettings, rng: np.random.Generator
) -> FoldModels:
    bags = _fit_bags(known, hidden, settings, rng)
    n_known, n_hidden = (min(len(rows), 2 * settings.most_seeds_per_bag) for rows in (known, hidden))
    logit = fit_ranked_logit(
        known[rng.choice(len(known), n_known, replace=False)],
        hidden[rng.choice(len(hidden), n_hidden, replace=False)],
        n_levels,
        settings.logit_penalty,
    )
    return FoldModels(bags=bags, logit=logit)


def _fit_bags(
    known: Floats, hidden: Floats, settings: LikenessSettings, rng: np.random.Generator
) -> tuple[lgb.Booster, ...]:
    n_known = min(len(known), settings.most_seeds_per_bag)
    n_hidden = min(len(hidden), max(n_known, settings.fewest_seeds))
    return tuple(
        _fit_bag(
            known[rng.choice(len(known), n_known, replace=False)],
            hidden[rng.choice(len(hidden), n_hidden, replace=False)],
            settings,
            int(rng.integers(2**31 - 1)),
        )
        for _ in range(settings.n_bags)
    )


def _fit_bag(known: Floats, hidden: Floats, settings: LikenessSettings, seed: int) -> lgb.Booster:
    matrix = np.concatenate([known, hidden])
    is_known = np.repeat([1.0, 0.0], [len(known), len(hidden)])
    weight = np.repeat([0.5 / len(known), 0.5 / len(hidden)], [len(known), len(hidden)]) * len(matrix)
    terms = {
        "objective": "binary",
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.n_leaves,
        "min_data_in_leaf": min(settings.min_rows_per_leaf, max(5, len(matrix) // 20)),
        "lambda_l2": settings.l2_penalty,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "max_bin": 63,
        "boost_from_average": False,
        "num_threads": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    return lgb.train(terms, lgb.Dataset(matrix, is_known, weight=weight), num_boost_round=settings.n_trees)
