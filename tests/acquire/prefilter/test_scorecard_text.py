"""The scorecard on paper: what a committee reads is what is computed."""

import re

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tests.acquire.prefilter.cards import CITY, SCORE, make_card, make_variable

CARD = make_card(
    make_variable("bureau_score", SCORE, [210.25, 222.5, 260, 200, 230.75], count=[1200, 9, 9, 9, 0]),
    make_variable("city", CITY, [305, 325, 315, 320]),
)


def test_the_paper_has_the_formula_and_a_line_per_bin() -> None:
    assert CARD.to_text().splitlines() == [
        "points = sum over the variables of the points of the lead's bin",
        "p_bad = 1 / (1 + exp((points - 513.5614381022527) / 28.85390081777927))",
        "Every 20 points more double the odds of good to bad.",
        "",
        "variable      bin             count  bad rate     WOE  points     IV",
        "--------------------------------------------------------------------",
        "bureau_score  x <= 512        1,200    10.00%  +0.000  210.25  0.250",
        "              512 < x <= 560      9    10.00%  +0.000  222.50",
        "              x > 560             9    10.00%  +0.000  260.00",
        "              code -999           9    10.00%  +0.000  200.00",
        "              missing             0         -  +0.000  230.75",
        "--------------------------------------------------------------------",
        "city          far                10    10.00%  +0.000  305.00  0.250",
        "              near               10    10.00%  +0.000  325.00",
        "              other              10    10.00%  +0.000  315.00",
        "              missing            10    10.00%  +0.000  320.00",
        "--------------------------------------------------------------------",
    ]


def test_without_variables_everybody_has_the_constant() -> None:
    card = make_card(constant=587.25)
    assert "points = 587.25 + sum over" in card.to_text()
    assert card.points(pd.DataFrame(index=range(3))).tolist() == [587.25] * 3


@given(
    st.lists(
        st.tuples(
            st.one_of(st.floats(width=32), st.sampled_from([-999.0, 512.0, 560.0, 1e9])),
            st.one_of(st.none(), st.sampled_from(["far", "near", "isle", "moon"])),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_the_printed_formula_gives_every_leads_chance_from_its_points(rows: list[tuple[float, str | None]]) -> None:
    leads = pd.DataFrame(
        {"bureau_score": [score for score, _ in rows], "city": pd.array([city for _, city in rows], dtype="str")}
    )
    printed = re.search(r"\(points - ([\d.]+)\) / ([\d.]+)\)", CARD.to_text())
    assert printed is not None
    offset, factor = (float(number) for number in printed.groups())
    chance = 1 / (1 + np.exp((CARD.points(leads) - offset) / factor))
    np.testing.assert_allclose(CARD.p_bad(leads), chance, rtol=1e-12)


@given(st.sampled_from([300.0, 540.0, 600.0, -999.0, np.nan]), st.sampled_from(["far", "near", "moon", None]))
def test_points_added_up_by_hand_from_the_paper_are_the_leads_points(score: float, city: str | None) -> None:
    leads = pd.DataFrame({"bureau_score": [score], "city": pd.array([city], dtype="str")})
    table = CARD.table()
    rows = [table[table["variable"] == v.feature.name].iloc[int(v.codes(leads)[0])]["points"] for v in CARD.variables]
    printed = [float(f"{points:.2f}") for points in rows]
    assert CARD.points(leads)[0] == sum(printed)
