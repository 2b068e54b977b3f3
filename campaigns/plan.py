"""THE MAIN JOB: a plan file becomes a plan. Read this first; each line of `make_plan` is one stage."""

import dataclasses
import hashlib
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from acquire.domain import Limits, Objective, Policy
from acquire.errors import BadInput
from acquire.ingest.tables import Tables, read_tables
from acquire.prefilter.rules import check_examples, check_fields
from acquire.prefilter.screen import NO_CONSENT, screen
from acquire.prefilter.terms import check_terms
from campaigns.approvals import approval_notes, fit_stated_approval
from campaigns.challengers import compare_on_history, with_champion
from campaigns.champions import champion_of_settings
from campaigns.choice import Choice, Market, choose
from campaigns.decisions import allocation_lines, count_reasons, make_decisions
from campaigns.evidence import gather_evidence, judge_offers
from campaigns.folders import check_apart, check_place, replacing
from campaigns.headline import make_headline
from campaigns.held_out import Flags, HeldOut, judge
from campaigns.impact import impact_notes, protected_columns
from campaigns.lists import make_lists, record_plan
from campaigns.model_parts import library_versions, write_models
from campaigns.outputs import DOCUMENT, write_outputs
from campaigns.plan_document import OfferEvidence, PlanDocument, TableCount
from campaigns.plan_file import PlanFile, choose_objective, read_plan_file
from campaigns.plan_terms import terms_parts
from campaigns.policy_file import read_policy_file
from campaigns.progress import Progress
from campaigns.rings import with_rings
from campaigns.risk_evidence import risk_warnings
from campaigns.scoring import Models, bad_labels, fit_money, fit_risk, fit_uplift, score_held_out, score_leads
from campaigns.settings import Settings
from campaigns.store.session import open_or_create_store
from campaigns.validation import validation_parts

KEY_VERSION = 1


def make_plan(plan_path: Path, out: Path, *, progress: Progress, now: datetime, settings: Settings) -> PlanDocument:
    """Plan a campaign and write everything that the contract's section 4 names.

    Args:
        plan_path: The plan file (TOML).
        out: Folder of the plan; replaced whole or not at all.
        progress: Told about each stage.
        now: The present instant, UTC.
        settings: Where the database is.

    Raises:
        BadInput: A file, a value or a limit is wrong; nothing was written.
        Infeasible: The limits cannot be met, or only by contacting nobody; nothing was written.
    """
    check_place(out, sign=DOCUMENT)
    plan_file = read_plan_file(plan_path)
    check_apart(out, _files_to_keep(plan_path, plan_file, settings))
    champion = champion_of_settings(settings)
    today = now.astimezone(plan_file.time_zone).date()
    with progress.stage("Read and check the tables"):
        tables = read_tables(plan_file.sources, plan_file.columns, assume_consent=plan_file.assume_consent, today=today)
        tables = with_rings(tables, maturity_days=plan_file.risk.maturity_days, today=today)
        objective = choose_objective(plan_file, has_revenue=tables.has_revenue)
        _check_labels(plan_file, objective, tables)
        policy = _read_policy(plan_file, tables)
        approval = fit_stated_approval(policy, tables, protected_columns(plan_file.columns))
        check_terms(plan_file.risk, tables.features)
    with progress.stage("Filter the leads"):
        refused = plan_file.limits.refuse_regions
        screened = screen(
            tables.leads, policy=policy, refuse_regions=refused, assume_consent=plan_file.assume_consent, on=today
        )
    with progress.stage("Learn what each offer changes"):
        effects = fit_uplift(tables, plan_file.seed)
    with progress.stage("Learn who goes bad and what bookings bring"):
        risk = fit_risk(tables, plan_file.risk, plan_file.seed, today, champion)
        comparison = compare_on_history(tables, plan_file.risk, plan_file.seed, today)
        revenue, event_rates = fit_money(tables, plan_file.seed)
        models = Models(
            effects=effects,
            risk=risk,
            revenue=revenue,
            event_rates=event_rates,
            approval=approval,
            comparison=comparison,
        )
    with progress.stage("Ask held-out history whether to believe it"):
        let_through, labels = _let_through(tables.history, policy, refused, today), bad_labels(risk, tables.history)
        held_out = judge(tables.history, score_held_out(models, tables), let_through, effects.assignment, labels)
        offers = judge_offers(held_out, plan_file.seed)
        models = models.averaged(tuple(offer.has_evidence for offer in offers))
        held_out = judge(tables.history, score_held_out(models, tables), let_through, effects.assignment, labels)
    with progress.stage("Score the leads"):
        market = _market(plan_file, objective, tables, screened, models)
    with progress.stage("Spend the budget within the limits"):
        choice = choose(market, held_out)
    with progress.stage("Write it down"):
        card = None if risk is None else risk.scorecard
        decisions = make_decisions(tables.leads, screened, market, choice, card)
        decisions["policy_hash"] = policy.content_hash if policy else None
        document = _document(plan_file, tables, models, market, choice, held_out, offers, decisions, policy, now)
        lists = make_lists(
            decisions, tables.channels, campaign=plan_file.campaign, created_at=now, key_version=KEY_VERSION
        )
        with closing(open_or_create_store(settings.database_url)) as store, replacing(out) as folder:
            terms = {**terms_parts(plan_file, tables, approval), **validation_parts(tables, models, plan_file.risk)}
            models_hash = write_models(folder / "models", models, document.hashes["data"], terms)
            document = dataclasses.replace(document, hashes={**document.hashes, "models": models_hash})
            write_outputs(folder, document, decisions, tables.quarantine, lists)
            # Last, so that a database that refuses leaves the folder as it was.
            record_plan(store, document, lists)
    for table in document.tables:
        progress.note(
            f"{table.table}: {table.read:,} read = {table.accepted:,} accepted + {table.quarantined:,} quarantined"
        )
    return document


