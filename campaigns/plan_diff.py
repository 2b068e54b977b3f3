"""This plan beside an earlier one: what changed, by how much, and why.

Contacts of a channel and offer change because the channel has more or fewer leads, and because another share of them is chosen:

    after - before = (leads after - leads before) * share before  +  leads after * (share after - share before)

The first part is traffic, the second is choice. What can have moved the choice is told beside it: prices, limits, and what the
scores say now of the channel's leads.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import pandas as pd
from pandas.api.types import is_numeric_dtype

from acquire.domain import Channel, LimitUse, Offer
from acquire.errors import UNREADABLE, BadInput
from acquire.ingest.tables import Tables
from acquire.modelfile import read_model_folder
from campaigns.decided_leads import DECISIONS, read_decided_leads
from campaigns.diff_document import FigureChange, LeadMove, LimitChange, LineChange, PlanDiff, PriceChange
from campaigns.outputs import DOCUMENT
from campaigns.plan_document import AllocationLine, Headline, PlanDocument
from campaigns.plan_terms import read_terms
from campaigns.report_current import say_limit_change
from campaigns.report_words import say_money, say_percent, say_points

NOT_KNOWN = float("nan")
_SCORES = ("spend", "uplift", "p_bad")
WORTH_TELLING = 0.05  # of itself: what moved by less is no reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A plan with what it decided and at which prices."""

    document: PlanDocument
    decisions: pd.DataFrame
    channels: tuple[Channel, ...]
    offers: tuple[Offer, ...]


def read_snapshot(folder: Path, currency: str) -> Snapshot:
    """Read an earlier plan from the folder that `acquire plan` wrote.

    Raises:
        BadInput: It is no such folder, one of its files is damaged or of another version, or it counts another money.
    """
    try:
        text = (folder / DOCUMENT).read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"--against {folder.name} is no folder of a plan ({error.strerror}); name one that acquire plan wrote"
        ) from None
    except ValueError:
        raise BadInput(f"--against {folder.name}: {DOCUMENT} cannot be read; make that plan again") from None
    try:
        document = PlanDocument.from_json(text)
    except UNREADABLE:
        raise BadInput(f"--against {folder.name}: {DOCUMENT} is damaged or of another version") from None
    if document.currency != currency:
        raise BadInput(
            f"--against {folder.name} is in {document.currency}, this plan in {currency}; compare plans of one currency"
        )
    try:
        decisions = read_decided_leads(folder, texts=("channel", "offer"), all_columns=True)
    except BadInput as error:
        raise BadInput(f"--against {error}") from None
    terms = read_terms(read_model_folder(folder / "models"), folder.name)
    _check_scores(decisions, terms.offers, folder.name)
    return Snapshot(document=document, decisions=decisions, channels=terms.channels, offers=terms.offers)


def _check_scores(decisions: pd.DataFrame, offers: tuple[Offer, ...], name: str) -> None:
    for column in [f"{what}_{one.offer}" for what in _SCORES for one in offers]:
        if column in decisions and not is_numeric_dtype(decisions[column]):
            raise BadInput(f"--against {name}/{DECISIONS}: {column} is no column of numbers; make that plan again")


def with_changes(
    document: PlanDocument, earlier: Snapshot | None, decisions: pd.DataFrame, tables: Tables
) -> PlanDocument:
    """The document with what changed since an earlier plan, where there is one."""
    if earlier is None:
        return document
    now = Snapshot(document=document, decisions=decisions, channels=tables.channels, offers=tables.offers)
    return replace(document, diff=compare_plans(earlier, now))


def compare_plans(before: Snapshot, after: Snapshot) -> PlanDiff:
    """Say what changed."""
    limits = tuple(_limit_changes(before.document.limits, after.document.limits))
    prices = tuple(_price_changes(before, after))
    then, now = (snapshot.decisions.set_index("lead_id") for snapshot in (before, after))
    return PlanDiff(
        plan_id=before.document.plan_id,
        name=before.document.name,
        created_at=before.document.created_at.isoformat(),
        figures=tuple(_figure_changes(before.document.headline, after.document.headline)),
        limits=limits,
        prices=prices,
        lines=tuple(_line_changes(before, after, limits, prices)),
        moves=tuple(_moves(then, now)),
        leads_before=len(then),
        leads_after=len(now),
        leads_in_both=len(then.index.intersection(now.index)),
    )


def _figure_changes(before: Headline, after: Headline) -> Iterator[FigureChange]:
    for f in fields(Headline):
        then, now = getattr(before, f.name).expected, getattr(after, f.name).expected
        yield FigureChange(name=f.name, before=then, after=now)


def _limit_changes(before: tuple[LimitUse, ...], after: tuple[LimitUse, ...]) -> Iterator[LimitChange]:
    then, now = ({limit.name: limit for limit in limits} for limits in (before, after))
    for name in dict.fromkeys([*now, *then]):
        old, new = then.get(name), now.get(name)
        change = LimitChange(
            name=name,
            unit=next(limit.unit for limit in (new, old) if limit is not None),
            before=NOT_KNOWN if old is None else old.allowed,
            after=NOT_KNOWN if new is None else new.allowed,
            held_before=old is not None and old.binding,
            holds_now=new is not None and new.binding,
        )
        if change.before != change.after or change.held_before != change.holds_now:
            yield change


