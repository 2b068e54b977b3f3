"""What `acquire fit PLAN --compare` says of rankings, and the whole command on a small market."""

import re
from pathlib import Path

import numpy as np
import pytest

from acquire.domain import Estimate
from acquire.ingest.market import MarketSpec, make_market
from acquire.uplift.comparison import RankingFigures, compare_rankings
from campaigns import tournaments
from campaigns.cli import main
from campaigns.demo import write_demo_market
from campaigns.rankings import RESPONSE, OfferRankings, rankings_text
from tests.campaigns.small_plans import SPEC, contents

UNKNOWN = Estimate(expected=float("nan"))


def figures() -> RankingFigures:
    rng = np.random.default_rng(2)
    uplift, with_offer = rng.uniform(0, 0.4, 3_000), rng.random(3_000) < 0.5
    booked = (rng.random(3_000) < 0.1 + uplift * with_offer).astype(float)
    scores = {"x": uplift, RESPONSE: rng.random(3_000)}
    return compare_rankings(scores, booked, with_offer, rng, randomised=True, n_replicates=50)


def rankings(shown: RankingFigures | None, bought: Estimate) -> tuple[OfferRankings, ...]:
    return (OfferRankings(offer="coupon", n=3_000, figures=shown, bought={"x": bought}),)


def test_each_ranking_is_held_against_the_response_model() -> None:
    shown = figures()
    text = rankings_text(rankings(shown, Estimate(expected=0.71, low=0.6, high=0.8)))

    assert "coupon, 3,000 rows" in text
    difference = shown.difference("x", RESPONSE, "qini")
    assert f"{1000 * difference.expected:.2f} [{1000 * difference.low:.2f}, {1000 * difference.high:.2f}]" in text
    assert f"{shown.figure('x', 'uplift_at').expected:.2%}" in text
    assert "71% [60%, 80%]" in text
    assert re.search(r"(?m)^response model ", text)


def test_where_offers_were_not_given_at_random_a_qini_is_refused_and_money_still_told() -> None:
    text = rankings_text(rankings(None, UNKNOWN))

    assert "No Qini: offers were not given at random" in text
    assert "refused" in text
    assert "not known" in text
    assert "\nresponse model " not in text


@pytest.fixture(scope="module")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So few rows that fitting is quick, with the four offers of the made market."""
    market = make_market(MarketSpec(n_history=800, n_leads=100, ends_on=SPEC.ends_on), np.random.default_rng(7))
    path = write_demo_market(tmp_path_factory.mktemp("market"), market)
    path.write_text(re.sub(r"(?m)^(links|policy) = .*\n", "", path.read_text()))
    return path


def test_fit_compare_prints_every_learner_with_its_policy_and_its_rankings_and_writes_nothing(
    plan_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # All five take long, and how each is fitted is asked elsewhere.
    monkeypatch.setattr(tournaments, "SIMPLEST_FIRST", ("logistic_t", "s"))
    before = contents(plan_file.parent)

    assert main(["fit", str(plan_file), "--compare"]) == 0

    told = capsys.readouterr().out
    assert "Out of fold on 800 history rows (AIPW)" in told
    assert re.search(r"(?m)^(Champion: (logistic T|S), |No evidence that any learner's policy)", told)
    for offer in ("contact", "coupon", "rate_cut", "higher_limit"):
        part = told[told.index(f"\n{offer}, ") :]
        assert re.search(r"\Alogistic T .*\nS .*\nresponse model .*", part.split("\n", 3)[3])
    assert contents(plan_file.parent) == before
