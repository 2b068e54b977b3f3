"""The lender's cut-off in a plan: bookings, approvals and their costs move with it, and the plan says what it cannot know."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from acquire.domain import CONTROL, Approval, Policy
from acquire.errors import BadInput
from acquire.ingest.market import Market, MarketSpec, make_market, response
from acquire.ingest.market.terms import ARMS, OFFERS, SOURCES
from acquire.modelfile import read_model_folder
from acquire.prefilter.approval import fit_approval
from acquire.value.economics import fit_event_rates
from campaigns.approvals import approval_notes, fit_stated_approval
from campaigns.plan_sweep import PlanSweep
from campaigns.plan_terms import read_terms
from campaigns.policy_trial import run_policy_trial
from campaigns.policy_words import WIDTH, report
from campaigns.scoring import Models, score_leads
from tests.campaigns.small_plans import NOW, Planned, change_plan_file, plan, write_small_market

BUREAU = Approval(field="bureau_score", cut_off=585, was=585, missing=590, codes=(-999.0,))
TABLE = '\n[approval]\nfield = "bureau_score"\ncut_off = 600\nwas = 585\nmissing = 590\ncodes = [-999]\n'
NEVER_BORROWED = """
[[rule]]
id = "never_borrowed"
field = "past_dpd_days"
op = "lt"
value = 0
reason = "NEVER_BORROWED"
"""
SPEC = MarketSpec(n_history=12_000, n_leads=5_000, ends_on=date(2025, 12, 31))
# The one channel that is paid per approval, and by nothing else that moves.
PAID_PER_APPROVAL = "payment_app"


@dataclass(frozen=True)
class TrueEffects:
    """Stands for fitted effects: the market's own chances under history's cut-off."""

    truth: pd.DataFrame
    support: None = None

    def score(self, leads: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        control = self.truth[f"p_booked_{CONTROL}"].to_numpy()
        return control, self.truth[[f"p_booked_{arm}" for arm in ARMS[1:]]].to_numpy() - control[:, None]


def market_with(cut_off: float) -> Market:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(response, "_CUT_OFF", cut_off)
        return make_market(SPEC, np.random.default_rng(5))


@pytest.fixture(scope="module")
def market() -> Market:
    return market_with(585.0)


def score(market: Market, approval: Approval | None):
    """Scores of the market's leads under the stated cut-off."""
    fitted = None if approval is None else fit_approval(market.history, approval)
    models = Models(
        effects=TrueEffects(market.truth),  # type: ignore[arg-type]
        risk=None,
        revenue=None,
        event_rates=fit_event_rates(market.history),
        approval=fitted,
    )
    tables = SimpleNamespace(channels=tuple(s.terms for s in SOURCES), offers=OFFERS)
    return score_leads(models, market.leads, tables)  # type: ignore[arg-type]


def test_stating_the_cut_off_in_force_leaves_every_chance_to_book_as_it_was(market: Market) -> None:
    without, stated = score(market, None), score(market, BUREAU)
    assert (stated.p_control == without.p_control).all()
    assert (stated.p_booked == without.p_booked).all()
    assert (stated.cost_per_booking == without.cost_per_booking).all()
    assert stated.p_approved.mean() == pytest.approx(without.p_approved.mean(), rel=0.08)


@pytest.mark.parametrize("cut_off", [555, 615])
def test_bookings_extra_accounts_and_costs_move_as_in_a_market_with_that_cut_off(market: Market, cut_off: int) -> None:
    scored, true = score(market, replace(BUREAU, cut_off=cut_off)), market_with(float(cut_off)).truth
    booked = true[[f"p_booked_{arm}" for arm in ARMS[1:]]].to_numpy()
    assert scored.p_booked.mean() == pytest.approx(booked.mean(), rel=0.03)
    assert scored.p_control.mean() == pytest.approx(true[f"p_booked_{CONTROL}"].mean(), rel=0.03)
    assert scored.uplift.mean() == pytest.approx((booked - true[[f"p_booked_{CONTROL}"]].to_numpy()).mean(), rel=0.04)
    paid = (market.leads["channel"] == PAID_PER_APPROVAL).to_numpy()
    spend = true[[f"spend_{arm}" for arm in ARMS[1:]]].to_numpy()
    assert scored.spend[paid].mean() == pytest.approx(spend[paid].mean(), rel=0.05)


def test_a_protected_field_is_no_cut_off(market: Market) -> None:
    policy = Policy(version="1", rules=(), content_hash="", approval=replace(BUREAU, line=4))
    tables = SimpleNamespace(leads=market.leads, history=market.history)
    assert fit_stated_approval(replace(policy, approval=None), tables, frozenset()) is None  # type: ignore[arg-type]
    assert fit_stated_approval(policy, tables, frozenset({"gender"})) is not None  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=r"\[approval\] \(line 4\) reads bureau_score, which is protected"):
        fit_stated_approval(policy, tables, frozenset({"bureau_score"}))  # type: ignore[arg-type]


