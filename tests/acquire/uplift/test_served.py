"""What is shipped scores as the fitted learner does, says why, and is refused where it was tampered with."""

import copy
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.uplift.distil import DistilSettings
from acquire.uplift.effects import Effects, fit_effects
from acquire.uplift.learners import LearnerSettings
from acquire.uplift.reasons import explain
from acquire.uplift.served import ServedEffects
from acquire.uplift.serving import serve

FEATURES = (
    Feature(name="channel", kind="category"),
    Feature(name="age", kind="numeric"),
    Feature(name="income", kind="numeric"),
)
OFFERS = ("coupon", "rate_cut")
SETTINGS = DistilSettings(n_trees=150, n_questions=6)


def people(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "lead_id": [f"L{i:05d}" for i in range(n)],
            "channel": pd.Series(rng.choice(["feed", "search"], n), dtype="str"),
            "age": np.where(rng.random(n) < 0.1, np.nan, rng.uniform(20, 60, n)),
            "income": rng.normal(0.0, 1.0, n),
        }
    )


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    """The coupon works for the young, the rate cut in search."""
    frame, rng = people(6_000, seed=1), np.random.default_rng(2)
    arm = rng.integers(0, 3, len(frame))
    uplift = np.column_stack(
        [np.zeros(len(frame)), 0.4 * (frame["age"] < 35), 0.05 + 0.3 * (frame["channel"] == "search")]
    )
    booked = rng.random(len(frame)) < 0.1 + 0.2 * (frame["income"] > 0) + uplift[np.arange(len(frame)), arm]
    return frame.assign(offer=np.array(["control", *OFFERS])[arm], booked=booked.astype(float))


@pytest.fixture(scope="module")
def effects(history: pd.DataFrame) -> Effects:
    learner = LearnerSettings(min_rows_per_leaf=80, n_outcome_trees=40, n_effect_trees=40)
    return fit_effects(history, FEATURES, OFFERS, settings=learner, seed=11, n_folds=3)


@pytest.fixture(scope="module")
def served(effects: Effects, history: pd.DataFrame) -> ServedEffects:
    return serve(effects, history, np.random.default_rng(3), settings=SETTINGS)


def stored(served: ServedEffects) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(served.to_content(), allow_nan=False))
    return content


def test_the_compact_model_passes_its_gates_and_scores_as_the_fitted_one(
    effects: Effects, served: ServedEffects
) -> None:
    leads = people(2_000, seed=9)
    assert served.fidelity.passed
    assert not served.teacher
    for compact, fitted in zip(served.score(leads), effects.score(leads), strict=True):
        assert np.corrcoef(compact.ravel(), fitted.ravel())[0, 1] > 0.98
        assert compact.mean() == pytest.approx(fitted.mean(), abs=0.003)


def test_where_a_gate_is_not_passed_the_fitted_models_themselves_serve(effects: Effects, history: pd.DataFrame) -> None:
    tiny = serve(effects, history, np.random.default_rng(3), settings=DistilSettings(n_trees=1, n_questions=1))
    assert not tiny.fidelity.passed
    leads = people(300, seed=9)
    for read_back in (tiny, ServedEffects.from_content(stored(tiny), FEATURES)):
        for slow, fitted in zip(read_back.score(leads), effects.score(leads), strict=True):
            assert np.array_equal(slow, fitted)


def test_an_offer_without_evidence_has_its_channels_average_to_the_last_bit(
    effects: Effects, history: pd.DataFrame
) -> None:
    averaged = effects.averaged((True, False))
    served = serve(averaged, history, np.random.default_rng(3), settings=SETTINGS)
    leads = people(500, seed=9)
    expected = averaged.calibration.averages(leads["channel"].to_numpy(dtype=np.str_))[:, 1]
    assert served.score(leads)[1][:, 1] == pytest.approx(expected, abs=1e-12)


def test_one_lead_scores_as_it_does_in_a_table(served: ServedEffects) -> None:
    leads = people(20, seed=9)
    p_control, uplift = served.score(leads)
    for i, lead in enumerate(leads.to_dict("records")):
        alone = served.score_lead({str(key): value for key, value in lead.items()})
        assert alone[0] == p_control[i]
        assert np.array_equal(alone[1], uplift[i])


def test_one_lead_gets_the_average_of_its_own_channel(effects: Effects, served: ServedEffects) -> None:
    flat = dataclasses.replace(served, calibration=effects.calibration.averaged((True, False)))
    feed, search = (flat.score_lead({"channel": channel, "age": 30.0})[1][1] for channel in ("feed", "search"))
    assert [feed, search] == pytest.approx(flat.calibration.averages(np.array(["feed", "search"]))[:, 1])
    assert search > feed + 0.1


def test_what_history_can_tell_is_asked_of_the_leads_own_features(served: ServedEffects) -> None:
    class OfTheYoung:
        def covers(self, matrix: np.ndarray) -> np.ndarray:
            return np.column_stack([matrix[:, 1] < 35, matrix[:, 1] > 0])

    leads = pd.DataFrame({"channel": ["feed", "feed"], "age": [30.0, 50.0], "income": [0.0, 0.0]})
    assert served.covers(leads) is None
    young = dataclasses.replace(served, support=OfTheYoung())  # type: ignore[arg-type]
    covered = young.covers(leads)
    assert covered is not None
    assert covered.tolist() == [[True, True], [False, True]]


