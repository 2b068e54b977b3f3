"""The learners, by name: causalml's S, T, X, DR over LightGBM, and the logistic T. The only file that imports causalml."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquire.uplift.columns import ColumnTerms, plain_columns
from acquire.uplift.dose import Dose
from acquire.uplift.learner_rows import Experience, LearnerRows, LearnerSettings, dosed_rows, plain_rows
from acquire.uplift.linear import Linear
from acquire.uplift.logistic_t import fit_logistic_t
from acquire.uplift.prognosis import with_prognosis
from acquire.uplift.scorer import EffectScorer, Term, Trees

__all__ = ["LearnerSettings", "fit_learner"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def fit_learner(
    matrix: Floats,
    arm: Ints,
    booked: Floats,
    propensity: Floats,
    settings: LearnerSettings,
    seed: int,
    *,
    columns: ColumnTerms | None = None,
    dose: Dose | None = None,
    person: Ints | None = None,
) -> EffectScorer:
    """Fit one learner for all offers at once.

    Offers that differ in a dose alone are one treatment whose dose is a further column with the declared sign, so each teaches
    the others and no lead's effect moves the wrong way. Controls get one of the doses by lot, as if they had been assigned:
    then what causalml does for one offer holds at every dose.

    Args:
        matrix: Features, shape (n, n_features).
        arm: 0 = control, j = offer j - 1, shape (n,); every arm occurs, for DR a few dozen times.
        booked: 0 or 1, shape (n,).
        propensity: Chance of every arm for every row, shape (n, n_arms).
        settings: Which learner; size and regularisation of the trees.
        seed: Seed of the trees' row and column sampling, and of the lot.
        columns: Categories and declared signs; None: numbers, nothing declared.
        dose: Doses of the offers; None: they are different things.
        person: Number of the human behind the row, shape (n,): no model that a row is judged by saw another row of its person,
            but for causalml's own thirds of DR. None: every row is a person of its own.

    Returns:
        The fitted models, which score without causalml.

    References:
        Kuenzel, Sekhon, Bickel and Yu (2019), PNAS 116(10): S, T, X. Kennedy (2023), "Towards optimal doubly robust estimation
        of heterogeneous causal effects", Electronic Journal of Statistics 17(2): DR.
    """
    terms = columns or plain_columns(matrix.shape[1])
    n_arms = propensity.shape[1]
    if settings.name == "logistic_t":
        return fit_logistic_t(matrix, arm, booked, n_arms, settings.ridge, terms)
    history = Experience(
        matrix=matrix,
        arm=arm,
        booked=booked,
        propensity=propensity,
        columns=terms,
        person=np.arange(len(arm)) if person is None else person,
    )
    prognosis: tuple[Trees, ...] = ()
    if settings.n_prognosis_trees:
        history, prognosis = with_prognosis(history, settings, seed)
    fit = _LEARNERS[settings.name]
    dosed = tuple(j for j in range(1, n_arms) if dose is not None and dose.has(j - 1))
    plain = tuple(j for j in range(1, n_arms) if j not in dosed)
    fitted: dict[tuple[int, ...], EffectScorer] = {}
    if plain:
        fitted[plain] = fit(plain_rows(history, plain, settings, seed))
    if dose is not None and dosed:
        together = fit(dosed_rows(history, dosed, dose, settings, seed))
        fitted[dosed] = _at_doses(together, [dose.values[j - 1] for j in dosed])
    return _side_by_side(fitted, prognosis)


def _at_doses(together: EffectScorer, doses: list[float]) -> EffectScorer:
    """Give the scorer of one treatment with a dose as the scorer of an offer per dose."""
    return EffectScorer(
        models=together.models,
        control=_at_dose(together.control, doses[0]),
        effects=tuple(_at_dose(together.effects[0], value) for value in doses),
    )


def _at_dose(terms: tuple[Term, ...], value: float) -> tuple[Term, ...]:
    return tuple(dataclasses.replace(term, leading=(*term.leading, value)) for term in terms)


def _side_by_side(fitted: Mapping[tuple[int, ...], EffectScorer], prognosis: tuple[Trees, ...]) -> EffectScorer:
    """Put scorers of different offers together; the chance under control is the first one's."""
    models: list[Trees | Linear] = []
    effects: dict[int, tuple[Term, ...]] = {}
    for offers, scorer in fitted.items():
        for j, terms in zip(offers, scorer.effects, strict=True):
            effects[j] = tuple(dataclasses.replace(term, model=term.model + len(models)) for term in terms)
        models += scorer.models
    return EffectScorer(
        models=tuple(models),
        control=next(iter(fitted.values())).control,
        effects=tuple(effects[j] for j in sorted(effects)),
        prognosis=prognosis,
    )


