"""What [uplift] declares, held against the features and the offers."""

import math

import pytest

from acquire.domain import Feature, Offer, UpliftTerms
from acquire.errors import BadInput
from acquire.uplift.terms import check_uplift_terms, find_dose

FEATURES = (Feature(name="income", kind="numeric"), Feature(name="job", kind="category"))


def offer(name: str, **numbers: float) -> Offer:
    return Offer(offer=name, attributes=tuple(numbers.items()))


def test_offers_that_differ_in_price_are_a_falling_curve_without_a_word() -> None:
    dose = find_dose(UpliftTerms(), (offer("a", price=0.1), offer("b", price=0.2), offer("c")))

    assert dose is not None
    assert (dose.name, dose.sign, dose.values[:2]) == ("price", -1, (0.1, 0.2))
    assert math.isnan(dose.values[2])


def test_a_higher_limit_is_never_less_welcome() -> None:
    dose = find_dose(UpliftTerms(), (offer("a", limit=1000.0), offer("b", limit=3000.0)))

    assert dose is not None
    assert dose.sign == 1


def test_one_price_for_all_is_no_curve() -> None:
    assert find_dose(UpliftTerms(), (offer("a", price=0.1), offer("b", price=0.1), offer("c"))) is None
    assert find_dose(UpliftTerms(), (offer("a"), offer("b"))) is None


def test_a_number_of_the_owners_own_needs_its_direction() -> None:
    offers = (offer("a", months=12.0), offer("b", months=24.0))

    with pytest.raises(BadInput, match="write direction"):
        find_dose(UpliftTerms(dose="months"), offers)
    dose = find_dose(UpliftTerms(dose="months", direction={"months": "rising"}), offers)
    assert dose is not None
    assert dose.sign == 1


def test_offers_that_differ_in_price_and_in_limit_need_a_word() -> None:
    offers = (offer("a", price=0.1, limit=1.0), offer("b", price=0.2, limit=2.0))

    with pytest.raises(BadInput, match="say which one"):
        find_dose(UpliftTerms(), offers)
    dose = find_dose(UpliftTerms(dose="limit"), offers)
    assert dose is not None
    assert dose.name == "limit"


def test_a_declared_direction_of_the_price_counts() -> None:
    """Where a dear card is a sign of standing."""
    dose = find_dose(UpliftTerms(direction={"price": "rising"}), (offer("a", price=1.0), offer("b", price=2.0)))

    assert dose is not None
    assert dose.sign == 1


@pytest.mark.parametrize(
    ("terms", "line"),
    [
        (
            UpliftTerms(direction={"incme": "rising"}),
            "direction names incme, which is no feature; did you mean income?",
        ),
        (UpliftTerms(direction={"job": "rising"}), "direction names job, which is a category"),
        (UpliftTerms(dose="price"), "dose names price, in which no two offers differ"),
    ],
)
def test_what_does_not_fit_is_named(terms: UpliftTerms, line: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_uplift_terms(terms, FEATURES, (offer("a", price=0.1), offer("b")))

    assert line in str(refused.value)


def test_what_fits_passes() -> None:
    check_uplift_terms(
        UpliftTerms(direction={"income": "rising", "price": "falling"}),
        FEATURES,
        (offer("a", price=0.1), offer("b", price=0.2)),
    )
