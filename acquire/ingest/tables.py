"""Reader -> accepted + quarantined: the input tables of one plan, checked and typed.

files -> raw tables        sources.py    what the owner wrote
      -> channels, offers  partners.py   priced by hand: anything wrong stops
      -> named columns     named.py      a bad value sets its row aside
      -> features          features.py   what the models may use
      -> links             links.py      what leads share
      -> current plan      current.py    what runs today
      -> weekly tables     weeks.py      past spend, expected traffic
      -> Tables            this file     and what must hold of the tables as a whole
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from acquire.domain import CONTROL, Channel, CurrentPlan, Feature, Offer
from acquire.errors import BadInput
from acquire.frames import HISTORY, LEADS, validate
from acquire.ingest.checks import Sieve, TableCount
from acquire.ingest.current import read_current_plan
from acquire.ingest.features import check_columns, choose_features
from acquire.ingest.links import read_link_source, read_links, strangers_note
from acquire.ingest.named import read_history, read_leads
from acquire.ingest.partners import check_priced, read_channels, read_offers, with_price_tiers
from acquire.ingest.sources import Columns, RawTable, Sources, read_source
from acquire.ingest.weeks import read_spend_history, read_traffic

__all__ = ["Columns", "Sources", "TableCount", "Tables", "read_tables"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The input of a plan, ready for the stages.

    Attributes:
        history: `acquire.frames.HISTORY`; only control and the offers of this plan. Columns that are no feature are
            kept.
        leads: `acquire.frames.LEADS`, in the order of the file.
        channels: As listed.
        offers: As listed, without control; with no offers table those of history, free.
        features: What the models may use.
        quarantine: Rows set aside: table, row_number (data rows from 1), reason, content (JSON of the row as written).
        counts: One per table: accepted + quarantined = read.
        notes: What a reader of the plan should know, a sentence each.
        hashes: SHA-256 (hex) of each table's file.
        links: `lead_id`, `kind`, `key`, optional `role`: what leads share; None where the plan has no such table.
        current_plan: What runs today; None where the plan has no such table.
        spend_history: `week`, `channel`, `spend`, `booked`: one row per channel and past week; None likewise.
        traffic: `week`, `channel`, `volume`, `low`, `high`: leads expected to come; None likewise.
    """

    history: pd.DataFrame
    leads: pd.DataFrame
    channels: tuple[Channel, ...]
    offers: tuple[Offer, ...]
    features: tuple[Feature, ...]
    quarantine: pd.DataFrame
    counts: tuple[TableCount, ...]
    notes: tuple[str, ...]
    hashes: Mapping[str, str]
    links: pd.DataFrame | None = None
    current_plan: CurrentPlan | None = None
    spend_history: pd.DataFrame | None = None
    traffic: pd.DataFrame | None = None

    @property
    def has_revenue(self) -> bool:
        """Whether history knows what a booking earned."""
        return self._knows("revenue")

    @property
    def has_bad(self) -> bool:
        """Whether history knows of any booking whether it went bad."""
        return self._knows("bad")

    def _knows(self, outcome: str) -> bool:
        booked = self.history.loc[self.history["booked"] == 1]
        return outcome in booked and bool(booked[outcome].notna().any())


