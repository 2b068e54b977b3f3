"""THE MAIN JOB: a plan file becomes a plan. Read this first; each line of `make_plan` is one stage."""

import dataclasses
import hashlib
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from acquire.allocate.explain_plan import explain_plan
from acquire.allocate.parts import check_limits
from acquire.allocate.safety import price_of_safety
from acquire.domain import Objective, Policy
from acquire.ingest.tables import Tables
from acquire.prefilter.screen import NO_CONSENT, screen
from campaigns.approvals import approval_notes
from campaigns.challengers import with_champion
from campaigns.champions import champion_of_settings
from campaigns.choice import Choice, Market
from campaigns.comparisons import compare
from campaigns.decisions import allocation_lines, count_reasons, deterrence_notes, make_decisions, money_notes
from campaigns.evidence import gather_evidence
from campaigns.fitting import fit_models, prepare
from campaigns.folders import check_apart, check_place, replacing
from campaigns.headline import make_headline
from campaigns.held_out import HeldOut
from campaigns.impact import impact_notes, protected_columns
from campaigns.lists import add_plan, make_lists
from campaigns.model_parts import library_versions, write_models
from campaigns.option_table import OPTIONS, option_table, write_option_table
from campaigns.outputs import DOCUMENT, write_outputs
from campaigns.overlaps import gather_overlap, lacks_overlap, overlap_warnings
from campaigns.plan_diff import read_snapshot, with_changes
from campaigns.plan_document import OfferEvidence, PlanDocument, TableCount
from campaigns.plan_file import PlanFile, read_plan_file
from campaigns.plan_terms import terms_parts
from campaigns.progress import Progress
from campaigns.risk_evidence import risk_warnings
from campaigns.scoring import Models, score_leads
from campaigns.settings import Settings
from campaigns.store.session import open_or_create_store
from campaigns.today import choose_beside_today
from campaigns.traffic import expected
from campaigns.validation import validation_parts
from campaigns.wear import with_wear
from campaigns.weeks import look_ahead, with_expected_traffic, with_weeks

KEY_VERSION = 1


def make_plan(
    plan_path: Path,
    out: Path,
    *,
    progress: Progress,
    now: datetime,
    settings: Settings,
    against: Path | None = None,
) -> PlanDocument:
    """Plan a campaign and write everything that the contract's section 4 names.

    Args:
        plan_path: The plan file (TOML).
        out: Folder of the plan; replaced whole or not at all.
        progress: Told about each stage.
        now: The present instant, UTC.
        settings: Where the database is.
        against: Folder of an earlier plan, to say what changed since.

    Raises:
        BadInput: A file, a value or a limit is wrong; nothing was written.
        Infeasible: The limits cannot be met, or only by contacting nobody; nothing was written.
    """
    check_place(out, sign=DOCUMENT)
    plan_file = read_plan_file(plan_path)
    check_apart(out, _files_to_keep(plan_path, plan_file, settings))
    earlier = read_snapshot(against, plan_file.currency) if against else None
    champion = champion_of_settings(settings)
    today = now.astimezone(plan_file.time_zone).date()
    with progress.stage("Read and check the tables"):
        given = prepare(plan_file, today)
        given = dataclasses.replace(given, tables=with_expected_traffic(given.tables, plan_file))
        tables, policy, approval = given.tables, given.policy, given.approval
        check_limits(plan_file.limits, tables.channels)
    with progress.stage("Filter the leads"):
        refused = plan_file.limits.refuse_regions
        screened = screen(
            tables.leads, policy=policy, refuse_regions=refused, assume_consent=plan_file.assume_consent, on=today
        )
    fitted = fit_models(given, champion, progress)
    models, held_out, offers = fitted.models, fitted.held_out, fitted.offers
    with progress.stage("Score the leads"):
        market = _market(plan_file, given.objective, tables, screened, models)
        ahead = look_ahead(given)
        market = with_wear(market, ahead.curves, len(ahead.weeks))
    with progress.stage("Spend the budget within the limits"):
        choice = choose_beside_today(market, held_out, tables.current_plan, plan_file.currency)
    with progress.stage("Hold it against what runs today"):
        choice, comparisons = compare(market, held_out, choice, tables.current_plan, plan_file.currency)
    with progress.stage("Write it down"):
        card = None if models.risk is None else models.risk.scorecard
        decisions = make_decisions(tables.leads, screened, market, choice, card, models.served)
        decisions["policy_hash"] = policy.content_hash if policy else None
        document = _document(plan_file, tables, models, market, choice, held_out, offers, decisions, policy, now)
        document = with_weeks(comparisons.added_to(document), given, ahead, market, choice)
        document = with_changes(document, earlier, decisions, tables)
        chosen_from = option_table(market, choice, decisions)
        priced = price_of_safety(chosen_from.question, chosen_from.contacts)
        explained = explain_plan(chosen_from.question, chosen_from.contacts, document.limits)
        document = dataclasses.replace(document, price_of_safety=priced, explained=explained)
        lists = make_lists(
            decisions, tables.channels, campaign=plan_file.campaign, created_at=now, key_version=KEY_VERSION
        )
        with (
            closing(open_or_create_store(settings.database_url)) as store,
            ExitStack() as recorded,
            replacing(out) as folder,
        ):
            terms = {
                **terms_parts(plan_file, tables, approval, goal=given.objective.goal, usual_amount=models.usual_amount),
                **validation_parts(tables, models, plan_file.risk),
            }
            models_hash = write_models(folder / "models", models, document.hashes["data"], terms)
            document = dataclasses.replace(document, hashes={**document.hashes, "models": models_hash})
            write_outputs(folder, document, decisions, tables.quarantine, lists)
            write_option_table(folder / OPTIONS, chosen_from)
            # A database that refuses leaves the folder as it was; it commits once the folder is in its place.
            add_plan(recorded.enter_context(store.writing()), document, lists)
    for table in document.tables:
        progress.note(
            f"{table.table}: {table.read:,} read = {table.accepted:,} accepted + {table.quarantined:,} quarantined"
        )
    return document


