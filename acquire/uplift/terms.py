"""Whether what [uplift] declares fits the features and the offers at hand, and the dose that follows from it."""

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from acquire.domain import Direction, Feature, Offer, UpliftTerms
from acquire.errors import BadInput
from acquire.uplift.columns import SIGNS
from acquire.uplift.dose import Dose

# What everybody knows: a higher price never makes a lead more likely to book, a higher limit never less likely.
_KNOWN: Mapping[str, Direction] = {"price": "falling", "limit": "rising"}


def check_uplift_terms(terms: UpliftTerms, features: Sequence[Feature], offers: Sequence[Offer]) -> None:
    """Hold what is declared against the features and the offers.

    Raises:
        BadInput: A direction names what is neither a feature nor the dose, or a category; or the dose cannot be followed.
    """
    dose = find_dose(terms, offers)
    kinds = {feature.name: feature.kind for feature in features}
    numbers = {name for offer in offers for name, _ in offer.attributes}
    for name in terms.direction:
        if name not in kinds and name not in numbers:
            raise BadInput(f"[uplift] direction names {name}, which is no feature{_nearest(name, [*kinds])}")
        if kinds.get(name) == "category":
            raise BadInput(f"[uplift] direction names {name}, which is a category and has no direction; take it out")
    if dose is not None and dose.name in kinds and dose.name in terms.direction:
        raise BadInput(
            f"[uplift] direction names {dose.name}, which is both a feature and the offers' dose; rename the column of offers"
        )


def find_dose(terms: UpliftTerms, offers: Sequence[Offer]) -> Dose | None:
    """Give the number in which the offers differ; None where nothing is named and fewer than two prices or limits are.

    Raises:
        BadInput: The named number is the same for all offers or its direction is not declared; or offers differ both in price
            and in limit and nothing says which to follow.
    """
    names = [terms.dose] if terms.dose else [name for name in _KNOWN if _differ(name, offers)]
    if len(names) > 1:
        raise BadInput(
            'the offers differ in price and in limit; say which one effects follow: dose = "price" in [uplift], or "limit"'
        )
    if not names:
        return None
    name = names[0]
    if not _differ(name, offers):
        raise BadInput(f"[uplift] dose names {name}, in which no two offers differ; fill the column in, or drop dose")
    way = terms.direction.get(name) or _KNOWN.get(name)
    if way is None:
        raise BadInput(
            f'[uplift] dose names {name} without its direction; write direction = {{ {name} = "rising" }}, or "falling"'
        )
    return Dose(name=name, values=tuple(offer.attribute(name) for offer in offers), sign=SIGNS[way])


def _differ(name: str, offers: Sequence[Offer]) -> bool:
    values = {offer.attribute(name) for offer in offers}
    return len({value for value in values if not math.isnan(value)}) > 1


def _nearest(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else "; name a column that both tables have, or take it out"
