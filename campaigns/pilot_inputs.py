"""What a pilot can know before anybody was contacted at random: leads, prices, and what an incomplete history tells."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from acquire.domain import CONTROL, Channel, Offer, Policy
from acquire.errors import BadInput
from acquire.ingest.checks import Sieve, read_numbers, read_texts
from acquire.ingest.named import check_one_each, read_leads
from acquire.ingest.partners import read_channels, read_offers
from acquire.ingest.sources import Columns, RawTable, read_source
from acquire.prefilter.screen import screen
from acquire.uplift.pilot import PilotRequest
from campaigns.plan_file import PlanFile
from campaigns.policy_file import read_policy_file
from campaigns.rings import with_rings_of_leads

DEFAULT_PART_OF_BASE = 0.25
EVENTS = (("clicked", "cost_per_click"), ("applied", "cost_per_applied"), ("approved", "cost_per_approved"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotSettings:
    """What the plan file does not say about a pilot.

    Attributes:
        base_booking_rate, base_bad_rate: Guesses; None: from history.
        smallest_uplift: Smallest effect worth finding; None: a quarter of the base booking rate.
        max_weeks: Longest time of taking in leads.
        leads_weeks: How many weeks of traffic the leads table holds.
        booking_window_days, maturity_days: Until a booking counts, and until bad is known after that.
    """

    base_booking_rate: float | None = None
    base_bad_rate: float | None = None
    smallest_uplift: float | None = None
    max_weeks: int = 8
    leads_weeks: float = 4.0
    booking_window_days: int = 30
    maturity_days: int = 60

    def __post_init__(self) -> None:
        if not (math.isfinite(self.leads_weeks) and self.leads_weeks > 0):
            raise BadInput(f"the leads stand for {self.leads_weeks:g} weeks of traffic; give a number above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotInputs:
    """What the design and the draw need.

    Attributes:
        request: For the design.
        leads: Those that may be contacted: lead_id, channel, person_id where known.
        leads_read: All leads of the table.
        leads_weeks: How many weeks of traffic they are.
        assumptions: What was taken for granted, a sentence each.
        hashes: SHA-256 (hex) per table.
    """

    request: PilotRequest
    leads: pd.DataFrame
    leads_read: int
    leads_weeks: float
    assumptions: tuple[str, ...]
    hashes: Mapping[str, str]

    def share_at_hand(self, weeks: int) -> float:
        """Give the part of the leads at hand whose time falls into a pilot of so many weeks."""
        return min(1.0, weeks / self.leads_weeks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What an incomplete history tells.

    Attributes:
        rows: Its usable rows: booked, and what else it has of offer, clicked, applied, approved, bad, amount. None: no history.
    """

    rows: pd.DataFrame

    def booking_rate(self) -> tuple[float, str] | None:
        """Give the booked share of controls, else of everybody, and in words whose it is."""
        if self.rows.empty:
            return None
        if "offer" in self.rows and (self.rows["offer"] == CONTROL).any():
            return float(self.rows.loc[self.rows["offer"] == CONTROL, "booked"].mean()), "of the controls in history"
        return float(self.rows["booked"].mean()), (
            "of everybody in history, who were contacted; without contact fewer may book, and the pilot then tells less"
        )

    def mean_of_booked(self, column: str) -> float:
        """Give the mean of a column over bookings; NaN where history cannot tell."""
        if column not in self.rows:
            return math.nan
        return float(self.rows.loc[self.rows["booked"] == 1, column].mean())

    def share_of_contacts(self, event: str) -> float:
        """Give the share of contacts with the event; NaN where history cannot tell."""
        if event not in self.rows:
            return math.nan
        contacted = self.rows if "offer" not in self.rows else self.rows[self.rows["offer"] != CONTROL]
        return float(contacted[event].mean())

    def offers(self) -> tuple[Offer, ...]:
        """List the offers history knows, free of charge."""
        names = set(self.rows["offer"].dropna()) - {CONTROL} if "offer" in self.rows else set()
        return tuple(Offer(offer=name) for name in sorted(names))


def read_pilot_inputs(plan: PlanFile, settings: PilotSettings, *, today: date) -> PilotInputs:
    """Read the tables of a plan that may have no usable history.

    Args:
        plan: The plan file.
        settings: What it does not say.
        today: A business day; the pilot starts the day after.

    Raises:
        BadInput: A file is wrong, or neither files nor settings tell something the design cannot do without.
    """
    raws = _read_all(plan)
    channels = read_channels(raws["channels"])
    past = _read_past(plan.sources.history, plan.columns)
    offers = (
        read_offers(raws["offers"], channels, plan.columns.control, plan.columns.dose)
        if "offers" in raws
        else past.offers()
    )
    if not offers:
        raise BadInput("neither history nor an offers table names an offer; write offers in [data] of the plan file")
    leads = _read_leads(raws["leads"], channels, plan, today)
    assumed: list[str] = []
    request = PilotRequest(
        traffic=_traffic(leads, settings, assumed),
        channels=channels,
        offers=offers,
        budget=plan.limits.budget,
        max_contacts=plan.limits.max_contacts,
        max_weeks=settings.max_weeks,
        starts_on=today + timedelta(days=1),
        booking_window_days=settings.booking_window_days,
        maturity_days=settings.maturity_days,
        mean_amount=_mean_amount(past, leads, channels, offers, assumed),
        **_rates(past, settings, assumed),
        **_event_shares(past, channels, assumed),
    )
    return PilotInputs(
        request=request,
        leads=leads,
        leads_read=len(raws["leads"].frame),
        leads_weeks=settings.leads_weeks,
        assumptions=tuple(assumed),
        hashes={table: raw.hash for table, raw in raws.items()},
    )