def _files_to_keep(plan_path: Path, plan_file: PlanFile, settings: Settings) -> tuple[Path | None, ...]:
    """Files that would be lost if they lay in the folder that is going to be replaced."""
    sources = plan_file.sources
    tables = (getattr(sources, field.name) for field in dataclasses.fields(sources))
    return (plan_path, plan_file.policy, *tables, settings.database_file)


def _market(
    plan_file: PlanFile, objective: Objective, tables: Tables, screened: pd.DataFrame, models: Models
) -> Market:
    """Score the leads that may be scored: those who gave consent."""
    asked = (screened["reason"] != NO_CONSENT).fillna(True).to_numpy(dtype=np.bool_)
    leads = tables.leads[asked].reset_index(drop=True)
    scored = score_leads(models, leads, tables)
    passed = (screened["decision"] == "pass").to_numpy(dtype=np.bool_)[asked]
    return Market(
        leads=leads,
        scored=scored,
        eligible=passed & expected(leads) & ~lacks_overlap(leads, scored, tables.channels, tables.offers),
        channels=tables.channels,
        offers=tables.offers,
        limits=dataclasses.replace(plan_file.limits, current_plan=tables.current_plan),
        objective=objective,
        control_share=plan_file.control_share,
        explore_share=plan_file.explore_share,
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
    overlap = gather_overlap(tables, held_out.assignment, market)
    evidence = dataclasses.replace(
        evidence, overlap=overlap, learner=plan_file.uplift.learner, served=_served_by(models)
    )
    data_hash = hashlib.sha256("".join(sorted(tables.hashes.values())).encode()).hexdigest()
    plan_hash, lines = plan_file.content_hash, allocation_lines(choice)
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
            *overlap_warnings(overlap, decisions, n_leads=len(market.leads), randomised=evidence.randomised),
            *risk_warnings(evidence.risk),
            *approval_notes(models.approval, tables.history),
            *choice.allocation.warnings,
            *deterrence_notes(choice, plan_file.currency),
            *money_notes(choice, lines),
            *impact_notes(tables.leads, decisions, protected_columns(plan_file.columns)),
        ),
        tables=tuple(
            TableCount(table=c.table, read=c.read, accepted=c.accepted, quarantined=c.quarantined)
            for c in tables.counts
        ),
        decisions=count_reasons(decisions),
        allocation=lines,
        versions=library_versions(),
        hashes={
            "plan": plan_hash,
            "data": data_hash,
            **tables.hashes,
            **({"policy": policy.content_hash} if policy else {}),
        },
    )


def _served_by(models: Models) -> str:
    return "compact" if models.served is not None and models.served.fidelity.passed else "learner"


def _risk_notes(models: Models) -> tuple[str, ...]:
    return models.risk.notes if models.risk is not None else ("history has no bad label: bad rates are not known",)
