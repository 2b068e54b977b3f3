"""What the lender declares about its features, labels and offers: [risk] and [uplift] of a plan file."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from acquire.errors import BadInput

Direction = Literal["rising", "falling"]
Unseen = Literal["pooled", "worst"]
LearnerName = Literal["x", "s", "t", "dr", "logistic_t"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTerms:
    """What the lender declares about its features and labels: the plan file's [risk].

    Attributes:
        special_codes: Per feature, values that are no measurement but a code, as -999: each is a bin of its own.
        direction: Per numeric feature, how the bad rate moves as the value grows; learnt where it is not declared.
        unseen: A category that history never held scores as the rare ones do, or as the worst bin.
        maturity_days: Days after which a booking's bad label is final; None = whoever has a label has matured.
    """

    special_codes: Mapping[str, tuple[float | str, ...]] = dataclasses.field(default_factory=dict)
    direction: Mapping[str, Direction] = dataclasses.field(default_factory=dict)
    unseen: Unseen = "pooled"
    maturity_days: int | None = None

    def __post_init__(self) -> None:
        for name, codes in self.special_codes.items():
            for code in codes:
                number = isinstance(code, int | float) and not isinstance(code, bool) and math.isfinite(code)
                if not number and not (isinstance(code, str) and code):
                    raise BadInput(f"special_codes[{name}] holds {code!r}; give finite numbers, or texts in quotes")
            if len(set(codes)) < len(codes):
                raise BadInput(f"special_codes[{name}] names a code twice; name each once")
        if self.maturity_days is not None and not 1 <= self.maturity_days <= 1000:
            raise BadInput(f"maturity_days is {self.maturity_days}; give whole days from 1 to 1000")


@dataclass(frozen=True, slots=True, kw_only=True)
class UpliftTerms:
    """How effects are learnt, and what the lender declares about them: the plan file's [uplift].

    Attributes:
        learner: Which learner.
        direction: Per numeric feature, or for the dose, how the chance to book moves as the value grows.
        dose: Column of the offers table whose number the offers differ in; None: `price` or `limit` where they have one.
    """

    learner: LearnerName = "x"
    direction: Mapping[str, Direction] = dataclasses.field(default_factory=dict)
    dose: str | None = None
