import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature
from acquire.prefilter.scorecard import ScorecardSettings
from acquire.prefilter.seen import FARTHEST, TILT_SD, Seen, distance_table, fit_seen

FEATURES = (Feature(name="score", kind="numeric"), Feature(name="channel", kind="category"))
CHANNELS = ["feed", "mail"]


def people(n: int, *, shift: float = 0.0, seed: int = 0, channels: list[str] = CHANNELS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"score": rng.normal(size=n) + shift, "channel": rng.choice(channels, n)})


def compare(booked: pd.DataFrame, leads: pd.DataFrame | None, settings: ScorecardSettings | None = None) -> Seen:
    return fit_seen(booked, leads, FEATURES, settings or ScorecardSettings(), np.random.default_rng(1))


def learn(seen: Seen, booked: pd.DataFrame, y: float | np.ndarray, p: float = 0.2) -> Seen:
    n = len(booked)
    return seen.learnt(booked, np.full(n, p), np.broadcast_to(y, n).astype(float), np.ones(n))


def test_leads_like_the_booked_are_near_and_nothing_widens() -> None:
    booked, leads = people(2_000), people(2_000, seed=1)
    seen = learn(compare(booked, leads), booked, 0.2)
    assert np.abs(seen.distance(leads)).mean() < 0.05
    assert (seen.tilt_sd * np.abs(seen.distance(leads))).max() < 0.03
    assert seen.tilt == pytest.approx(0.0, abs=1e-9)


def test_the_distance_of_shifted_leads_is_the_log_of_the_density_ratio() -> None:
    booked, leads = people(5_000), people(5_000, shift=1.0, seed=1)
    seen = compare(booked, leads)
    # ln N(x; 1, 1) / N(x; 0, 1) = x - 1/2, and its mean over the booked is -1/2: the distance is x itself.
    at = pd.DataFrame({"score": [-1.0, 0.0, 1.0, 2.0], "channel": "feed"})
    np.testing.assert_allclose(seen.distance(at), [-1.0, 0.0, 1.0, 2.0], atol=0.45)
    assert seen.distance(booked).mean() == pytest.approx(0.0, abs=1e-9)


def test_the_far_quarter_of_shifted_leads_is_the_least_certain() -> None:
    booked, leads = people(1_000), people(2_000, shift=1.0, seed=1)
    seen = learn(compare(booked, leads), booked, 0.2)
    sd = seen.tilt_sd * np.abs(seen.distance(leads))
    table = distance_table(seen, booked, leads, np.full(len(leads), 0.2), sd)
    assert table["sd"].iloc[3] == table["sd"].max()
    assert table["sd"].iloc[3] > 2 * table["sd"].iloc[1]


def test_a_level_that_only_leads_have_is_far() -> None:
    booked, leads = people(1_000), people(1_000, seed=1, channels=["feed", "mail", "new_app"])
    seen = compare(booked, leads)
    distance = seen.distance(leads)
    new = (leads["channel"] == "new_app").to_numpy()
    assert distance[new].min() > 2
    assert distance[~new].max() < 1
    # However far off, nobody is farther than FARTHEST.
    assert (replace(seen, centre=seen.centre - 100.0).distance(leads) == FARTHEST).all()


def test_three_leads_cannot_look_like_another_world() -> None:
    booked, few = people(1_000), people(3, seed=1)
    seen = compare(booked, few)
    assert np.abs(seen.distance(few)).max() < 0.2
    assert np.abs(seen.distance(booked)).max() < 0.2


@pytest.mark.parametrize("factor", [0.1, 10])
def test_the_distance_does_not_hang_on_how_many_leads_there_are(factor: float) -> None:
    booked, leads = people(3_000), people(round(3_000 * factor), shift=1.0, seed=1)
    at = people(500, seed=2)
    assert np.corrcoef(compare(booked, leads).distance(at), at["score"])[0, 1] > 0.9


