"""`acquire replan`: the rest of a running campaign, planned anew from what was done and what it cost."""

import math
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.allocate.plan_totals import PlanTotals, total
from acquire.allocate.reoptimise import Done, Reoptimised, reoptimise
from acquire.errors import BadInput
from acquire.ingest.checks import Sieve, read_texts
from acquire.ingest.sources import TEXT_COLUMNS, Columns, read_source
from campaigns.decided_leads import read_decided_leads
from campaigns.folders import check_apart, check_outside, check_place, replacing
from campaigns.frontiers import read_plan
from campaigns.option_table import OptionTable, read_option_table
from campaigns.plan_document import PlanDocument
from campaigns.replan_document import ChannelPace, Course, Leg, Outcomes, Replan, check_sum
from campaigns.scenarios import changed_limits

REPLAN, CONTACTS = "replan.json", "contacts.parquet"
Floats = NDArray[np.float64]


def replan(folder: Path, file: Path, out: Path | None, course: Course, *, now: datetime) -> Replan:
    """Plan the rest of a campaign.

    Args:
        folder: What `acquire plan` wrote.
        file: One row per lead contacted so far (Parquet or CSV): lead_id; optional offer (else the planned one), cost, and
            booked and bad as far as they are known.
        out: Folder for replan.json and contacts.parquet; replaced whole or not at all. None = nothing is written.
        course: What else is known.
        now: The present instant, UTC.

    Raises:
        BadInput: The folder holds no plan of this version, or the file is not what it says.
        Infeasible: The limits cannot be met any more; nothing was written.
    """
    if out is not None:
        check_place(out, sign=REPLAN)
        check_apart(out, (file, folder))
        check_outside(out, folder)
    plan, table = read_plan(folder), read_option_table(folder)
    if table.options.size is not None:
        raise BadInput(
            "the plan is over leads that stand for others, of whom no row is one person who was contacted; plan the rest with "
            "acquire plan: traffic of the weeks that are left, and limits less what was used"
        )
    leads = read_decided_leads(folder, table)["lead_id"]
    made = _made(table, leads, _read_done(file), file.name, course)
    question = replace(table.question, limits=changed_limits(table.limits, course.changes))
    found = reoptimise(question, made, table.contacts, table.prices)
    contacts = _contact_rows(table, leads, made, found)
    document = _document(plan, table, made, found, contacts, now)
    if out is not None:
        with replacing(out) as fresh:
            (fresh / REPLAN).write_text(document.to_json(), encoding="utf-8")
            contacts.to_parquet(fresh / CONTACTS, index=False)
    return document


def _read_done(file: Path) -> pd.DataFrame:
    sieve = Sieve(read_source("done", file, Columns(), texts=TEXT_COLUMNS))
    sieve.require("lead_id")
    sieve.read_name("lead_id", required=True)
    sieve.reject_copies("lead_id")
    sieve.read_name("offer", required=False)
    sieve.read_money("cost")
    sieve.read_flag("booked")
    sieve.read_flag("bad")
    if "bad" in sieve:
        _check_bad(sieve, file.name)
    sieve.check_usable()
    if sieve.faults:
        fault = sieve.faults[0]
        raise BadInput(f"{file.name}: {int(fault.rows.sum())} rows cannot be used: {fault.column}: {fault.rule}")
    rows = sieve.accepted()
    check_sum(f"{file.name}: the sum of cost", float(rows["cost"].sum()) if "cost" in rows else 0.0)
    nothing = pd.Series([None] * len(rows), index=rows.index, dtype="str")
    unknown = pd.Series(math.nan, index=rows.index)
    return pd.DataFrame(
        {
            "lead_id": read_texts(rows["lead_id"]),
            "offer": rows.get("offer", nothing),
            **{name: rows.get(name, unknown).astype(np.float64) for name in ("cost", "booked", "bad")},
        }
    )


def _check_bad(sieve: Sieve, file: str) -> None:
    """Only what booked can go bad."""
    booked = sieve.clean["booked"] if "booked" in sieve else np.zeros(len(sieve))
    n_wrong = int(((np.asarray(sieve.clean["bad"]) == 1) & ~(np.asarray(booked) == 1)).sum())
    if n_wrong:
        raise BadInput(f"{file}: {n_wrong} rows are bad but not booked; give booked 1 where a booking went bad")


def _made(table: OptionTable, leads: pd.Series, done: pd.DataFrame, file: str, course: Course) -> Done:
    """Find the option that each contact made was."""
    options = table.options
    planned = pd.Series(options.offer[table.contacts > 0], index=table.row[table.contacts > 0])
    row = pd.Index(leads).get_indexer(pd.Index(done["lead_id"]))
    codes = pd.Index(list(options.offer_names)).get_indexer(pd.Index(done["offer"]))
    codes = np.where(done["offer"].isna(), planned.reindex(row).fillna(-1).to_numpy(dtype=np.int64), codes)
    n_offers = max(len(options.offer_names), 1)
    known = pd.Series(np.arange(len(options)), index=table.row * n_offers + options.offer)
    at = known.reindex(np.where((row >= 0) & (codes >= 0), row * n_offers + codes, -1)).to_numpy(dtype=np.float64)
    n_unknown = int(np.isnan(at).sum())
    if n_unknown:
        raise BadInput(
            f"{file}: {n_unknown} of {len(done)} rows are of leads or offers that the plan could not contact; leave them out and "
            "give their cost in --spent"
        )
    found = at.astype(np.int64)
    contacts = np.zeros(len(options))
    contacts[found] = 1.0
    told = {name: np.full(len(options), np.nan) for name in ("cost", "booked", "bad")}
    for name, figures in told.items():
        figures[found] = done[name].to_numpy(dtype=np.float64)
    if len(np.unique(options.person[found])) < len(found):
        raise BadInput(
            f"{file}: a person was contacted more than once; keep the first contact of each and give all in --spent"
        )
    return Done(
        contacts=contacts,
        spend=_scaled(options.spend, told["cost"], found, _without_charges(table, contacts, course.spent)),
        booked=told["booked"],
        bad=told["bad"],
        days=course.days,
        days_left=course.days_left,
        most_rise=course.most_rise,
    )