def _files_to_keep(plan_path: Path, plan_file: PlanFile, settings: Settings) -> tuple[Path | None, ...]:
    """Files that would be lost if they lay in the folder that is going to be replaced."""
    sources = plan_file.sources
    tables = (sources.history, sources.leads, sources.channels, sources.offers, sources.links)
    return (plan_path, plan_file.policy, *tables, settings.database_file)


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
        for key in ("max_bad_rate", "max_incremental_bad_rate", "max_bad_amount_rate"):
            if getattr(limits, key) is not None:
                raise BadInput(
                    f"{key} is {getattr(limits, key)}, but history has no bad label; add column bad, or drop the limit"
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
    for group in limits.min_group_share:
        if group not in tables.leads or not set(tables.leads[group].dropna().unique()) <= {0, 1}:
            raise BadInput(f"min_group_share names {group}, which is no 0/1 column of the leads; name one, or drop it")
    if (limits.min_region_share or limits.max_region_share or limits.refuse_regions) and "region" not in tables.leads:
        raise BadInput("a limit names regions, but the leads have no column region; add it, or drop the limit")
    _check_names(plan_file.limits, tables)


def _check_names(limits: Limits, tables: Tables) -> None:
    """Raise BadInput where a share of spend names what the channels table does not have; asked before anything is fitted."""
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


def _market(
    plan_file: PlanFile, objective: Objective, tables: Tables, screened: pd.DataFrame, models: Models
) -> Market:
    """Score the leads that may be scored: those who gave consent."""
    asked = (screened["reason"] != NO_CONSENT).fillna(True).to_numpy(dtype=np.bool_)
    leads = tables.leads[asked].reset_index(drop=True)
    return Market(
        leads=leads,
        scored=score_leads(models, leads, tables),
        eligible=(screened["decision"] == "pass").to_numpy(dtype=np.bool_)[asked],
        channels=tables.channels,
        offers=tables.offers,
        limits=plan_file.limits,
        objective=objective,
        control_share=plan_file.control_share,
        seed=plan_file.seed,
    )


def _document(
    plan_file: PlanFile,
    tables: Tables,
    models: Models,
    market: Market,
    choice: Choice,
    held_out: HeldOut,
    offers: tuple[OfferEvidence, ...],
    decisions: pd.DataFrame,
    policy: Policy | None,
    now: datetime,
) -> PlanDocument:
    evidence = gather_evidence(held_out, offers, models.risk, market, choice)
    if models.risk is not None:
        evidence = with_champion(evidence, models.risk.champion, models.comparison)
    data_hash = hashlib.sha256("".join(sorted(tables.hashes.values())).encode()).hexdigest()
    plan_hash = plan_file.content_hash
    return PlanDocument(
        plan_id=hashlib.sha256(f"{plan_hash}{data_hash}{now.isoformat()}".encode()).hexdigest()[:16],
        name=plan_file.name,
        campaign=plan_file.campaign,
        created_at=now,
        currency=plan_file.currency,
        objective=market.objective.goal,
        seed=plan_file.seed,
        headline=make_headline(choice, market.scored, np.random.default_rng(plan_file.seed + 3)),
        limits=choice.allocation.limit_uses,
        certificate=choice.allocation.certificate,
        evidence=evidence,
        warnings=(
            *tables.notes,
            *_risk_notes(models),
            *risk_warnings(evidence.risk),
            *approval_notes(models.approval, tables.history),
            *choice.allocation.warnings,
            *impact_notes(tables.leads, decisions, protected_columns(plan_file.columns)),
        ),
        tables=tuple(
            TableCount(table=c.table, read=c.read, accepted=c.accepted, quarantined=c.quarantined)
            for c in tables.counts
        ),
        decisions=count_reasons(decisions),
        allocation=allocation_lines(choice),
        versions=library_versions(),
        hashes={
            "plan": plan_hash,
            "data": data_hash,
            **tables.hashes,
            **({"policy": policy.content_hash} if policy else {}),
        },
    )


def _risk_notes(models: Models) -> tuple[str, ...]:
    return models.risk.notes if models.risk is not None else ("history has no bad label: bad rates are not known",)
