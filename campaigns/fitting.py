"""The first half of a plan, and all of `acquire fit`: tables in, everything that is learnt from history out."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from acquire.domain import CommonLimits, Limits, Objective, Policy
from acquire.errors import BadInput
from acquire.ingest.tables import Tables, read_tables
from acquire.prefilter.approval import ApprovalModel
from acquire.prefilter.ranking import RankingKind
from acquire.prefilter.rules import check_examples, check_fields
from acquire.prefilter.screen import screen
from acquire.prefilter.terms import check_terms
from acquire.uplift.serving import serve
from acquire.uplift.terms import check_uplift_terms
from campaigns.approvals import fit_stated_approval
from campaigns.challengers import compare_on_history
from campaigns.evidence import judge_offers
from campaigns.held_out import Flags, HeldOut, judge
from campaigns.impact import protected_columns
from campaigns.plan_document import OfferEvidence
from campaigns.plan_file import PlanFile, choose_objective
from campaigns.policy_file import read_policy_file
from campaigns.progress import Progress
from campaigns.rings import with_rings
from campaigns.scoring import Models, bad_labels, fit_money, fit_risk, fit_uplift, score_held_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a plan starts from, read and checked.

    Attributes:
        plan_file: What is asked for.
        tables: The input tables, with the figures of rings where there are links.
        objective: As written, else by what history knows.
        policy: Rules of the pre-filter; None without a policy file.
        approval: The cut-off of approval; None where the policy states none.
        today: The day of the plan, in its time zone.
    """

    plan_file: PlanFile
    tables: Tables
    objective: Objective
    policy: Policy | None
    approval: ApprovalModel | None
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What was learnt from history.

    Attributes:
        models: Ready to score leads.
        held_out: History as a judge, by models that did not see the row.
        offers: What history shows about each offer.
    """

    models: Models
    held_out: HeldOut
    offers: tuple[OfferEvidence, ...]


def prepare(plan_file: PlanFile, today: date) -> Given:
    """Read the tables and the policy and hold them against what the plan file asks for, before anything slow.

    Raises:
        BadInput: A table, the policy or a limit is wrong; the line says what to do.
    """
    tables = read_tables(plan_file.sources, plan_file.columns, assume_consent=plan_file.assume_consent, today=today)
    tables = with_rings(tables, maturity_days=plan_file.risk.maturity_days, today=today)
    objective = choose_objective(plan_file, has_revenue=tables.has_revenue)
    _check_labels(plan_file, objective, tables)
    policy = _read_policy(plan_file, tables)
    approval = fit_stated_approval(policy, tables, protected_columns(plan_file.columns))
    check_terms(plan_file.risk, tables.features)
    check_uplift_terms(plan_file.uplift, tables.features, tables.offers)
    return Given(plan_file=plan_file, tables=tables, objective=objective, policy=policy, approval=approval, today=today)


def fit_models(given: Given, champion: RankingKind, progress: Progress) -> Fitted:
    """Fit everything that a plan needs, and let held-out history say how far to believe it.

    Args:
        given: The input.
        champion: Which kind of model ranks leads by risk.
        progress: Told about each stage.
    """
    plan_file, tables = given.plan_file, given.tables
    with progress.stage("Learn what each offer changes"):
        effects = fit_uplift(tables, plan_file.seed, plan_file.uplift)
    with progress.stage("Learn who goes bad and what bookings bring"):
        risk = fit_risk(tables, plan_file.risk, plan_file.seed, given.today, champion)
        comparison = compare_on_history(tables, plan_file.risk, plan_file.seed, given.today)
        revenue, event_rates = fit_money(tables, plan_file.seed)
        models = Models(
            effects=effects,
            risk=risk,
            revenue=revenue,
            event_rates=event_rates,
            approval=given.approval,
            comparison=comparison,
        )
    with progress.stage("Ask held-out history whether to believe it"):
        let_through = _let_through(tables.history, given.policy, plan_file.limits.refuse_regions, given.today)
        labels = bad_labels(risk, tables.history)
        held_out = judge(tables.history, score_held_out(models, tables), let_through, effects.assignment, labels)
        offers = judge_offers(held_out, plan_file.seed, effects.fold)
        models = models.averaged(tuple(offer.has_evidence for offer in offers))
        held_out = judge(tables.history, score_held_out(models, tables), let_through, effects.assignment, labels)
    with progress.stage("Make the model that scores leads"):
        models = dataclasses.replace(
            models,
            served=serve(
                models.effects,
                tables.history,
                np.random.default_rng(plan_file.seed + 4),
                direction=plan_file.uplift.direction,
            ),
            usual_amount=_usual_amount(tables.leads),
        )
    return Fitted(models=models, held_out=held_out, offers=offers)


def _usual_amount(leads: pd.DataFrame) -> float:
    """Mean amount of the leads that may be scored; NaN where none is known."""
    return float(leads.loc[leads["consent"], "amount"].mean()) if "amount" in leads else float("nan")


def _read_policy(plan_file: PlanFile, tables: Tables) -> Policy | None:
    if plan_file.policy is None:
        return None
    policy = read_policy_file(plan_file.policy)
    check_examples(policy)
    check_fields(policy, tables.leads.columns, protected_columns(plan_file.columns))
    return policy


def _check_labels(plan_file: PlanFile, objective: Objective, tables: Tables) -> None:
    """Raise BadInput where a limit or the objective needs an outcome that history does not have."""
    limits = plan_file.limits
    if not tables.has_bad:
        for of, own in _everywhere(limits):
            for key in ("max_bad_rate", "max_incremental_bad_rate", "max_bad_amount_rate"):
                if (figure := getattr(own, key)) is not None:
                    raise BadInput(
                        f"{key}{of} is {figure}, but history has no bad label; add column bad, or drop the limit"
                    )
        limited = [c.channel for c in tables.channels if c.max_bad_rate is not None]
        if limited:
            raise BadInput(
                f"max_bad_rate of channel {limited[0]} needs the bad label, which history lacks; add column bad"
            )
    if objective.goal == "incremental_value" and not tables.has_revenue:
        raise BadInput(
            "maximise is incremental_value, but history has no revenue; add column revenue, or use incremental_accounts"
        )
    for of, own in _everywhere(limits):
        for group in own.min_group_share:
            if group not in tables.leads or not set(tables.leads[group].dropna().unique()) <= {0, 1}:
                raise BadInput(
                    f"min_group_share{of} names {group}, which is no 0/1 column of the leads; name one, or drop it"
                )
    if (limits.name_regions or limits.refuse_regions) and "region" not in tables.leads:
        raise BadInput("a limit names regions, but the leads have no column region; add it, or drop the limit")
    _check_names(plan_file.limits, tables)


def _everywhere(limits: Limits) -> Iterator[tuple[str, CommonLimits]]:
    """The limits of the whole plan and of its parts, each with the words that say whose: " of limits.channel.feed"."""
    yield "", limits
    yield from ((f" of {where}", own) for where, own in limits.named_parts())


def _check_names(limits: Limits, tables: Tables) -> None:
    """Raise BadInput where a limit names what the channels table does not have; asked before anything is fitted."""
    known = {
        "max_partner_share": {channel.partner for channel in tables.channels},
        "max_channel_share": {channel.channel for channel in tables.channels},
        "max_affiliate_share": {channel.affiliate_group for channel in tables.channels if channel.affiliate_group},
    }
    for key, names in known.items():
        unknown = sorted(set(getattr(limits, key)) - names - {"*"})
        if unknown:
            listed = ", ".join(sorted(names)) or "none"
            raise BadInput(f"{key} names {unknown[0]}, which the channels table does not have; name one of: {listed}")


def _let_through(history: pd.DataFrame, policy: Policy | None, refused: frozenset[str], today: date) -> Flags:
    """Which history rows today's rules would let through, by the rules whose field history has; consent was given then."""
    asked = history.drop(columns=["consent", "do_not_contact"], errors="ignore")
    known = policy and dataclasses.replace(policy, rules=tuple(r for r in policy.rules if r.field in history))
    regions = refused if "region" in history else frozenset()
    screened = screen(asked, policy=known, refuse_regions=regions, assume_consent=True, on=today)
    return (screened["decision"] == "pass").to_numpy(dtype=np.bool_)