def _read_all(plan: PlanFile) -> dict[str, RawTable]:
    paths = {"leads": plan.sources.leads, "channels": plan.sources.channels, "offers": plan.sources.offers}
    return {table: read_source(table, path, plan.columns) for table, path in paths.items() if path is not None}


def _read_past(path: Path, columns: Columns) -> Past:
    """Read as much of history as there is; a history that is not there knows nothing."""
    if not path.exists():
        return Past(rows=pd.DataFrame())
    history = Sieve(read_source("history", path, columns))
    history.require("booked")
    history.read_flag("booked", required=True)
    history.read_name("offer", required=False)
    for event in ("clicked", "applied", "approved", "bad"):
        history.read_flag(event)
    history.read_money("amount")
    history.check_usable()
    rows = history.accepted()
    return Past(rows=rows.replace({"offer": {columns.control: CONTROL}}) if "offer" in rows else rows)


def _read_leads(raw: RawTable, channels: tuple[Channel, ...], plan: PlanFile, today: date) -> pd.DataFrame:
    """Read the leads that may be contacted: consent, refused regions and the policy's rules hold in a pilot too."""
    policy = read_policy_file(plan.policy) if plan.policy else None
    sieve = Sieve(raw)
    read_leads(sieve, [c.channel for c in channels], assume_consent=plan.assume_consent)
    check_one_each(sieve, "a pilot gives every lead a lot of its own")
    _read_rule_fields(sieve, policy)
    sieve.check_usable()
    leads = sieve.accepted()
    flags = [flag for flag in ("consent", "do_not_contact") if flag in leads]
    leads = with_rings_of_leads(leads.astype(dict.fromkeys(flags, "bool")), plan, today=today)
    screened = screen(
        leads,
        policy=policy,
        refuse_regions=plan.limits.refuse_regions,
        assume_consent=plan.assume_consent,
        on=today,
    )
    return leads.loc[(screened["decision"] == "pass").to_numpy()]


def _read_rule_fields(leads: Sieve, policy: Policy | None) -> None:
    """Read the columns that rules look at and the contract does not name, as numbers where nearly all of them are."""
    for field in {rule.field for rule in policy.rules} if policy else ():
        if field in leads and field not in leads.clean:
            numbers, is_text = read_numbers(leads.raw.frame[field])
            leads.clean[field] = numbers if is_text.mean() < 0.01 else read_texts(leads.raw.frame[field])


def _traffic(leads: pd.DataFrame, settings: PilotSettings, assumed: list[str]) -> dict[str, float]:
    assumed.append(f"The leads table holds {settings.leads_weeks:g} weeks of traffic, and traffic stays as it is.")
    return {str(channel): n / settings.leads_weeks for channel, n in leads["channel"].value_counts().items()}


def _rates(past: Past, settings: PilotSettings, assumed: list[str]) -> dict[str, Any]:
    """Find the base booking rate, the bad rate and the smallest uplift worth finding."""
    known = past.booking_rate()
    if settings.base_booking_rate is not None:
        p_booked, whose = settings.base_booking_rate, "as given"
    elif known is not None:
        p_booked, whose = known
    else:
        raise BadInput("there is no history to tell how many book without contact; give the base booking rate")
    assumed.append(f"Without contact, {100 * p_booked:.2f} % book ({whose}).")
    p_bad = past.mean_of_booked("bad") if settings.base_bad_rate is None else settings.base_bad_rate
    if math.isfinite(p_bad):
        assumed.append(f"Of the bookings, {100 * p_bad:.1f} % go bad.")
    smallest = settings.smallest_uplift
    if smallest is None:
        smallest = DEFAULT_PART_OF_BASE * p_booked
        assumed.append("An effect of a quarter of the base booking rate is worth finding; give another if it is not.")
    return {"p_booked": p_booked, "p_bad": p_bad, "smallest_uplift": smallest}


def _event_shares(past: Past, channels: tuple[Channel, ...], assumed: list[str]) -> dict[str, float]:
    """Find how often a contact is charged for each event; where nobody knows, every contact is."""
    shares: dict[str, float] = {}
    for event, price in EVENTS:
        share = past.share_of_contacts(event)
        shares[f"p_{event}"] = share if math.isfinite(share) else 1.0
        if not math.isfinite(share) and any(getattr(channel, price) > 0 for channel in channels):
            assumed.append(f"Every contact is charged {price}, as nobody knows how many are; the bill will be lower.")
    return shares


def _mean_amount(
    past: Past, leads: pd.DataFrame, channels: tuple[Channel, ...], offers: tuple[Offer, ...], assumed: list[str]
) -> float:
    rates = [channel.cost_rate_of_amount for channel in channels] + [offer.cost_rate_of_amount for offer in offers]
    if not any(rates):
        return 0.0
    amount = past.mean_of_booked("amount")
    if not math.isfinite(amount) and "amount" in leads:
        amount = float(leads["amount"].mean())
    if not math.isfinite(amount):
        raise BadInput("cost_rate_of_amount needs amounts, and neither history nor leads has them; add amount to leads")
    assumed.append(f"An average booking has an amount of {amount:,.0f}.")
    return amount
