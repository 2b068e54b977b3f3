"""`acquire policy test`: a policy file held against a table of leads or of history, before it is in force."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL, Policy
from acquire.errors import UNREADABLE, BadInput
from acquire.ingest.checks import read_numbers, read_texts
from acquire.ingest.features import look_at
from acquire.ingest.sources import TEXT_COLUMNS, Columns, RawTable, nearest, read_source
from acquire.modelfile import read_model_folder
from acquire.prefilter.approval import fit_approval, read_scores
from acquire.prefilter.approval_evidence import ApprovalEvidence, judge_approval
from acquire.prefilter.impact import GroupImpact, adverse_impact
from acquire.prefilter.policy_trial import Part, RuleTrial, SwapSet, part, swap, try_rules
from acquire.prefilter.rules import apply_rules, check_examples, check_fields
from campaigns.outputs import DOCUMENT
from campaigns.plan_sweep import PlanSweep, sweep_plan
from campaigns.plan_terms import PlanTerms, read_terms
from campaigns.policy_file import read_policy_file

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

FROM_LINKS = "ring_"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTrial:
    """Everything that `acquire policy test` shows.

    Attributes:
        policy: The one on trial; `file` its name.
        table, n: Name and rows of the table.
        on: Day for which the rules were applied.
        n_examples: Examples that come out as they say.
        rules: One entry per rule, in order.
        untried: Rules whose field a plan derives from its links and this table lacks.
        refused, passed: Rows that any rule refuses, and the others.
        has_bad: Whether the table has a bad label.
        against: Name of the policy in force; None where none is known.
        swapped: Against it, by the rules.
        cut_offs: The cut-off in force and the one on trial, where they differ.
        swapped_by_score: Against it, by rules and cut-off together, with the score that the table shows.
        groups: Share let through per group of each protected column.
        evidence: Whether the table's approvals follow the stated cut-off; None where it has none.
        plan: The plan's contacts along the cut-off; None without a plan that can show it.
        notes: What could not be shown and why.
    """

    policy: Policy
    file: str
    table: str
    n: int
    on: date
    n_examples: int
    rules: tuple[RuleTrial, ...]
    untried: tuple[str, ...]
    refused: Part
    passed: Part
    has_bad: bool
    against: str | None
    swapped: SwapSet | None
    cut_offs: tuple[float, float] | None
    swapped_by_score: SwapSet | None
    groups: dict[str, tuple[GroupImpact, ...]]
    evidence: ApprovalEvidence | None
    plan: PlanSweep | None
    notes: tuple[str, ...]


def run_policy_trial(
    policy_path: Path,
    table_path: Path,
    *,
    on: date,
    against: Path | None = None,
    plan: Path | None = None,
    protected: Iterable[str] = (),
) -> PolicyTrial:
    """Hold the policy against the table.

    Args:
        policy_path: The policy file on trial.
        table_path: Leads or history, Parquet or CSV.
        on: Day for which the rules are applied.
        against: The policy in force; by default the plan's.
        plan: Folder that `acquire plan` wrote.
        protected: Columns whose groups are watched and that no rule may read, beside those of the plan.

    Raises:
        BadInput: Something does not fit; the line names the rule, where it is one, and its line in the file.
    """
    policy = read_policy_file(policy_path)
    check_examples(policy)
    terms = _terms_of(plan) if plan else None
    columns = terms.columns if terms else Columns()
    raw = read_source("leads", table_path, columns)
    watched = _watched(raw, protected, columns)
    tried, untried = _without_links(policy, raw)
    check_fields(tried, raw.frame.columns, watched)
    _check_approval(policy, raw, watched)
    in_force, name = _in_force(against, terms)
    table = _typed(raw, _read_by(policy, in_force, terms), watched)
    bad = _labels(table)
    hits = apply_rules(table, tried, on=on)
    through = hits.first() < 0
    notes = [_untried_note(untried)] if untried else []
    before = None if in_force is None else _let_through(in_force, raw, table, on)
    cut_offs = None if before is None else _moved(policy, in_force)
    sweep, told = _sweep(plan, terms, policy, table, through)
    return PolicyTrial(
        policy=policy,
        file=policy_path.name,
        table=table_path.name,
        n=len(table),
        on=on,
        n_examples=sum(len(rule.examples) for rule in policy.rules),
        rules=try_rules(hits, bad, on=on),
        untried=untried,
        refused=part(~through, bad),
        passed=part(through, bad),
        has_bad=bad is not None,
        against=name,
        swapped=None if before is None else swap(before, through, bad),
        cut_offs=cut_offs,
        swapped_by_score=None
        if before is None or cut_offs is None
        else _swap_by_score(policy, table, before, through, bad, cut_offs),
        groups={column: adverse_impact(table[column], through) for column in sorted(watched)},
        evidence=_evidence(policy, table),
        plan=sweep,
        notes=(*notes, *told),
    )


def _terms_of(plan: Path) -> PlanTerms:
    if not (plan / "models").is_dir():
        raise BadInput(f"--plan {plan.name} holds no models; name the folder that acquire plan wrote")
    return read_terms(read_model_folder(plan / "models"), plan.name)


def _watched(raw: RawTable, protected: Iterable[str], columns: Columns) -> frozenset[str]:
    """Protected columns that the table has, under the contract's names; those asked for by name must be there."""
    asked = {columns.rename.get(name, name) for name in protected}
    for name in sorted(asked):
        if name not in raw.frame:
            raise BadInput(f"--protected {name}: {raw.file} has no such column{nearest(name, raw.frame.columns)}")
    of_plan = {columns.rename.get(name, name) for name in columns.protected}
    return frozenset(asked | (of_plan & set(raw.frame.columns)))


