"""`acquire fit`: the models of a plan without the plan, in a folder that another machine scores with."""

import hashlib
from dataclasses import fields
from datetime import datetime
from pathlib import Path

from acquire.modelfile import MANIFEST
from campaigns.champions import champion_of_settings
from campaigns.fitting import Fitted, Given, fit_models, prepare
from campaigns.folders import check_apart, check_place, replacing
from campaigns.model_parts import write_models
from campaigns.plan_file import read_plan_file
from campaigns.plan_terms import terms_parts
from campaigns.progress import Progress
from campaigns.rankings import rank_offers, rankings_text
from campaigns.settings import Settings
from campaigns.tournaments import compare_learners, fit_learners, tournament_text
from campaigns.validation import validation_parts


def fit_folder(plan_path: Path, out: Path, *, progress: Progress, now: datetime, settings: Settings) -> Fitted:
    """Fit what `acquire plan` would fit, and write it as a model folder.

    Args:
        plan_path: The plan file (TOML).
        out: The folder; replaced whole or not at all.
        progress: Told about each stage.
        now: The present instant, UTC.
        settings: Where the database is: it knows the champion in force.

    Raises:
        BadInput: A file, a value or a limit is wrong; nothing was written.
    """
    check_place(out, sign=MANIFEST)
    plan_file = read_plan_file(plan_path)
    sources = plan_file.sources
    tables = (getattr(sources, field.name) for field in fields(sources))
    check_apart(out, (plan_path, plan_file.policy, *tables, settings.database_file))
    with progress.stage("Read and check the tables"):
        given = prepare(plan_file, now.astimezone(plan_file.time_zone).date())
    fitted = fit_models(given, champion_of_settings(settings), progress)
    with progress.stage("Write it down"), replacing(out) as folder:
        write_models(folder, fitted.models, data_hash(given), model_terms(given, fitted))
    return fitted


def compare_for_plan(plan_path: Path, *, progress: Progress, now: datetime) -> str:
    """Fit every learner on the history of a plan file and say which to use; nothing is written.

    Raises:
        BadInput: The plan file or a table is wrong.
    """
    plan_file = read_plan_file(plan_path)
    with progress.stage("Read and check the tables"):
        given = prepare(plan_file, now.astimezone(plan_file.time_zone).date())
    effects = fit_learners(given, progress)
    with progress.stage("Compare them"):
        tournament, rankings = compare_learners(given, effects), rank_offers(given, effects)
    return f"{tournament_text(tournament, plan_file.uplift.learner)}\n\n{rankings_text(rankings)}"


def data_hash(given: Given) -> str:
    """SHA-256 (hex) over the hashes of the tables."""
    return hashlib.sha256("".join(sorted(given.tables.hashes.values())).encode()).hexdigest()


def model_terms(given: Given, fitted: Fitted) -> dict[str, bytes]:
    """What is kept beside the models: the plan's terms, and what the reports of a handover say."""
    models = fitted.models
    terms = terms_parts(
        given.plan_file,
        given.tables,
        given.approval,
        goal=given.objective.goal,
        usual_amount=models.usual_amount,
    )
    return {**terms, **validation_parts(given.tables, models, given.plan_file.risk)}


def fidelity_text(fitted: Fitted) -> str:
    """The gates of the served model with their figures, as lines to print."""
    served = fitted.models.served
    assert served is not None  # noqa: S101 - fitting always makes it
    figures = served.fidelity
    lines = [f"{'served model':52}{'measured':>28}  needed"]
    lines += [
        f"{gate.what:52}{gate.measured:>28}  {gate.needed}: {'passed' if gate.passed else 'not passed'}"
        for gate in figures.gates()
    ]
    value = figures.value
    lines.append(
        f"parity on {figures.n_parity:,} rows, values on {figures.n_value:,}, none of them shown to the pupil; the teacher's "
        f"policy adds {value.expected:.2f} ({value.low:.2f} to {value.high:.2f}) accounts per 1,000 leads"
    )
    who = "the fitted models themselves, since a gate is not passed" if served.teacher else "the compact model"
    return "\n".join([*lines, f"Leads are scored by {who}."])
