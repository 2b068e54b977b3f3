"""The price of safety in words."""

import pytest

from acquire.outlook import PromiseKind, SafetyLine, SafetyPrice
from campaigns.safety_words import say_safety


def line(promise: PromiseKind, bad_rate: float, extra: float) -> SafetyLine:
    return SafetyLine(
        promise=promise,
        met=True,
        contacts=1_000.0,
        spend=5_000.0,
        incremental=extra,
        value=100 * extra,
        bad_rate=bad_rate,
        bad_rate_held=bad_rate + 0.02,
    )


@pytest.mark.parametrize(("on_average", "is_said"), [(0.10, True), (0.09, False)])
def test_chance_decides_only_where_the_limit_holds_the_average_plan_back(on_average: float, is_said: bool) -> None:
    lines = (line("average", on_average, 120.0), line("promised", 0.08, 100.0), line("cell by cell", 0.07, 90.0))
    said = say_safety(SafetyPrice(confidence=0.95, basis="realised", max_bad_rate=0.10, lines=lines), "EUR").replace(
        "\xa0", " "
    )

    assert said.startswith("Keeping the bad rate below 10.0 % with 95 % confidence costs 20 extra accounts")
    assert ("every other time" in said) is is_said
