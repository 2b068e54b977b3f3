"""Whether the declared terms of risk fit the features at hand."""

from collections.abc import Sequence
from difflib import get_close_matches

from acquire.domain import Feature, RiskTerms
from acquire.errors import BadInput


def check_terms(terms: RiskTerms, features: Sequence[Feature]) -> None:
    """Hold what is declared against the features.

    Raises:
        BadInput: A name is no feature, a direction is declared for a category, or a code is a text where the feature is a
            number or the other way round.
    """
    kinds = {feature.name: feature.kind for feature in features}
    for key, names in (("special_codes", terms.special_codes), ("direction", terms.direction)):
        for name in names:
            if name not in kinds:
                raise BadInput(f"[risk] {key} names {name}, which is no feature{_nearest(name, [*kinds])}")
    for name in terms.direction:
        if kinds[name] == "category":
            raise BadInput(f"[risk] direction names {name}, which is a category and has no direction; take it out")
    for name, codes in terms.special_codes.items():
        _check_codes(name, codes, is_number=kinds[name] == "numeric")


def _check_codes(name: str, codes: Sequence[float | str], *, is_number: bool) -> None:
    for code in codes:
        if isinstance(code, str) == is_number:
            remedy = "a number; give the code as one" if is_number else "a category; give the code as a text in quotes"
            raise BadInput(f"[risk] special_codes[{name}] holds {code!r}, but {name} is {remedy}")


def _nearest(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else "; name a column that both tables have, or take it out"
