"""The risk model as one SELECT: the same points and chances, row by row, on a real SQLite file and a real PostgreSQL."""

import math
import sqlite3
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import psycopg
import pytest

from acquire.domain import Feature, RiskTerms
from acquire.errors import BadInput
from acquire.prefilter.bins import CategoryBins, NumericBins
from acquire.prefilter.calibrate import Calibration
from acquire.prefilter.effects import Effects
from acquire.prefilter.risk_fit import fit_risk_model
from acquire.prefilter.risk_model import RiskModel
from acquire.prefilter.scorecard import ScorecardSettings
from acquire.prefilter.scorecard_sql import scorecard_sql
from tests.acquire.prefilter.databases import Bank, open_bank
from tests.acquire.prefilter.sql_models import card_of, number_card, plain_model

FEATURES = (
    Feature(name="channel", kind="category"),
    Feature(name="age in 'years'", kind="numeric"),
    Feature(name="income", kind="numeric"),
    Feature(name='bureau "score"', kind="numeric"),
    Feature(name="Stadt; DROP", kind="category"),
)


CALIBRATIONS = {
    "none": Calibration(),
    "platt": Calibration(method="platt", slope_low=0.9, slope_high=0.9, shift=-0.1),
    "beta": Calibration(method="beta", slope_low=0.83, slope_high=1.21, shift=0.07),
    "isotonic": Calibration(method="isotonic", knots=((-3.1, -2.9), (-2.0, -2.0), (-1.2, -1.9), (0.4, 0.3))),
    "one knot": Calibration(method="isotonic", knots=((-2.0, -1.5),)),
}


def people(n: int, rng: np.random.Generator, older: float = 0.0) -> pd.DataFrame:
    """Applicants with special codes, missing values, quotes and other scripts in their texts."""
    score = rng.integers(300, 900, n).astype(float)
    score[rng.random(n) < 0.1] = -999
    score[rng.random(n) < 0.1] = 500
    cities = np.array(["A", "b'c", 'd"e', "北京", "x y", "rare % one", "rare\nother"], dtype=object)
    city = pd.Series(rng.choice(cities, n, p=[0.35, 0.3, 0.15, 0.1, 0.08, 0.01, 0.01]), dtype="str")
    income = np.exp(rng.normal(9, 1, n))
    return pd.DataFrame(
        {
            "lead_id": [f"L{i:05d}" for i in range(n)],
            "channel": pd.Series(rng.choice(["feed", "mail", "Ünï -- x"], n), dtype="str"),
            "age in 'years'": rng.normal(40 + older, 12, n).round(1),
            "income": np.where(rng.random(n) < 0.1, np.nan, income),
            'bureau "score"': score,
            "Stadt; DROP": city.mask(rng.random(n) < 0.1),
        }
    )


def bookings(rng: np.random.Generator) -> pd.DataFrame:
    frame = people(4_000, rng)
    risk = -1.5 - 0.03 * (frame["age in 'years'"] - 40) + 0.5 * (frame["Stadt; DROP"] == "A")
    risk += 0.6 * (frame['bureau "score"'] == -999) - 0.3 * np.log(frame["income"].fillna(8_000) / 8_000)
    day = rng.integers(0, 300, len(frame))
    risk += np.where(frame["channel"] == "feed", day / 200, 0)
    return frame.assign(
        bad=(rng.random(len(frame)) < 1 / (1 + np.exp(-risk))).astype(float),
        offer=rng.choice(["control", "coupon"], len(frame)),
        contacted_on=pd.Timestamp("2025-01-01") + pd.to_timedelta(day, "D"),
    )


@pytest.fixture(scope="module")
def model() -> RiskModel:
    """A model with every part: special codes, the worst for the never seen, trends of channels, distance, offers apart."""
    rng = np.random.default_rng(3)
    terms = ScorecardSettings.of(RiskTerms(special_codes={'bureau "score"': (-999, 500)}, unseen="worst"))
    fitted = fit_risk_model(
        bookings(rng),
        FEATURES,
        rng=rng,
        leads=people(1_500, rng, older=8),
        on=date(2025, 12, 1),
        settings=terms,
    )
    assert fitted.seen.tilt
    assert fitted.drift.table()["shift_now"].any()
    offers = Effects(shift={"coupon": 0.31, "rate cut's": -0.2}, sd={"control": 0.1, "coupon": 0.1, "rate cut's": 0.1})
    return replace(fitted, offers=offers)


