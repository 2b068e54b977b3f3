"""The challenger beside the champion on a plan's own history, before anybody decides."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import RiskTerms
from acquire.errors import BadInput
from acquire.ingest.tables import Tables, read_tables
from acquire.prefilter.comparison import Comparison
from acquire.prefilter.early_signs import read_labels
from acquire.prefilter.ranking import RankingKind
from acquire.prefilter.ranking_fit import RankingSettings, compare_rankings
from acquire.prefilter.scorecard_fit import stratified_folds
from acquire.prefilter.terms import check_terms
from campaigns.plan_document import Evidence
from campaigns.plan_file import read_plan_file
from campaigns.progress import Progress
from campaigns.rings import with_rings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_OF_EACH = 50
# More bookings make the comparison no clearer to a person, only slower.
MOST_BOOKINGS = 30_000
_N_FOLDS = 5


def compare_for_plan(plan_path: Path, *, progress: Progress, now: datetime) -> Comparison:
    """Fit scorecard and challenger on the history of a plan file and compare them; nothing is written.

    Raises:
        BadInput: The plan file or a table is wrong, or history has too few bookings with a known label.
    """
    plan_file = read_plan_file(plan_path)
    today = now.astimezone(plan_file.time_zone).date()
    with progress.stage("Read and check the tables"):
        tables = read_tables(plan_file.sources, plan_file.columns, assume_consent=plan_file.assume_consent, today=today)
        tables = with_rings(tables, maturity_days=plan_file.risk.maturity_days, today=today)
        check_terms(plan_file.risk, tables.features)
    with progress.stage("Fit scorecard and challenger on the same folds"):
        comparison = compare_on_history(tables, plan_file.risk, plan_file.seed, today)
    if comparison is None:
        raise BadInput(
            f"history has fewer than {FEWEST_OF_EACH} bad or {FEWEST_OF_EACH} good bookings whose label is known; "
            "compare when more have matured"
        )
    return comparison


def compare_on_history(tables: Tables, terms: RiskTerms, seed: int, today: date) -> Comparison | None:
    """Compare scorecard and challenger on matured bookings that neither has seen.

    Args:
        tables: The plan's tables.
        terms: What is declared about features and labels.
        seed: Of folds, trees and bootstrap.
        today: The day of the plan, on which labels of young bookings are not final.

    Returns:
        The comparison; None where there are fewer than 50 bad or 50 good bookings. Of more than 30,000 a random part is used.
    """
    if not tables.has_bad:
        return None
    booked = tables.history[(tables.history["booked"] == 1).to_numpy(dtype=np.bool_)]
    labels = read_labels(booked, on=today, maturity_days=terms.maturity_days)
    bad, rng = labels.bad[labels.matured], np.random.default_rng(seed + 4)
    if min((bad == 1).sum(), (bad == 0).sum()) < FEWEST_OF_EACH:
        return None
    matured = booked[labels.matured]
    part = np.sort(rng.permutation(len(bad))[:MOST_BOOKINGS])
    rows = matured.iloc[part]
    folds = person_folds(rows, bad[part], rng)
    return compare_rankings(rows, tables.features, bad[part], folds, rng=rng, settings=RankingSettings.of(terms))


def with_champion(evidence: Evidence, champion: RankingKind, comparison: Comparison | None) -> Evidence:
    """Give the evidence that also says which kind of model ranked, and how the two compare."""
    if evidence.risk is None:
        return evidence
    return replace(evidence, risk=replace(evidence.risk, champion=champion, challenger=comparison))


def person_folds(booked: pd.DataFrame, bad: Floats, rng: np.random.Generator) -> Ints:
    """Fold number of each booking, shape (n,), all bookings of a person in one fold.

    Trees remember people better than a scorecard does: a person in two folds would flatter the challenger.
    """
    if "person_id" not in booked:
        return stratified_folds(bad, _N_FOLDS, rng)
    unknown = booked["person_id"].isna()
    person = booked["person_id"].mask(unknown, booked["lead_id"].radd("lead "))
    code, names = pd.factorize(person)
    went_bad = np.zeros(len(names))
    np.maximum.at(went_bad, code, bad)
    return stratified_folds(went_bad, _N_FOLDS, rng)[code]