def read_tables(sources: Sources, columns: Columns, *, assume_consent: bool, today: date) -> Tables:
    """Read, check and type the input tables.

    Args:
        sources: Where the files are.
        columns: The owner's names, and what may not be a feature.
        assume_consent: All leads count as having consented where the leads have no consent column.
        today: Dates after this day are in the future.

    Raises:
        BadInput: Something stops the plan; the line names it and what to do.
    """
    raws = _read_all(sources, columns)
    channels = read_channels(raws["channels"])
    if "price_tiers" in raws:
        channels = with_price_tiers(raws["price_tiers"], channels)
    history, leads = Sieve(raws["history"]), Sieve(raws["leads"])
    check_columns(history, leads, columns)
    read_history(history, columns, today)
    notes = read_leads(leads, [c.channel for c in channels], assume_consent=assume_consent)
    if columns.dose and "offers" not in raws:
        raise BadInput(
            f"[uplift] dose names {columns.dose}, but there is no offers table; name one in [data], or drop dose"
        )
    listed = read_offers(raws["offers"], channels, columns.control, columns.dose) if "offers" in raws else None
    features, feature_notes = choose_features(history, leads, columns)
    links = [Sieve(raws["links"])] if "links" in raws else []
    notes += [note for sieve in links for note in read_links(sieve)]
    weekly = {table: Sieve(raws[table]) for table in ("spend_history", "traffic") if table in raws}
    for table, sieve in weekly.items():
        read = read_traffic if table == "traffic" else read_spend_history
        notes += read(sieve, [c.channel for c in channels], today)
    sieves = (history, leads, *links, *weekly.values())
    for sieve in sieves:
        sieve.check_usable()
    past, coming = history.accepted(), _typed_leads(leads)
    offers = listed if listed is not None else _offers_of(past)
    check_priced(channels, offers, history, leads)
    used = past.loc[past["offer"].isin([CONTROL, *(offer.offer for offer in offers)])].reset_index(drop=True)
    _check_history(used, offers, history.raw.own("offer"))
    notes += [*feature_notes, *_unused_note(past, used), *_unseen_note(used, channels)]
    shared = links[0].accepted() if links else None
    notes += strangers_note(shared, past, coming) if shared is not None else []
    current = None
    if "current_plan" in raws:
        current, current_notes = read_current_plan(raws["current_plan"], channels, offers, columns.control)
        notes += current_notes
    return Tables(
        history=validate(HISTORY, used),
        leads=validate(LEADS, coming),
        channels=channels,
        offers=offers,
        features=features,
        quarantine=pd.concat([sieve.quarantine() for sieve in sieves], ignore_index=True),
        counts=(
            dataclasses.replace(history.count(), unused=len(past) - len(used)),
            *(sieve.count() for sieve in sieves[1:]),
        ),
        notes=(*(note for raw in raws.values() for note in raw.notes), *notes),
        hashes={table: raw.hash for table, raw in raws.items()},
        links=shared,
        current_plan=current,
        spend_history=weekly["spend_history"].accepted() if "spend_history" in weekly else None,
        traffic=weekly["traffic"].accepted() if "traffic" in weekly else None,
    )


def _read_all(sources: Sources, columns: Columns) -> dict[str, RawTable]:
    paths = {f.name: getattr(sources, f.name) for f in dataclasses.fields(sources)}
    return {
        table: read_link_source(path, columns) if table == "links" else read_source(table, path, columns)
        for table, path in paths.items()
        if path is not None
    }


def _typed_leads(leads: Sieve) -> pd.DataFrame:
    frame = leads.accepted()
    flags = [flag for flag in ("consent", "do_not_contact") if flag in frame]
    return frame.astype(dict.fromkeys(flags, "bool"))


def _offers_of(history: pd.DataFrame) -> tuple[Offer, ...]:
    names = sorted(set(history["offer"]) - {CONTROL})
    if not names:
        raise BadInput("history has no offer besides control; it needs rows of leads that were contacted")
    return tuple(Offer(offer=name) for name in names)


def _check_history(history: pd.DataFrame, offers: tuple[Offer, ...], own_offer: str) -> None:
    """Raise BadInput unless history can teach the effect of every offer."""
    seen = set(history["offer"])
    for offer in offers:
        if offer.offer not in seen:
            raise BadInput(
                f"offer {offer.offer} is in the offers table, but history never saw it; take it out, or try it in a "
                "pilot (`acquire experiment design`)"
            )
    if CONTROL not in seen:
        raise BadInput(
            f"history has no controls ({own_offer} = {CONTROL}): nothing tells who books without the campaign; name "
            "their value with control in [columns], or start a pilot with `acquire experiment design`"
        )
    booked = history["booked"].mean()
    if booked in (0.0, 1.0):
        raise BadInput(
            f"booked is {booked:g} in every usable row of history; give both leads that booked and leads that did not"
        )


def _unused_note(past: pd.DataFrame, used: pd.DataFrame) -> list[str]:
    others = sorted(set(past["offer"]) - set(used["offer"]))
    if not others:
        return []
    return [
        f"history: {len(past) - len(used)} rows of offers that the plan does not have are not used: {', '.join(others)}"
    ]


def _unseen_note(history: pd.DataFrame, channels: tuple[Channel, ...]) -> list[str]:
    seen = set(history["channel"])
    return [
        f"history never saw channel {channel.channel}: it is planned on pooled estimates of the other channels"
        for channel in channels
        if channel.channel not in seen
    ]