@pytest.fixture(scope="module")
def leads(model: RiskModel) -> pd.DataFrame:
    """2,000 ordinary leads, then one for every edge, just below and just above it, and all that is nasty."""
    frame = people(2_000, np.random.default_rng(4), older=8)
    assert model.scorecard is not None
    odd: list[dict[str, object]] = [{}]
    for card in (model.scorecard, model.seen.card):
        for variable in card.variables if card else ():
            if isinstance(variable.bins, NumericBins):
                odd += [{variable.feature.name: value} for value in around(variable.bins)]
    cities = [
        "a",
        "A ",
        " A",
        "a'",
        "",
        "never seen",
        "rare % one",
        "rare\nother",
        "NaN",
        "NULL",
        "北京 ",
        "B'C",
        "\\",
        "🦊",
    ]
    odd += [{"Stadt; DROP": city} for city in cities]
    odd += [{"channel": channel} for channel in ("Feed", "new", None, "Ünï -- x", "Üni")]
    nasty = people(len(odd), np.random.default_rng(5)).assign(lead_id=[f"N{i:05d}" for i in range(len(odd))])
    for i, change in enumerate(odd):
        for name, value in change.items():
            nasty.loc[i, name] = value
    both = pd.concat([frame, nasty], ignore_index=True)
    both.loc[both.index[-1], [f.name for f in FEATURES]] = None
    return both


def around(bins: NumericBins) -> list[float]:
    edges = [
        float(x)
        for edge in (*bins.edges, *bins.special)
        for x in (edge, np.nextafter(edge, -1e308), np.nextafter(edge, 1e308))
    ]
    return [*edges, math.inf, -math.inf, math.nan, 0.0, -0.0, 1e9, -1e9, 1e300, 5e-324, 2.0**53 + 2]


def test_every_lead_has_the_same_points_and_chances_in_the_database_as_in_the_engine(
    model: RiskModel, leads: pd.DataFrame, bank: Bank
) -> None:
    bank.load("leads", leads)
    answer = bank.ask(scorecard_sql(model, table="leads")).set_index("lead_id").loc[leads["lead_id"]]
    card = model.scorecard
    assert card is not None
    # Bit for bit: the same numbers, added in the same order.
    assert answer["points"].tolist() == card.points(leads).tolist()
    for variable in card.variables:
        expected = variable.points[variable.codes(leads)]
        assert answer[f"points_{variable.feature.name}"].tolist() == expected.tolist(), variable.feature.name
    assert np.abs(answer["p_bad"].to_numpy() - model.p_bad(leads)).max() < 1e-12
    for offer in ("control", "coupon", "rate cut's"):
        assert np.abs(answer[f"p_bad_{offer}"].to_numpy() - model.p_bad(leads, offer)).max() < 1e-12
    assert (answer["p_bad_coupon"] > answer["p_bad_control"]).all()


@pytest.mark.parametrize("how", sorted(CALIBRATIONS))
def test_every_calibration_is_the_engines(how: str, model: RiskModel, leads: pd.DataFrame, bank: Bank) -> None:
    calibrated = replace(model, calibration=CALIBRATIONS[how])
    bank.load("leads", leads)
    answer = bank.ask(scorecard_sql(calibrated, table="leads", offers=["coupon"])).set_index("lead_id")
    answer = answer.loc[leads["lead_id"]]
    assert np.abs(answer["p_bad"].to_numpy() - calibrated.p_bad(leads)).max() < 1e-12
    assert np.abs(answer["p_bad_coupon"].to_numpy() - calibrated.p_bad(leads, "coupon")).max() < 1e-12
    assert [name for name in answer if str(name).startswith("p_bad_")] == ["p_bad_coupon"]