def test_a_teacher_or_an_overlap_model_of_fewer_offers_is_bad_input(effects: Effects, served: ServedEffects) -> None:
    content = stored(dataclasses.replace(served, teacher=effects.scorers))
    trees = content["teacher"][0]["prognosis"][0]["trees"]
    with_support = {**stored(served), "support": {"trees": [trees], "bounds": [[0.1, 0.9]]}}
    with pytest.raises(BadInput, match="overlap model of other offers"):
        ServedEffects.from_content(with_support, FEATURES)
    first, second = content["teacher"][0]["effects"]
    content["teacher"][0]["effects"] = [first + second]
    with pytest.raises(BadInput, match="teacher of other offers"):
        ServedEffects.from_content(content, FEATURES)


def test_a_lead_may_lack_values_but_not_hold_a_text_for_a_number(served: ServedEffects) -> None:
    assert served.score_lead({})[1].shape == (2,)
    with pytest.raises(BadInput, match="age"):
        served.score_lead({"channel": "feed", "age": "old"})


def test_a_stored_model_scores_the_same_bit_for_bit(served: ServedEffects) -> None:
    again, leads = ServedEffects.from_content(stored(served), FEATURES), people(500, seed=9)
    for read_back, fitted in zip(again.score(leads), served.score(leads), strict=True):
        assert np.array_equal(read_back, fitted)
    assert again.fidelity == served.fidelity
    assert stored(again) == stored(served)


def _at(*path: str | int) -> Callable[[object], Callable[[dict[str, Any]], None]]:
    def with_value(value: object) -> Callable[[dict[str, Any]], None]:
        def spoil(content: Any) -> None:
            for key in path[:-1]:
                content = content[key]
            content[path[-1]] = value

        return spoil

    return with_value


SPOILS = (
    _at("format")(2),
    _at("features", 0)(["age", "numeric"]),
    _at("features")([["age", "numeric"], ["channel", "category"], ["income", "numeric"]]),
    _at("features", 1)(["age", "category"]),
    _at("levels", 0)(["feed", "feed"]),
    _at("levels", 0)([1, 2]),
    _at("levels", 1)(["20"]),
    _at("levels")([]),
    _at("levels", 0)([str(i) for i in range(1_000)]),
    _at("offers")(["coupon"]),
    _at("offers")(["coupon", "coupon"]),
    _at("offers")([]),
    _at("offers")("coupon"),
    _at("pupil")(None),
    _at("pupil", "column", 0)(7),
    _at("teacher")({"a": 1}),
    _at("teacher")([{"models": []}]),
    _at("calibration")([]),
    _at("calibration", "curves")([]),
    _at("calibration", "average", 0)(float("inf")),
    _at("calibration", "channel_average", 0)([0.1]),
    _at("calibration", "channels")(["feed", "feed"]),
    _at("control_scale")(float("nan")),
    _at("control_scale")("1"),
    _at("control_scale")(True),
    _at("dose")({"values": [1]}),
    _at("support")({"folds": [], "bounds": []}),
    _at("support")({"trees": [], "bounds": []}),
    _at("usual")([[0, 0, 0]]),
    _at("usual", 0)(["x", 0, 0]),
    _at("fidelity")({}),
    _at("extra")(1),
)


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_model_that_was_tampered_with_is_bad_input_in_one_line(
    served: ServedEffects, spoil: Callable[[dict[str, Any]], None]
) -> None:
    content = copy.deepcopy(stored(served))
    spoil(content)
    with pytest.raises(BadInput) as error:
        ServedEffects.from_content(content, FEATURES)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [None, [], "x", 3])
def test_what_is_no_model_at_all_is_bad_input(content: Any) -> None:
    with pytest.raises(BadInput):
        ServedEffects.from_content(content, FEATURES)


def test_scoring_imports_neither_the_learning_library_nor_pickle(served: ServedEffects) -> None:
    lines = (
        "import json, sys",
        "import numpy as np",
        "from acquire.domain import Feature",
        "from acquire.uplift.served import ServedEffects",
        "features = (Feature(name='channel', kind='category'), Feature(name='age', kind='numeric'), "
        "Feature(name='income', kind='numeric'))",
        "served = ServedEffects.from_content(json.load(sys.stdin), features)",
        "print(served.score_lead({'channel': 'feed', 'age': 30.0, 'income': 0.0})[0])",
        "print('causalml' in sys.modules)",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        input=json.dumps(stored(served)),
        capture_output=True,
        text=True,
        check=True,
    )
    p_control, learns = done.stdout.split()
    assert float(p_control) == served.score_lead({"channel": "feed", "age": 30.0, "income": 0.0})[0]
    assert learns == "False"


def test_reasons_name_what_makes_the_offer_work(served: ServedEffects) -> None:
    leads = pd.DataFrame({"channel": ["feed", "search"], "age": [22.0, 58.0], "income": [0.0, 0.0]})
    uplift = served.score(leads)[1]
    coupon = explain(served, leads, np.array([0, 0]), uplift)
    assert "age is low" in coupon[0]
    assert f"books {100 * uplift[0, 0]:.1f} points more often with coupon" in coupon[0]
    assert "mostly because age is high" in coupon[1]
    assert "channel is search" in explain(served, leads, np.array([1, 1]), uplift)[1]


def test_an_offer_without_evidence_gives_no_reason_of_the_lead(effects: Effects, served: ServedEffects) -> None:
    flat = dataclasses.replace(served, calibration=effects.calibration.averaged((True, False)))
    leads = people(3, seed=9)
    sentence = explain(flat, leads, np.array([1, 1, 1]), flat.score(leads)[1])[0]
    assert "history does not show that leads differ" in sentence
    assert "because" not in sentence


def test_a_lead_whose_uplift_is_not_known_gets_no_reason(served: ServedEffects) -> None:
    leads = people(2, seed=9)
    assert list(explain(served, leads, np.array([0, 0]), np.full((2, 2), np.nan))) == [None, None]
