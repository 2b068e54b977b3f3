"""What is left of a fitted learner at scoring time: boosters and regressions called directly. No causalml, no pickle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from acquire.errors import UNREADABLE, BadInput
from acquire.statistics.trees import booster_from_content, trees_to_content
from acquire.uplift.linear import Linear

Floats = NDArray[np.float64]

_MOST_LEADING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """Boosted trees over a matrix.

    Attributes:
        booster: The trees.
        n_columns: Columns of the matrix they ask for.
        chance: Their sum is the log odds of a chance; else it is the prediction itself.
    """

    booster: lgb.Booster
    n_columns: int
    chance: bool

    def predict(self, matrix: Floats) -> Floats:
        """Give the prediction of each row, shape (n,)."""
        total = np.asarray(self.booster.predict(matrix, raw_score=True, num_threads=1), dtype=np.float64)
        return np.asarray(expit(total)) if self.chance else total

    def to_content(self) -> dict[str, Any]:
        """Give the model as plain JSON values."""
        return {"kind": "trees", "chance": self.chance, "trees": trees_to_content(self.booster)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A model's prediction times a weight.

    Attributes:
        weight: What the prediction is multiplied by.
        model: Number of the model in `EffectScorer.models`.
        leading: Values of the columns that the model asks for before those of the matrix: 1 or 0 for "with the offer", and
            the offer's dose.
    """

    weight: float
    model: int
    leading: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectScorer:
    """One fitted learner of any kind, ready to score: every figure is a weighted sum of what its models predict.

    Attributes:
        models: Trees or regressions.
        control: What adds up to the chance to book without the campaign.
        effects: Per offer, what adds up to its uplift.
        prognosis: Models whose mean is a further column at the end of the matrix that the others are asked with.
    """

    models: tuple[Trees | Linear, ...]
    control: tuple[Term, ...]
    effects: tuple[tuple[Term, ...], ...]
    prognosis: tuple[Trees, ...] = ()

    def score(self, matrix: Floats) -> tuple[Floats, Floats]:
        """Give the chance to book under control, shape (n,), and the uplift of each offer, shape (n, n_offers).

            X:  uplift = share * from_control + (1 - share) * from_treated        T:  uplift = p(offer) - p(control)
            DR: uplift = mean of the cross-fitted effect models                   S:  uplift = p(1, x) - p(0, x)

        References:
            Kuenzel, Sekhon, Bickel and Yu (2019), "Metalearners for estimating heterogeneous treatment effects", PNAS 116(10).
        """
        known: dict[tuple[int, tuple[float, ...]], Floats] = {}
        if self.prognosis:
            column = np.mean([model.predict(matrix) for model in self.prognosis], axis=0)
            matrix = np.column_stack([matrix, column])
        p_control = self._total(self.control, matrix, known)
        return p_control, np.column_stack([self._total(terms, matrix, known) for terms in self.effects])

    def to_content(self) -> dict[str, Any]:
        """Give the scorer as plain JSON values."""
        return {
            "prognosis": [model.to_content() for model in self.prognosis],
            "models": [model.to_content() for model in self.models],
            "control": _written(self.control),
            "effects": [_written(terms) for terms in self.effects],
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any], n_columns: int) -> "EffectScorer":
        """Give the scorer that `to_content` wrote; it scores the same, bit for bit.

        Args:
            content: From anybody.
            n_columns: Columns of the matrix that will be scored.

        Raises:
            BadInput: It is no scorer over that many columns.
        """
        try:
            control = _read(content["control"])
            effects = tuple(_read(terms) for terms in content["effects"])
            prognosis = tuple(_trees(written, n_columns) for written in content["prognosis"])
            wider = n_columns + bool(prognosis)
            widths = _widths([*control, *(term for terms in effects for term in terms)], wider)
            if len(content["models"]) != len(widths) or not effects:
                raise BadInput("the effects have models that nothing asks for; use a file that this version wrote")
            models = tuple(_model(written, widths[i]) for i, written in enumerate(content["models"]))
        except UNREADABLE:
            raise BadInput(
                "the effects are not in a form of this version; use a file that this version wrote"
            ) from None
        return cls(models=models, control=control, effects=effects, prognosis=prognosis)

    def _total(
        self, terms: Sequence[Term], matrix: Floats, known: dict[tuple[int, tuple[float, ...]], Floats]
    ) -> Floats:
        total = np.zeros(len(matrix))
        for term in terms:
            asked = (term.model, term.leading)
            if asked not in known:  # the model of control is asked for by every offer
                known[asked] = self.models[term.model].predict(with_leading(matrix, term.leading))
            total += term.weight * known[asked]
        return total


def with_leading(matrix: Floats, leading: Sequence[float]) -> Floats:
    """Give the matrix with constant columns in front."""
    return np.column_stack([np.tile(leading, (len(matrix), 1)), matrix]) if leading else matrix


def _written(terms: Sequence[Term]) -> list[dict[str, Any]]:
    return [{"weight": term.weight, "model": term.model, "leading": list(term.leading)} for term in terms]


def _read(written: Sequence[Mapping[str, Any]]) -> tuple[Term, ...]:
    terms = tuple(
        Term(weight=_number(term["weight"]), model=term["model"], leading=tuple(map(_number, term["leading"])))
        for term in written
    )
    if not terms or any(type(term.model) is not int or len(term.leading) > _MOST_LEADING for term in terms):
        raise ValueError("no terms, or a term that asks for no model")
    return terms


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError("not a number")
    return float(value)


def _widths(terms: Sequence[Term], n_columns: int) -> dict[int, int]:
    """Columns that each model is asked with; KeyError later where a model is missing."""
    widths: dict[int, int] = {}
    for term in terms:
        width = n_columns + len(term.leading)
        if widths.setdefault(term.model, width) != width:
            raise ValueError("one model asked in two ways")
    return widths


def _model(written: Mapping[str, Any], n_columns: int) -> Trees | Linear:
    if written["kind"] == "linear":
        return Linear.from_content(written, n_columns)
    return _trees(written, n_columns)


def _trees(written: Mapping[str, Any], n_columns: int) -> Trees:
    if written["kind"] != "trees" or type(written["chance"]) is not bool:
        raise ValueError("no kind of ours")
    booster = booster_from_content(written["trees"], n_columns)
    return Trees(booster=booster, n_columns=n_columns, chance=written["chance"])
