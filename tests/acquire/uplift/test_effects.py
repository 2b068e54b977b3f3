"""The uplift stage on made-up histories whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.uplift.effects import Effects, deal_folds, fit_effects, keep_chances
from acquire.uplift.learners import LearnerSettings

FEATURES = (
    Feature(name="channel", kind="category"),
    Feature(name="age", kind="numeric"),
    Feature(name="income", kind="numeric"),
)
OFFERS = ("coupon", "rate_cut")
SETTINGS = LearnerSettings(min_rows_per_leaf=80)


def people(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "lead_id": [f"L{i:05d}" for i in range(n)],
            "channel": pd.Series(rng.choice(["feed", "search"], n), dtype="str"),
            "age": rng.uniform(20, 60, n),
            "income": rng.normal(0.0, 1.0, n),
        }
    )


def true_uplift(frame: pd.DataFrame) -> np.ndarray:
    """The coupon works for the young, the rate cut in search."""
    return np.column_stack([0.3 * (frame["age"] < 35), 0.05 + 0.25 * (frame["channel"] == "search")])


def respond(frame: pd.DataFrame, arm: np.ndarray, seed: int) -> pd.DataFrame:
    """Let everybody book as the truth says under the arm that was given."""
    chance = 0.15 + np.column_stack([np.zeros(len(frame)), true_uplift(frame)])[np.arange(len(frame)), arm]
    booked = (np.random.default_rng(seed).random(len(frame)) < chance).astype(float)
    return frame.assign(offer=np.array(["control", *OFFERS])[arm], booked=booked)


def fit(history: pd.DataFrame, offers: tuple[str, ...] = OFFERS, n_folds: int = 3) -> Effects:
    return fit_effects(history, FEATURES, offers, settings=SETTINGS, seed=11, n_folds=n_folds)


@pytest.fixture(scope="module")
def randomised() -> pd.DataFrame:
    frame = people(8_000, seed=1)
    return respond(frame, np.random.default_rng(2).integers(0, 3, len(frame)), seed=3)


@pytest.fixture(scope="module")
def effects(randomised: pd.DataFrame) -> Effects:
    return fit(randomised)


def test_estimates_for_rows_that_were_left_out_follow_the_truth(randomised: pd.DataFrame, effects: Effects) -> None:
    truth = true_uplift(randomised)

    assert effects.assignment.how == "uniform"
    for j in range(2):
        assert np.corrcoef(effects.uplift[:, j], truth[:, j])[0, 1] > 0.7
    assert effects.uplift.sum(axis=0) == pytest.approx(truth.sum(axis=0), rel=0.15)
    assert effects.p_control.mean() == pytest.approx(0.15, abs=0.02)


def test_new_leads_are_scored_like_the_rows_left_out(effects: Effects) -> None:
    leads = people(3_000, seed=4)

    p_control, uplift = effects.score(leads)

    truth = true_uplift(leads)
    assert np.corrcoef(uplift[:, 0], truth[:, 0])[0, 1] > 0.7
    assert np.corrcoef(uplift[:, 1], truth[:, 1])[0, 1] > 0.7
    assert uplift.sum(axis=0) == pytest.approx(truth.sum(axis=0), rel=0.15)
    assert p_control.mean() == pytest.approx(0.15, abs=0.02)


def test_the_order_of_the_columns_does_not_matter(effects: Effects) -> None:
    leads = people(50, seed=5)

    straight, shuffled = effects.score(leads), effects.score(leads[["income", "lead_id", "age", "channel"]])

    assert (straight[1] == shuffled[1]).all()


def test_a_missing_feature_column_stops_and_is_named(effects: Effects) -> None:
    with pytest.raises(BadInput, match="income"):
        effects.score(people(5, seed=6).drop(columns="income"))


def test_a_channel_that_history_never_saw_gets_an_estimate(effects: Effects) -> None:
    uplift = effects.score(people(20, seed=7).assign(channel="billboard"))[1]

    assert np.isfinite(uplift).all()


def test_the_same_seed_gives_the_same_numbers(randomised: pd.DataFrame) -> None:
    small = randomised.head(1_500)

    once, again = fit(small, n_folds=2), fit(small, n_folds=2)

    assert (once.uplift == again.uplift).all()
    assert (once.fold == again.fold).all()


def test_an_offer_without_evidence_gets_its_channels_average_for_every_lead(
    randomised: pd.DataFrame, effects: Effects
) -> None:
    averaged = effects.averaged((True, False))
    leads = people(200, seed=8)

    _, uplift = averaged.score(leads)

    by_channel = pd.Series(uplift[:, 1]).groupby(leads["channel"])
    assert (by_channel.std() < 1e-12).all()
    counted = randomised.groupby(["channel", "offer"])["booked"].mean().unstack()
    assert by_channel.first().to_dict() == pytest.approx((counted["rate_cut"] - counted["control"]).to_dict(), abs=0.02)
    assert averaged.uplift[:, 1] == pytest.approx(effects.average[:, 1])
    assert (averaged.uplift[:, 0] == effects.uplift[:, 0]).all()
    assert effects.averaged((True, True)) is effects


@pytest.fixture(scope="module")
def one_sided() -> pd.DataFrame:
    """One offer, sent mostly to the young, for whom it works: the naive effect is far above the truth."""
    frame = people(6_000, seed=9)
    propensity = np.where(frame["age"] < 35, 0.75, 0.25)
    arm = (np.random.default_rng(10).random(len(frame)) < propensity).astype(np.int64)
    own = np.where(arm == 1, propensity, 1 - propensity)
    return respond(frame, arm, seed=11).assign(true_propensity=own)


def test_where_shares_depend_on_a_feature_the_propensity_is_estimated(one_sided: pd.DataFrame) -> None:
    effects = fit(one_sided, offers=("coupon",))
    assignment = effects.assignment

    assert assignment.how == "estimated propensity"
    assert not assignment.randomised
    assert assignment.randomness.strongest == "age"
    assert np.abs(assignment.own_propensity - one_sided["true_propensity"]).mean() < 0.06
    assert assignment.propensity.sum(axis=1) == pytest.approx(np.ones(len(one_sided)))
    assert effects.uplift.mean() == pytest.approx(true_uplift(one_sided)[:, 0].mean(), rel=0.15)


def test_a_propensity_that_history_gives_is_used(one_sided: pd.DataFrame) -> None:
    history = one_sided.assign(propensity=one_sided["true_propensity"])

    effects = fit(history, offers=("coupon",))

    assert effects.assignment.how == "given propensity"
    assert effects.assignment.randomised
    assert (effects.assignment.own_propensity == history["propensity"]).all()
    assert effects.uplift.mean() == pytest.approx(true_uplift(history)[:, 0].mean(), rel=0.15)


def test_three_arms_whose_shares_depend_on_a_feature_have_an_estimated_propensity_each() -> None:
    frame = people(3_000, seed=12)
    old = (frame["age"] > 40).to_numpy()
    draw = np.random.default_rng(13).random(len(frame))
    arm = np.where(old, (draw > 0.6).astype(int) + (draw > 0.8), (draw > 0.2).astype(int) + (draw > 0.4))

    assignment = fit(respond(frame, arm, seed=14), n_folds=2).assignment

    assert assignment.how == "estimated propensity"
    assert assignment.propensity[old].mean(axis=0) == pytest.approx([0.6, 0.2, 0.2], abs=0.05)
    assert assignment.propensity[~old].mean(axis=0) == pytest.approx([0.2, 0.2, 0.6], abs=0.05)


def test_all_rows_of_a_person_are_left_out_together() -> None:
    person = [f"P{i % 40}" if i % 3 else None for i in range(300)]
    history = pd.DataFrame({"lead_id": [f"L{i}" for i in range(300)], "person_id": pd.Series(person, dtype="str")})

    fold = deal_folds(history, 5, np.random.default_rng(1))

    together = pd.Series(fold).groupby(history["person_id"]).nunique()
    assert (together == 1).all()
    # Rows without a person are people of their own.
    assert len(set(fold[history["person_id"].isna()])) == 5


def test_folds_are_of_equal_size() -> None:
    fold = deal_folds(people(103, seed=1), 5, np.random.default_rng(2))

    assert sorted(np.bincount(fold)) == [20, 20, 21, 21, 21]


def test_chances_stay_chances_and_the_uplift_gives_way() -> None:
    control, uplift = keep_chances(np.array([0.9, 0.1, -0.2]), np.array([[0.3], [-0.5], [0.1]]))

    assert (control > 0).all()
    assert ((control[:, None] + uplift > 0) & (control[:, None] + uplift < 1)).all()
    assert control[0] == 0.9
    assert uplift[:2, 0] == pytest.approx([0.1, -0.1], abs=1e-3)