def _without_links(policy: Policy, raw: RawTable) -> tuple[Policy, tuple[str, ...]]:
    """The rules that can be tried: what a plan derives from its links is not in the table unless somebody put it there."""
    lacking = [r for r in policy.rules if r.field.startswith(FROM_LINKS) and r.field not in raw.frame]
    kept = tuple(rule for rule in policy.rules if rule not in lacking)
    return replace(policy, rules=kept), tuple(rule.id for rule in lacking)


def _check_approval(policy: Policy, raw: RawTable, watched: frozenset[str]) -> None:
    approval = policy.approval
    if approval is not None and approval.field in watched:
        raise BadInput(f"{approval.named} reads {approval.field!r}, which is protected; approve by another field")
    if approval is not None and approval.field not in raw.frame:
        raise BadInput(f"{approval.named} reads {approval.field!r}, which {raw.file} lacks; correct the field's name")


def _untried_note(untried: tuple[str, ...]) -> str:
    return f"Not tried: {', '.join(untried)} (reads ring figures, which a plan makes from [data] links and this table lacks)"


def _in_force(against: Path | None, terms: PlanTerms | None) -> tuple[Policy | None, str | None]:
    if against is not None:
        policy = read_policy_file(against)
        return policy, f"{against.name} (version {policy.version})"
    if terms is not None and terms.policy is not None:
        return terms.policy, f"the plan's (version {terms.policy.version})"
    return None, None


def _let_through(policy: Policy, raw: RawTable, table: pd.DataFrame, on: date) -> Flags:
    known, _ = _without_links(policy, raw)
    return np.asarray(apply_rules(table, known, on=on).first() < 0)


def _moved(policy: Policy, in_force: Policy | None) -> tuple[float, float] | None:
    """The cut-off in force and the one on trial; None where they agree or speak of different scores."""
    tried, stated = policy.approval, in_force.approval if in_force else None
    if tried is None or (
        stated is not None and replace(stated, cut_off=0.0, was=0.0) != replace(tried, cut_off=0.0, was=0.0)
    ):
        return None
    before = tried.was if stated is None else stated.cut_off
    return (before, tried.cut_off) if before != tried.cut_off else None


def _swap_by_score(
    policy: Policy, table: pd.DataFrame, before: Flags, after: Flags, bad: Floats | None, cut_offs: tuple[float, float]
) -> SwapSet:
    assert policy.approval is not None  # noqa: S101 - cut-offs differ
    score, sign = read_scores(table, policy.approval, "the table"), 1 if policy.approval.op == "ge" else -1
    was, now = (sign * score >= sign * cut_off for cut_off in cut_offs)
    return swap(before & was, after & now, bad)