def test_a_plan_says_that_the_cut_off_moves_and_that_history_does_not_follow_it(market: Market) -> None:
    assert approval_notes(None, market.history) == ()
    assert approval_notes(fit_approval(market.history, BUREAU), market.history) == ()
    moved, wrong = approval_notes(fit_approval(market.history, replace(BUREAU, was=620)), market.history)
    assert "the cut-off of bureau_score moves from 620 to 585" in moved
    assert "approvals in history do not follow bureau_score at 620" in wrong


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """The small market planned under a cut-off that moves, with a rule that refuses whoever never borrowed."""
    folder = tmp_path_factory.mktemp("approval")
    plan_file = write_small_market(folder / "market")
    change_plan_file(plan_file, ('protected = ["gender"]', 'protected = ["gender", "first_loan"]'))
    policy = plan_file.parent / "policy.toml"
    policy.write_text(policy.read_text() + NEVER_BORROWED + TABLE)
    return plan(plan_file, folder)


@pytest.fixture(scope="module")
def swept(planned: Planned) -> PlanSweep:
    """The plan's contacts along the cut-off, by the policy that it was made with."""
    market = planned.plan_file.parent
    trial = run_policy_trial(market / "policy.toml", market / "leads.parquet", on=NOW.date(), plan=planned.out)
    assert trial.plan is not None
    assert trial.swapped is not None
    assert trial.swapped.in_out.n == trial.swapped.out_in.n == 0
    assert max(map(len, report(trial).splitlines())) <= WIDTH
    return trial.plan


def test_at_the_plans_own_cut_off_the_sweep_is_its_headline(planned: Planned, swept: PlanSweep) -> None:
    headline = {name: figure["expected"] for name, figure in planned.json["headline"].items()}
    [own] = [step for step in swept.steps if step.cut_off == 600]
    assert (swept.n_contacts, swept.n_refused, swept.n_absent) == (headline["contacts"], 0, 0)
    for name in ("booked", "incremental", "spend", "bad_rate", "cac", "incremental_cac"):
        assert getattr(own, name) == pytest.approx(headline[name], rel=1e-6), name


def test_a_lower_cut_off_approves_and_books_more_of_the_plans_contacts(swept: PlanSweep) -> None:
    for figure in ("approvals", "booked", "spend"):
        figures = [getattr(step, figure) for step in swept.steps]
        assert figures == sorted(figures, reverse=True)
    assert {585, 600} <= {step.cut_off for step in swept.steps}
    assert len(swept.steps) >= 15


def test_the_plan_warns_of_the_cut_off_and_of_the_group_that_is_hit(planned: Planned) -> None:
    warnings = planned.json["warnings"]
    assert any("the cut-off of bureau_score moves from 585 to 600" in warning for warning in warnings)
    [passed] = [
        warning for warning in warnings if warning.startswith("first_loan 1: 0.0% of ") and "pre-filter" in warning
    ]
    assert "a warning, not a verdict" in passed


def test_the_protected_are_no_features(planned: Planned) -> None:
    named = {feature.name for feature in read_model_folder(planned.out / "models").manifest.features}
    assert not named & {"gender", "first_loan"}
    assert "bureau_score" in named


def test_a_plan_keeps_the_terms_that_a_changed_policy_is_held_against(planned: Planned) -> None:
    terms = read_terms(read_model_folder(planned.out / "models"), "plan")
    assert terms.currency == "CNY"
    assert terms.columns.protected == {"gender", "first_loan"}
    assert {channel.channel for channel in terms.channels} == {source.terms.channel for source in SOURCES}
    assert terms.policy is not None
    assert terms.policy.content_hash == planned.json["hashes"]["policy"]
    assert terms.approval is not None
    assert terms.approval.approval == replace(BUREAU, cut_off=600)


def test_rules_on_trial_take_contacts_out_of_the_sweep(planned: Planned, swept: PlanSweep, tmp_path: Path) -> None:
    policy = tmp_path / "stricter.toml"
    text = (planned.plan_file.parent / "policy.toml").read_text()
    policy.write_text(
        text.replace("value = 20", "value = 30").replace("{ age = 20, hit = false }", "{ age = 30, hit = false }")
    )
    trial = run_policy_trial(policy, planned.plan_file.parent / "leads.parquet", on=NOW.date(), plan=planned.out)
    assert trial.plan is not None
    ages = planned.leads.set_index("lead_id")["age"]
    contacted = planned.decisions.loc[planned.decisions["decision"] == "contact", "lead_id"]
    assert trial.plan.n_refused == (ages[contacted] < 30).sum() > 0
    assert trial.plan.steps[0].booked < swept.steps[0].booked


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("was = 585", "was = 590", "[approval] differs from the plan's in more than cut_off"),
        ('field = "bureau_score"', 'field = "engagement_score"', "[approval] differs from the plan's"),
    ],
)
def test_another_score_than_the_plans_has_no_sweep(
    planned: Planned, tmp_path: Path, old: str, new: str, note: str
) -> None:
    policy = tmp_path / "other.toml"
    policy.write_text((planned.plan_file.parent / "policy.toml").read_text().replace(old, new))
    trial = run_policy_trial(policy, planned.plan_file.parent / "leads.parquet", on=NOW.date(), plan=planned.out)
    assert trial.plan is None
    assert note in trial.notes[-1]


def test_a_table_without_the_plans_contacts_has_no_sweep(planned: Planned) -> None:
    market = planned.plan_file.parent
    trial = run_policy_trial(market / "policy.toml", market / "history.parquet", on=NOW.date(), plan=planned.out)
    assert trial.plan is None
    assert "give the plan's leads" in trial.notes[-1]
    assert trial.evidence is not None
    assert trial.evidence.follows
    assert max(map(len, report(trial).splitlines())) <= WIDTH
