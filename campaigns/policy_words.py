"""The trial of a policy as a report on a terminal, at most 100 columns wide unless a name is very long."""

import math
from collections.abc import Sequence
from textwrap import wrap

from acquire.prefilter.approval_evidence import ApprovalEvidence
from acquire.prefilter.impact import FEWEST_ROWS, FOUR_FIFTHS, GroupImpact
from acquire.prefilter.policy_trial import BadShare, Part, RuleTrial, SwapSet
from campaigns.plan_sweep import PlanSweep
from campaigns.policy_trial import PolicyTrial

WIDTH = 100
_LONGEST_NAME = 26


def report(trial: PolicyTrial) -> str:
    """Everything the trial shows, section by section."""
    sections = [
        _head(trial),
        _rules(trial),
        *_swaps(trial),
        *(_groups(column, groups) for column, groups in trial.groups.items()),
        *([_evidence(trial.evidence)] if trial.evidence else []),
        *([_along_the_cut_off(trial.plan)] if trial.plan else []),
        *(_prose(note) for note in trial.notes),
    ]
    return "\n\n".join(sections)


def _head(trial: PolicyTrial) -> str:
    examples = f"all {trial.n_examples} come out as they say" if trial.n_examples else "none are given"
    approval = trial.policy.approval
    lines = [
        f"Policy {trial.policy.version} ({trial.file}) on {trial.n:,} rows of {trial.table}, as of {trial.on}",
        f"Examples: {examples}",
    ]
    if approval is not None:
        side = "at or above" if approval.op == "ge" else "at or below"
        was = f"; it was {approval.was:g} in history" if approval.moved else ", as in history"
        lines.append(f"Approval: {approval.field} {side} {approval.cut_off:g}{was}")
    return "\n".join(lines)


def _rules(trial: PolicyTrial) -> str:
    header = ["rule", "refuses alone", "", "in order", "", "referred", *(["bad among them"] if trial.has_bad else [])]
    rows = [_rule_row(one, trial.has_bad) for one in trial.rules]
    for name, one in (("all rules together", trial.refused), ("let through", trial.passed)):
        rows.append([name, "", "", *_counted(one), "", *([_bad(one.bad)] if trial.has_bad else [])])
    note = (
        "Bad: of the rows that the rule refuses alone whose outcome is known, with a 90 % interval."
        if trial.has_bad
        else ""
    )
    return "\n".join(["What the rules refuse", *_table(header, rows), *([note] if note else [])])


def _rule_row(one: RuleTrial, has_bad: bool) -> list[str]:
    name = one.rule.id if one.applies else f"{one.rule.id} (not in force)"
    cells = [_short(name), *_counted(one.alone), *_counted(one.decides), f"{one.referred:,}"]
    return [*cells, *([_bad(one.alone.bad)] if has_bad else [])]


def _swaps(trial: PolicyTrial) -> list[str]:
    tables = []
    if trial.swapped is not None:
        tables.append(_swap(f"Swap set against {trial.against}: the rules", trial.has_bad, trial.swapped))
    if trial.swapped_by_score is not None and trial.cut_offs is not None and trial.policy.approval is not None:
        before, after = trial.cut_offs
        title = f"With the cut-off too, by the {trial.policy.approval.field} in the table: {before:g} -> {after:g}"
        tables.append(_swap(title, trial.has_bad, trial.swapped_by_score))
    return tables


def _swap(title: str, has_bad: bool, swapped: SwapSet) -> str:
    header = ["against the policy in force", "rows", "", *(["bad among them"] if has_bad else [])]
    parts = {
        "in -> out: now refused": swapped.in_out,
        "out -> in: now let through": swapped.out_in,
        "let through by both": swapped.stay_in,
        "refused by both": swapped.stay_out,
    }
    rows = [[name, *_counted(one), *([_bad(one.bad)] if has_bad else [])] for name, one in parts.items()]
    return "\n".join([title, *_table(header, rows)])


