"""`acquire audience`: more people like a flagged group of the own base, judged by likeness and by extra accounts."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.errors import BadInput
from acquire.ingest.sources import Columns
from acquire.uplift.audience import (
    LikenessQuality,
    MemberShare,
    chance_to_belong,
    choose_audience,
    judge_likeness,
)
from acquire.uplift.audience_value import EXTRA_MEMBERS, LIKENESS, AudienceValue, rankings, value_audiences
from campaigns.audience_likeness import Alike, learn_alike, score_history
from campaigns.audience_tables import AudienceTables, read_audience_tables
from campaigns.audience_uplift import BestOffers, PlanUplift, learn_uplift
from campaigns.plan_file import PlanFile, read_plan_file
from campaigns.progress import Progress

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Ranking = Literal["likeness", "extra members", "extra accounts"]
_DEFAULT_PART = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceRequest:
    """What is asked for.

    Attributes:
        flag: Column of the seeds' table that is 1 for known members; None: all its rows are.
        size: Leads wanted; None: a tenth of those who may be contacted.
        plan: Plan file whose history tells what offers change; None: likeness alone.
        ranking: How to choose; None: by extra members where history shows that leads differ in how they react, else by likeness.
        share: Share of members among the leads, where somebody looked.
        exclude, protected: Columns by which nobody is compared, beside those of the plan.
        assume_consent: All leads count as having consented where they have no consent column.
        seed: Of everything random.
    """

    flag: str | None = None
    size: int | None = None
    plan: Path | None = None
    ranking: Ranking | None = None
    share: MemberShare | None = None
    exclude: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    assume_consent: bool = False
    seed: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraAccounts:
    """What history says an audience of this size brings.

    Attributes:
        values: By each way to choose.
        evidence: Offers of which history shows that leads differ in how they react.
        how: How history's offers came about.
        n_history: Rows that were asked.
    """

    values: tuple[AudienceValue, ...]
    evidence: tuple[str, ...]
    how: str
    n_history: int

    def of(self, ranking: str) -> AudienceValue:
        """Give the value of choosing by `ranking`."""
        return next(value for value in self.values if value.ranking == ranking)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """What was found.

    Attributes:
        rows: The audience, best first: rank, lead_id, channel, likeness; p_member where the share is known; offer and uplift with
            a plan.
        ranking: How it was chosen.
        quality: Of an audience of this size chosen by likeness.
        against: Among whom the seeds were learnt to differ: "leads" or "base".
        traits: Columns that tell seeds apart, strongest first, with their share of what the trees gained.
        extra: Extra accounts, as history shows them; None without a plan.
        notes: What a reader should know, a sentence each.
    """

    rows: pd.DataFrame
    ranking: Ranking
    quality: LikenessQuality
    against: Literal["leads", "base"]
    traits: tuple[tuple[str, float], ...]
    extra: ExtraAccounts | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leads:
    """The leads that may be chosen, side by side.

    Attributes:
        frame: `lead_id`, `channel`, features.
        score, likeness: Shape (n,).
        best: Best offers; None without a plan.
    """

    frame: pd.DataFrame
    score: Floats
    likeness: Floats
    best: BestOffers | None


def ranking_named(name: str) -> Ranking:
    """Give the way to choose called `name`.

    Raises:
        BadInput: There is none.
    """
    for ranking in get_args(Ranking):
        if ranking == name:
            return cast(Ranking, ranking)
    raise BadInput(f"there is no way to choose called {name!r}; use one of: {', '.join(get_args(Ranking))}")


def find_audience(seeds: Path, leads: Path, request: AudienceRequest, *, now: datetime, progress: Progress) -> Audience:
    """Find more of the same.

    Args:
        seeds: Table of known members (Parquet or CSV); with `request.flag`, of the whole base.
        leads: Table of leads, as the contract has it.
        request: What is asked for.
        now: The present instant, UTC.
        progress: Told about each stage.

    Raises:
        BadInput: A file or a value is wrong.
    """
    plan = None if request.plan is None else read_plan_file(request.plan)
    if plan is None and request.ranking not in {None, LIKENESS}:
        raise BadInput(f"choosing by {request.ranking} needs to know what offers change; name a plan file with --plan")
    with progress.stage("Read and check the tables"):
        tables = _read(seeds, leads, request, plan)
        _size(request, len(tables.leads))
    with progress.stage("Learn who is alike"):
        alike = learn_alike(tables, request.seed)
    uplift = None
    if plan is not None:
        with progress.stage("Learn what each offer changes"):
            uplift = learn_uplift(plan, leads, now=now)
    with progress.stage("Judge the audience"):
        return _judge(tables, request, alike, _choosable(tables, alike, uplift), uplift)


def _read(seeds: Path, leads: Path, request: AudienceRequest, plan: PlanFile | None) -> AudienceTables:
    columns = Columns() if plan is None else plan.columns
    return read_audience_tables(
        seeds,
        leads,
        flag=request.flag,
        columns=dataclasses.replace(
            columns, exclude=columns.exclude | request.exclude, protected=columns.protected | request.protected
        ),
        assume_consent=request.assume_consent or (plan is not None and plan.assume_consent),
    )


def _choosable(tables: AudienceTables, alike: Alike, uplift: PlanUplift | None) -> _Leads:
    score, scale = alike.lead_scores, alike.scale
    if uplift is None:
        return _Leads(frame=tables.leads, score=score, likeness=scale.likeness(score), best=None)
    at = pd.Index(uplift.leads["lead_id"]).get_indexer(pd.Index(tables.leads["lead_id"]))
    kept = at >= 0
    best = BestOffers(offer=uplift.of_leads.offer[at[kept]], uplift=uplift.of_leads.uplift[at[kept]])
    return _Leads(
        frame=tables.leads.loc[kept].reset_index(drop=True),
        score=score[kept],
        likeness=scale.likeness(score[kept]),
        best=best,
    )


def _judge(
    tables: AudienceTables,
    request: AudienceRequest,
    alike: Alike,
    leads: _Leads,
    uplift: PlanUplift | None,
) -> Audience:
    size = _size(request, len(leads.frame))
    rng = np.random.default_rng(request.seed)
    quality = judge_likeness(
        alike.likeness.seed_scores, leads.score, size, rng, seed_weight=alike.seed_weight, share=request.share
    )
    extra = None
    if uplift is not None:
        extra = _extra_accounts(tables, alike, uplift, size / len(leads.frame), rng)
    ranking = request.ranking or _best_ranking(extra)
    rows = _chosen(leads, ranking, size, request.share, uplift)
    return Audience(
        rows=rows,
        ranking=ranking,
        quality=quality,
        against="leads" if tables.base is None else "base",
        traits=alike.likeness.traits(),
        extra=extra,
        notes=(*tables.notes, *_notes(tables, leads, rows)),
    )


def _size(request: AudienceRequest, n_leads: int) -> int:
    size = max(1, round(_DEFAULT_PART * n_leads)) if request.size is None else request.size
    if not 1 <= size <= n_leads:
        raise BadInput(f"--size is {size:,}, and {n_leads:,} leads may be contacted; ask for 1 to that many")
    return size


def _extra_accounts(
    tables: AudienceTables,
    alike: Alike,
    uplift: PlanUplift,
    top_share: float,
    rng: np.random.Generator,
) -> ExtraAccounts:
    """Ask history, whose rows are scored by models that saw neither their outcome nor whether they belong."""
    likeness = alike.scale.likeness(score_history(alike.likeness, tables, uplift.history))
    scores = rankings(likeness, uplift.of_history.uplift)
    values = value_audiences(scores, likeness, uplift.effect_scores, top_share, rng)
    return ExtraAccounts(values=values, evidence=uplift.evidence, how=uplift.how, n_history=len(uplift.history))


def _best_ranking(extra: ExtraAccounts | None) -> Ranking:
    return EXTRA_MEMBERS if extra is not None and extra.evidence else LIKENESS


def _chosen(
    leads: _Leads, ranking: Ranking, size: int, share: MemberShare | None, uplift: PlanUplift | None
) -> pd.DataFrame:
    best = leads.best
    known = np.ones(len(leads.frame), dtype=np.bool_) if best is None or ranking == LIKENESS else best.known
    score = leads.score if best is None else rankings(leads.likeness, np.nan_to_num(best.uplift))[ranking]
    rows = choose_audience(score, known, size)
    frame = leads.frame.iloc[rows][["lead_id", "channel"]].reset_index(drop=True)
    frame.insert(0, "rank", np.arange(1, len(rows) + 1))
    frame["likeness"] = leads.likeness[rows]
    if share is not None:
        frame["p_member"] = chance_to_belong(leads.likeness[rows], share.share)
    if best is None or uplift is None:
        return frame
    names = np.array([*uplift.offers, None], dtype=object)
    return frame.assign(offer=pd.Series(names[best.offer[rows]], dtype="str"), uplift=best.uplift[rows])


def _notes(tables: AudienceTables, leads: _Leads, rows: pd.DataFrame) -> list[str]:
    notes = []
    refused = len(tables.leads) - len(leads.frame)
    if refused:
        notes.append(f"{refused:,} leads are refused by the plan's rules, or set aside, and are not chosen")
    if "uplift" in rows and (rows["uplift"] < 0).any():
        n = int((rows["uplift"] < 0).sum())
        notes.append(
            f"{n:,} of the audience are expected to book less often when contacted; a smaller audience is better"
        )
    return notes