def _read_by(policy: Policy, in_force: Policy | None, terms: PlanTerms | None) -> set[str]:
    policies = [policy, *([in_force] if in_force else [])]
    fields = {rule.field for one in policies for rule in one.rules}
    approvals = [one.approval for one in policies] + [terms.approval.approval if terms and terms.approval else None]
    return fields | {approval.field for approval in approvals if approval is not None}


def _typed(raw: RawTable, fields: set[str], watched: frozenset[str]) -> pd.DataFrame:
    """The columns that matter, read as a plan reads them: numbers, texts or dates."""
    named = {"lead_id", "channel", "offer", "amount", "booked", "bad", "applied", "approved"}
    wanted = [name for name in raw.frame.columns if name in fields | watched | named]
    return pd.DataFrame({name: _column(name, raw.frame[name]) for name in wanted}, index=raw.frame.index)


def _column(name: str, values: "pd.Series[Any]") -> Any:
    if name in TEXT_COLUMNS:
        return read_texts(values) if name != "contacted_on" else pd.to_datetime(values, errors="coerce")
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values
    reading = look_at(values)
    return reading.numbers if reading.look in {"numeric", "empty", "mixed"} else read_texts(values)


def _labels(table: pd.DataFrame) -> Floats | None:
    """0, 1 or NaN per row; None where the table has no bad label."""
    if "bad" not in table:
        return None
    bad, is_text = read_numbers(table["bad"])
    if is_text.any() or not np.isin(bad[~np.isnan(bad)], (0.0, 1.0)).all():
        raise BadInput("column bad holds something else than 0, 1 and empty; correct it, or leave the column out")
    return bad


def _evidence(policy: Policy, table: pd.DataFrame) -> ApprovalEvidence | None:
    """What the table's own applicants say of the stated cut-off, where it is a table of history."""
    if policy.approval is None or not {"applied", "approved", "booked", "channel", "offer"} <= set(table.columns):
        return None
    return judge_approval(fit_approval(table, policy.approval), table)


def _read_contacts(plan: Path, terms: PlanTerms) -> tuple[Mapping[str, Any], pd.DataFrame]:
    """What plan.json promises of the contacts, and decisions.parquet.

    Raises:
        BadInput: One of them is missing, damaged, or not of these terms.
    """
    offers = [f"{what}_{offer.offer}" for what in ("p_booked", "p_bad", "spend") for offer in terms.offers]
    columns = ["lead_id", "channel", "decision", "offer", f"p_booked_{CONTROL}", *offers]
    name = DOCUMENT
    try:
        headline = json.loads((plan / name).read_text(encoding="utf-8"))["headline"]
        for figure in ("booked", "incremental", "bad_rate"):
            float(headline[figure]["expected"] or 0.0)
        name = "decisions.parquet"
        return headline, pd.read_parquet(plan / name, columns=columns)
    except (OSError, *UNREADABLE):
        raise BadInput(f"{name} of {plan.name} is missing or damaged; plan again") from None


def _sweep(
    plan: Path | None, terms: PlanTerms | None, policy: Policy, table: pd.DataFrame, through: Flags
) -> tuple[PlanSweep | None, tuple[str, ...]]:
    """The plan's contacts along the cut-off, else why not."""
    if plan is None or terms is None:
        return None, ()
    if terms.approval is None:
        return None, (f"{plan.name} was planned without [approval]: its contacts cannot be priced along a cut-off",)
    stated, then = policy.approval, terms.approval.approval
    if stated is not None and replace(stated, cut_off=0.0) != replace(then, cut_off=0.0):
        return None, (
            f"[approval] differs from the plan's in more than cut_off ({then.field} {then.op}, {then.was:g} in history): "
            "plan again to see it along the cut-off",
        )
    headline, decisions = _read_contacts(plan, terms)
    at = stated.cut_off if stated is not None else then.cut_off
    sweep = sweep_plan(terms, headline, decisions, table, through, at)
    if sweep is None:
        return None, (
            f"{table.shape[0]:,} rows hold none of the plan's contacts: give the plan's leads to see the cut-off",
        )
    return sweep, ()