def _fit_x(rows: LearnerRows) -> EffectScorer:
    from causalml.inference.meta import BaseXRegressor  # noqa: PLC0415 - takes seconds, so only where a model is fitted

    learner = BaseXRegressor(
        control_outcome_learner=rows.outcome_without(),
        treatment_outcome_learner=rows.outcome(),
        control_effect_learner=rows.effect(),
        treatment_effect_learner=rows.effect(),
        control_name=0,
    )
    learner.fit(X=rows.matrix, treatment=rows.group, y=rows.booked, p=dict(rows.against_control))
    models, effects = [_chance(learner.model_mu_c)], []
    for group in rows.groups:
        share = float(rows.against_control[group].mean())
        effects.append((Term(weight=share, model=len(models)), Term(weight=1 - share, model=len(models) + 1)))
        models += [_difference(learner.models_tau_c[group]), _difference(learner.models_tau_t[group])]
    return EffectScorer(models=tuple(models), control=(Term(weight=1.0, model=0),), effects=tuple(effects))


def _fit_t(rows: LearnerRows) -> EffectScorer:
    from causalml.inference.meta import BaseTRegressor  # noqa: PLC0415

    learner = BaseTRegressor(control_learner=rows.outcome_without(), treatment_learner=rows.outcome(), control_name=0)
    learner.fit(X=rows.matrix, treatment=rows.group, y=rows.booked)
    models = [_chance(learner.model_c), *(_chance(learner.models_t[group]) for group in rows.groups)]
    effects = tuple((Term(weight=1.0, model=i), Term(weight=-1.0, model=0)) for i in range(1, len(models)))
    return EffectScorer(models=tuple(models), control=(Term(weight=1.0, model=0),), effects=effects)


def _fit_s(rows: LearnerRows) -> EffectScorer:
    from causalml.inference.meta import BaseSRegressor  # noqa: PLC0415

    # causalml puts the mark "with the offer" in front of all other columns.
    marked = dataclasses.replace(rows, outcome_signs=(0, *rows.outcome_signs))
    learner = BaseSRegressor(learner=marked.outcome(), control_name=0)
    learner.fit(X=rows.matrix, treatment=rows.group, y=rows.booked)
    models = tuple(_chance(learner.models[group]) for group in rows.groups)
    return EffectScorer(
        models=models,
        control=tuple(Term(weight=1 / len(models), model=i, leading=(0.0,)) for i in range(len(models))),
        effects=tuple(
            (Term(weight=1.0, model=i, leading=(1.0,)), Term(weight=-1.0, model=i, leading=(0.0,)))
            for i in range(len(models))
        ),
    )


def _fit_dr(rows: LearnerRows) -> EffectScorer:
    from causalml.inference.meta import BaseDRRegressor  # noqa: PLC0415

    learner = BaseDRRegressor(
        control_outcome_learner=rows.outcome_without(),
        treatment_outcome_learner=rows.outcome(),
        treatment_effect_learner=rows.effect(),
        control_name=0,
    )
    learner.fit(X=rows.matrix, treatment=rows.group, y=rows.booked, p=dict(rows.against_control), seed=rows.seed)
    models = [_chance(model) for model in learner.models_mu_c]
    control = tuple(Term(weight=1 / len(models), model=i) for i in range(len(models)))
    effects = []
    for group in rows.groups:
        crossed = learner.models_tau[group]
        effects.append(tuple(Term(weight=1 / len(crossed), model=len(models) + i) for i in range(len(crossed))))
        models += [_difference(model) for model in crossed]
    return EffectScorer(models=tuple(models), control=control, effects=tuple(effects))


_LEARNERS: Mapping[str, Callable[[LearnerRows], EffectScorer]] = {"x": _fit_x, "t": _fit_t, "s": _fit_s, "dr": _fit_dr}


def _chance(model: Any) -> Trees:
    return Trees(booster=model.booster_, n_columns=model.n_features_in_, chance=True)


def _difference(model: Any) -> Trees:
    return Trees(booster=model.booster_, n_columns=model.n_features_in_, chance=False)