def test_a_direction_declared_for_risk_says_nothing_about_who_was_seen() -> None:
    # Risk falls with the score; leads have higher scores than the booked, the other way round.
    booked, leads = people(1_000), people(1_000, shift=1.0, seed=1)
    declared = ScorecardSettings(direction={"score": "falling"})
    assert (compare(booked, leads, declared).distance(leads) == compare(booked, leads).distance(leads)).all()


def test_the_tilt_is_learnt_as_a_pencil_would() -> None:
    # 500 bookings of each channel; leads come from "mail" alone, so distance has two values, -d and +d around the booked.
    booked = pd.DataFrame({"score": 0.0, "channel": ["feed", "mail"] * 500})
    leads = pd.DataFrame({"score": 0.0, "channel": ["mail"] * 1_000})
    seen = compare(booked, leads)
    d = seen.distance(booked)[1]
    assert d > 0.5
    # In "mail" .3 went bad, in "feed" .1, where .2 was promised: score 1000 * .1 * d, information 1000 * .16 * d^2.
    told = learn(seen, booked, np.tile([0.1, 0.3], 500))
    precision = 160 * d**2 + TILT_SD**-2
    assert told.tilt == pytest.approx(100 * d / precision)
    assert told.tilt_sd == pytest.approx(precision**-0.5)


def test_a_tilt_does_not_move_the_level_of_the_labelled() -> None:
    rng = np.random.default_rng(3)
    booked, leads = people(2_000), people(2_000, shift=1.0, seed=1)
    weight, p = rng.uniform(0, 1, 2_000), rng.uniform(0.05, 0.5, 2_000)
    seen = compare(booked, leads).learnt(booked, p, (rng.random(2_000) < p).astype(float), weight)
    assert np.average(seen.distance(booked), weights=weight * p * (1 - p)) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("leads", [None, people(0)])
def test_without_leads_there_is_no_distance(leads: pd.DataFrame | None) -> None:
    booked = people(100)
    seen = learn(compare(booked, leads), booked, 0.9)
    assert seen == Seen()
    assert seen.distance(booked).tolist() == [0.0] * 100


def test_the_table_counts_leads_and_bookings_as_near() -> None:
    booked, leads = people(1_000), people(2_000, shift=1.0, seed=1)
    seen = compare(booked, leads)
    p = np.linspace(0.1, 0.3, 2_000)
    table = distance_table(seen, booked, leads, p, np.full(2_000, 0.01))
    assert table["quarter"].tolist() == [1, 2, 3, 4]
    assert table["leads"].sum() == 2_000
    assert table["bookings"].sum() == 1_000
    # Scores run from about 0 to 2 among leads: most bookings are as near as the nearest quarter, few as the farthest.
    assert table["bookings"].is_monotonic_decreasing
    assert table["distance"].is_monotonic_increasing
    assert table["leads"] @ table["p_bad"] / 2_000 == pytest.approx(p.mean())
    assert (table["sd"] - 0.01).abs().max() < 1e-12


def test_leads_that_are_all_alike_are_one_line_of_the_table() -> None:
    booked, leads = people(1_000), pd.DataFrame({"score": [0.0] * 40, "channel": "feed"})
    seen = compare(booked, leads)
    table = distance_table(seen, booked, leads, np.full(40, 0.2), np.full(40, 0.01))
    assert table[["quarter", "leads"]].to_numpy().tolist() == [[1, 40]]


def test_a_distance_read_from_json_is_the_same() -> None:
    booked, leads = people(1_000), people(1_000, shift=1.0, seed=1)
    for seen in (learn(compare(booked, leads), booked, np.tile([0.0, 1.0], 500)), Seen()):
        read = Seen.from_json(json.loads(json.dumps(seen.to_json())))
        assert (read.distance(leads) == seen.distance(leads)).all()
        assert (read.tilt, read.tilt_sd) == (seen.tilt, seen.tilt_sd)