@pytest.mark.parametrize("how", ["none", "platt", "beta", "isotonic"])
def test_odds_far_beyond_what_a_double_holds_are_a_chance_of_none_or_one(how: str, bank: Bank) -> None:
    card = number_card([0.0, 1.0, 2.0, 3.0], [-1e6, -1e5, 0.0, 1e5, 1e6, 0.0])
    extreme = replace(plain_model(card), calibration=CALIBRATIONS[how])
    frame = pd.DataFrame({"lead_id": list("abcdef"), "channel": "feed", "x": [0.0, 1.0, 2.0, 3.0, 4.0, math.nan]})
    bank.load("leads", frame)
    answer = bank.ask(scorecard_sql(extreme, table="leads"))
    assert answer["p_bad"].tolist() == pytest.approx(extreme.p_bad(frame).tolist(), abs=1e-12)
    assert answer["p_bad"].tolist()[0] == 1


def test_a_bare_scorecard_gives_its_own_chance(bank: Bank) -> None:
    card = number_card([1.0], [500.0, 520.0, 480.0])
    frame = pd.DataFrame({"lead_id": list("abc"), "x": [1.0, 2.0, math.nan]})
    bank.load("leads", frame)
    answer = bank.ask(scorecard_sql(card, table="leads"))
    assert list(answer) == ["lead_id", "points", "points_x", "p_bad"]
    assert answer["points"].tolist() == [500.0, 520.0, 480.0]
    assert answer["p_bad"].tolist() == pytest.approx(card.p_bad(frame).tolist(), abs=1e-15)


def test_a_scorecard_without_variables_gives_everybody_its_constant(bank: Bank) -> None:
    bank.load("leads", pd.DataFrame({"lead_id": ["a", "b"]}))
    assert bank.ask(scorecard_sql(card_of(constant=512.25), table="leads"))["points"].tolist() == [512.25, 512.25]


def test_a_model_without_a_scorecard_is_refused() -> None:
    with pytest.raises(BadInput, match="no scorecard"):
        scorecard_sql(replace(plain_model(card_of()), ranking=None), table="leads")


def test_a_column_that_the_table_lacks_is_an_error_and_never_a_text(bank: Bank) -> None:
    bank.load("leads", pd.DataFrame({"lead_id": ["a"], "y": [1.0]}))
    with pytest.raises((sqlite3.OperationalError, psycopg.errors.UndefinedColumn)):
        bank.ask(scorecard_sql(number_card([1.0], [1.0, 2.0, 3.0]), table="leads"))


def test_whole_numbers_and_decimals_of_the_database_fall_into_the_same_bins(bank: Bank) -> None:
    card = card_of(
        ("n", NumericBins(edges=(2.0, 3.5)), [1.0, 2.0, 4.0, 8.0]),
        ("m", NumericBins(edges=(0.1,)), [16.0, 32.0, 64.0]),
        ("k", CategoryBins(levels=("1", "2")), [128.0, 256.0, 512.0, 1024.0]),
    )
    frame = pd.DataFrame({"lead_id": list("abcd"), "n": [2, 3, 4, 2], "m": [0.1, 0.2, 0.1, 5.0], "k": [1, 2, 3, 1]})
    bank.load("leads", frame, kinds={"n": "INTEGER", "m": "NUMERIC(10, 2)", "k": "SMALLINT"})
    assert bank.ask(scorecard_sql(card, table="leads"))["points"].tolist() == [
        1 + 16 + 128,
        2 + 32 + 256,
        4 + 16 + 512,
        1 + 32 + 128,
    ]


def test_cells_that_a_csv_left_empty_in_sqlite_are_missing_and_not_nought() -> None:
    card = card_of(
        ("n", NumericBins(edges=(0.0,)), [1.0, 2.0, 4.0]), ("c", CategoryBins(levels=("A",)), [8.0, 16.0, 32.0])
    )
    with open_bank("sqlite:///:memory:") as bank:
        frame = pd.DataFrame(
            {"lead_id": list("abcde"), "n": ["", "0", "1.5", "NA", "nan"], "c": ["A", "", "B", "A", "A"]}
        )
        bank.load("leads", frame)
        assert bank.ask(scorecard_sql(card, table="leads"))["points"].tolist() == [12.0, 33.0, 18.0, 12.0, 12.0]