def _without_charges(table: OptionTable, contacts: Floats, spent: float) -> float:
    """What was spent on the contacts themselves: what channels charge once they are used is counted by itself, once."""
    charged = total(table.options, contacts, table.channels).spend - total(table.options, contacts, ()).spend
    return max(0.0, spent - charged) if spent > 0 else spent


def _scaled(expected: Floats, spend: Floats, found: NDArray[np.int64], spent: float) -> Floats:
    """What each contact cost so that all come to what was spent in all."""
    if math.isnan(spent):
        return spend
    if not len(found):
        if spent:
            raise BadInput(f"{spent:g} was spent on no contact; list the contacts made, or leave --spent out")
        return spend
    each = np.where(np.isnan(spend), expected, spend)
    booked = float(each[found].sum())
    each = np.full_like(spend, np.nan)
    weights = np.where(np.isnan(spend), expected, spend)[found]
    each[found] = weights * (spent / booked) if booked > 0 else spent / len(found)
    return each


def _contact_rows(table: OptionTable, leads: pd.Series, made: Done, found: Reoptimised) -> pd.DataFrame:
    """One row per lead that was still to contact, or is now: lead_id, channel, offer, planned_offer, change."""
    options = table.options
    names = np.array([*options.offer_names, None], dtype=object)
    still = made.contacts == 0
    before = pd.Series(options.offer[still & (table.contacts > 0)], index=table.row[still & (table.contacts > 0)])
    before = before[~before.index.isin(table.row[made.contacts > 0])]
    after = pd.Series(options.offer[still & (found.contacts > 0)], index=table.row[still & (found.contacts > 0)])
    rows = before.index.union(after.index)
    was, is_now = (of.reindex(rows).fillna(-1).to_numpy(dtype=np.int64) for of in (before, after))
    change = np.select([was == is_now, is_now < 0, was < 0], ["kept", "dropped", "added"], "other offer")
    channel = pd.Series(options.channel, index=table.row).groupby(level=0).first()
    return pd.DataFrame(
        {
            "lead_id": leads.to_numpy()[rows],
            "channel": np.array(options.channel_names)[channel.reindex(rows).to_numpy(dtype=np.int64)],
            "offer": names[is_now],
            "planned_offer": names[was],
            "change": change,
        }
    ).astype({"lead_id": "str", "channel": "str", "offer": "str", "planned_offer": "str", "change": "str"})


def _document(
    plan: PlanDocument, table: OptionTable, made: Done, found: Reoptimised, contacts: pd.DataFrame, now: datetime
) -> Replan:
    reached = np.isin(table.options.person, table.options.person[made.contacts > 0])
    planned = np.where(reached, 0.0, table.contacts)
    rest = np.where(made.contacts > 0, 0.0, found.contacts)
    counts = contacts["change"].value_counts()
    # What a channel charges once it is used falls due with the first contacts, so each later part has what comes on top.
    done, whole = (total(found.options, x, table.channels) for x in (made.contacts, found.contacts))
    as_planned = total(found.options, made.contacts + planned, table.channels)

    return Replan(
        plan_id=plan.plan_id,
        name=plan.name,
        currency=plan.currency,
        made_at=now,
        days=made.days,
        days_left=made.days_left,
        done=_leg(done),
        planned_rest=_leg(as_planned.beyond(done)),
        rest=_leg(whole.beyond(done)),
        whole=_leg(whole),
        outcomes=_outcomes(table, made),
        channels=tuple(_paces(table, made, planned, rest)),
        limits=found.limit_uses,
        kept=int(counts.get("kept", 0)),
        dropped=int(counts.get("dropped", 0)),
        added=int(counts.get("added", 0)),
        other_offer=int(counts.get("other offer", 0)),
    )


def _outcomes(table: OptionTable, made: Done) -> Outcomes:
    known, matured = ~np.isnan(made.booked), (made.booked == 1) & ~np.isnan(made.bad)
    return Outcomes(
        known=int(known.sum()),
        booked=int((made.booked == 1).sum()),
        booked_expected=float(table.options.booked[known].sum()),
        matured=int(matured.sum()),
        bad=int((made.bad == 1).sum()),
    )


def _leg(totals: PlanTotals) -> Leg:
    return Leg(
        contacts=totals.contacts,
        spend=totals.spend,
        booked=totals.booked,
        incremental=totals.incremental,
        value=totals.value,
        bad_rate=totals.bad / totals.booked if totals.booked > 0 else math.nan,
    )


def _paces(table: OptionTable, made: Done, planned: Floats, rest: Floats) -> list[ChannelPace]:
    names, code = table.options.channel_names, table.options.channel
    sums = [np.bincount(code, weights=x, minlength=len(names)) for x in (made.contacts, planned, rest)]
    return [
        ChannelPace(
            channel=name,
            made=float(sums[0][i]),
            planned=float(sums[1][i]),
            now=float(sums[2][i]),
            a_day=float(sums[2][i]) / made.days_left if made.days_left > 0 else math.nan,
        )
        for i, name in enumerate(names)
    ]