def _price_changes(before: Snapshot, after: Snapshot) -> Iterator[PriceChange]:
    for kind in ("channel", "offer"):
        then, now = ({getattr(one, kind): one for one in getattr(side, f"{kind}s")} for side in (before, after))
        for name in now.keys() & then.keys():
            old, new = asdict(then[name]), asdict(now[name])
            for price in sorted(new):
                if _is_price(price) and old[price] != new[price]:
                    yield PriceChange(whose=f"{kind} {name}", price=price, before=old[price], after=new[price])


def _is_price(name: str) -> bool:
    return name.startswith("cost_") or name in {"rebate_share", "fixed_cost"}


def _line_changes(
    before: Snapshot, after: Snapshot, limits: tuple[LimitChange, ...], prices: tuple[PriceChange, ...]
) -> Iterator[LineChange]:
    then, now = _lines(before.document), _lines(after.document)
    pairs = sorted(
        then.keys() | now.keys(), key=lambda pair: (-abs(_contacts(now, pair) - _contacts(then, pair)), pair)
    )
    for pair in pairs:
        if _contacts(then, pair) != _contacts(now, pair):
            yield _line_change(before, after, pair, limits, prices)


def _line_change(
    before: Snapshot,
    after: Snapshot,
    pair: tuple[str, str],
    limits: tuple[LimitChange, ...],
    prices: tuple[PriceChange, ...],
) -> LineChange:
    channel, offer = pair
    then, now = _lines(before.document).get(pair), _lines(after.document).get(pair)
    leads_then, leads_now = (int((side.decisions["channel"] == channel).sum()) for side in (before, after))
    contacts_then, contacts_now = (0.0 if line is None else float(line.contacts) for line in (then, now))
    by_traffic = round((leads_now - leads_then) * contacts_then / leads_then, 2) if leads_then else 0.0
    line = now or then
    partner = "" if line is None else line.partner
    return LineChange(
        channel=channel,
        partner=partner,
        offer=offer,
        before=contacts_then,
        after=contacts_now,
        by_traffic=by_traffic,
        by_choice=round(contacts_now - contacts_then - by_traffic, 2),
        spend_before=0.0 if then is None else then.spend,
        spend_after=0.0 if now is None else now.spend,
        incremental_before=0.0 if then is None else then.incremental,
        incremental_after=0.0 if now is None else now.incremental,
        reasons=tuple(_reasons(before, after, (channel, partner, offer), (leads_then, leads_now), limits, prices)),
    )


def _reasons(
    before: Snapshot,
    after: Snapshot,
    which: tuple[str, str, str],
    leads: tuple[int, int],
    limits: tuple[LimitChange, ...],
    prices: tuple[PriceChange, ...],
) -> Iterator[str]:
    channel, partner, offer = which
    if leads[0] != leads[1]:
        yield f"{channel} has {leads[1]:,} leads instead of {leads[0]:,}"
    for price in prices:
        if price.whose in {f"channel {channel}", f"offer {offer}"}:
            yield f"{price.price} of {price.whose} is {price.after:g} instead of {price.before:g}"
    yield from _scores(before, after, channel, offer)
    own = [limit for limit in limits if f"[{channel}" in limit.name or f"[{partner}]" in limit.name]
    own += [limit for limit in limits if limit.name.endswith(f"[partner {partner}]")]
    overall = [limit for limit in limits if "[" not in limit.name]
    for limit in (*own, *overall):
        yield say_limit_change(limit, after.document.currency)


def _scores(before: Snapshot, after: Snapshot, channel: str, offer: str) -> Iterator[str]:
    """What the scores say of the channel's leads on average, where it moved."""
    currency = after.document.currency
    for column, what, in_words in (
        (f"spend_{offer}", "the expected cost of a contact", lambda figure: say_money(figure, currency)),
        (f"uplift_{offer}", f"what {offer} is expected to add to the share that books", say_points),
        (f"p_bad_{offer}", "the share of bookings expected to go bad", say_percent),
    ):
        then, now = (_mean(side.decisions, channel, column) for side in (before, after))
        if abs(now - then) > WORTH_TELLING * max(abs(now), abs(then)):
            yield f"{what} is {in_words(now)} instead of {in_words(then)}, over all leads of {channel}"


def _mean(decisions: pd.DataFrame, channel: str, column: str) -> float:
    if column not in decisions:
        return NOT_KNOWN
    return float(decisions.loc[decisions["channel"] == channel, column].mean())


def _lines(document: PlanDocument) -> dict[tuple[str, str], AllocationLine]:
    return {(line.channel, line.offer): line for line in document.allocation}


def _contacts(lines: dict[tuple[str, str], AllocationLine], pair: tuple[str, str]) -> float:
    return float(lines[pair].contacts) if pair in lines else 0.0


def _moves(then: pd.DataFrame, now: pd.DataFrame) -> Iterator[LeadMove]:
    both = then.index.intersection(now.index)
    pairs = pd.DataFrame({"before": _course(then.loc[both]), "after": _course(now.loc[both])})
    moved = pairs[pairs["before"] != pairs["after"]]
    counts = Counter(zip(moved["before"].astype("str"), moved["after"].astype("str"), strict=True))
    for (before, after), n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield LeadMove(before=before, after=after, leads=n)


def _course(decisions: pd.DataFrame) -> pd.Series:
    contacted = decisions["decision"] == "contact"
    return decisions["decision"].where(~contacted, "contact " + decisions["offer"].astype("str"))