def _groups(column: str, groups: Sequence[GroupImpact]) -> str:
    header = [column, "rows", "let through", "ratio to best", "90 % interval", ""]
    rows = [
        [
            _short(one.group),
            f"{one.n:,}",
            _percent(one.share),
            _number(one.ratio),
            "" if math.isnan(one.low) else f"{one.low:.2f} to {one.high:.2f}",
            _verdict(one),
        ]
        for one in groups
    ]
    note = f"Below {FOUR_FIFTHS:g} is a warning to look why, not a verdict."
    return "\n".join([f"Protected groups by {column}", *_table(header, rows), note])


def _verdict(one: GroupImpact) -> str:
    if one.too_few:
        return f"under {FEWEST_ROWS} rows: no telling"
    return f"WARNING: below {FOUR_FIFTHS:g}" if one.stands_out else ""


def _evidence(evidence: ApprovalEvidence) -> str:
    header = [evidence.field, "applicants", "approved by cut-off", "approved in the table"]
    rows = [
        [f"{one.low:g} to {one.high:g}", f"{one.n:,}", _percent(one.predicted), _percent(one.seen)]
        for one in evidence.bins
    ]
    verdict = evidence.note() or f"The table's approvals follow {evidence.field} at {evidence.was:g}."
    return "\n".join([f"Does history follow the cut-off of {evidence.was:g}?", *_table(header, rows), _prose(verdict)])


def _along_the_cut_off(plan: PlanSweep) -> str:
    header = [
        "cut-off",
        "approvals",
        "bookings",
        "extra",
        f"spend {plan.currency}",
        "CAC",
        "incremental CAC",
        "bad rate",
        "",
    ]
    marks = {at: ", ".join(_marks(plan, at)) for at in (plan.was, plan.planned, plan.tested)}
    rows = [
        [
            f"{step.cut_off:g}",
            f"{step.approvals:,.0f}",
            f"{step.booked:,.1f}",
            f"{step.incremental:,.1f}",
            f"{step.spend:,.0f}",
            _number(step.cac),
            _number(step.incremental_cac),
            _percent(step.bad_rate),
            marks.get(step.cut_off, ""),
        ]
        for step in plan.steps
    ]
    kept = plan.n_contacts - plan.n_refused - plan.n_absent
    left_out = {"that the rules on trial refuse": plan.n_refused, "that the table does not hold": plan.n_absent}
    without = " and ".join(f"{n:,} {why}" for why, n in left_out.items() if n)
    title = f"The plan's {plan.n_contacts:,} contacts along the cut-off of {plan.field}"
    note = f"{kept:,} contacts" + (f", without {without}" if without else "")
    return "\n".join(
        [title, *_table(header, rows), _prose(f"{note}; expected figures, corrected as the plan's headline is.")]
    )


def _marks(plan: PlanSweep, at: float) -> list[str]:
    named = {"history": plan.was, "plan": plan.planned, "trial": plan.tested}
    return [name for name, cut_off in named.items() if cut_off == at]


def _counted(one: Part) -> list[str]:
    return [f"{one.n:,}", _percent(one.share)]


def _bad(share: BadShare | None) -> str:
    if share is None or share.n == 0:
        return "not known"
    return f"{share.rate:.1%} ({share.low:.1%} to {share.high:.1%}, n = {share.n:,})"


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{share:.1%}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:,.2f}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."


def _prose(text: str) -> str:
    return "\n".join(wrap(text, WIDTH))


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: the first column to the left, a last one of words too, numbers to the right."""
    rows = [[*row, *[""] * (len(header) - len(row))] for row in rows]
    widths = [max(len(row[k]) for row in (header, *rows)) for k in range(len(header))]
    words = {0} | {k for k in range(1, len(header)) if header[k] in {"", "bad among them"} and k == len(header) - 1}
    lines = []
    for row in (header, ["-" * width for width in widths], *rows):
        cells = [row[k].ljust(width) if k in words else row[k].rjust(width) for k, width in enumerate(widths)]
        lines.append("  ".join(cells).rstrip())
    return lines
