"""decisions.parquet: what happens to each accepted lead and why."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.allocate.cents import Handed, add_up, hand_out, money_bounds
from acquire.allocate.charges import surcharges
from acquire.allocate.saturation import brought_shares
from acquire.domain import CONTROL
from acquire.frames import decisions_schema, validate
from acquire.prefilter.scorecard import Scorecard
from acquire.scored import Scored
from acquire.uplift.reasons import explain
from acquire.uplift.served import ServedEffects
from campaigns.choice import Choice, Market
from campaigns.overlaps import NO_OVERLAP, lacks_overlap
from campaigns.plan_document import AllocationLine, ReasonCount
from campaigns.traffic import stands_for_others

Flags = NDArray[np.bool_]

CHOSEN = "CHOSEN"
RESERVE = "RANDOM_RESERVE"  # contacted by chance, where the plan would have contacted nobody
RANDOM_OFFER = "RANDOM_OFFER"  # contacted by chance, where the plan would have contacted the person too
HELD_AS_CONTROL = "RANDOM_CONTROL"
OTHER_CHANNEL = "PERSON_CONTACTED_IN_ANOTHER_CHANNEL"
NO_OFFER = "NO_OFFER_IN_CHANNEL"
NO_TRAFFIC = "NO_TRAFFIC_EXPECTED"
NOT_WORTH_IT = "NO_OFFER_PAYS"
LIMITS = "LIMITS_LEAVE_NO_ROOM"

N_RISK_REASONS = 4


def make_decisions(
    leads: pd.DataFrame,
    screened: pd.DataFrame,
    market: Market,
    choice: Choice,
    card: Scorecard | None = None,
    served: ServedEffects | None = None,
) -> pd.DataFrame:
    """Decide for every accepted lead; scores are null for leads that were not scored.

    Args:
        leads: All accepted leads, in the order of the file.
        screened: The pre-filter's answer, same rows.
        market: The scored part of the leads.
        choice: The plan's choice among them.
        card: Says in words where each lead loses points; None = reasons of risk are null.
        served: Says in words why the offer does what it does; None = those are null.
    """
    scored = score_columns(market.leads, market.scored, market.offer_names)
    parts = [_decide(market, choice), scored, exposures(market.leads, market.scored), _risk_reasons(market.leads, card)]
    decided = pd.concat(parts, axis=1)
    chance = decided[[f"p_bad_{offer}" for offer in market.offer_names]].to_numpy()
    shown = _shown_offer(market, decided["offer"])
    decided["p_bad"] = chance[np.arange(len(decided)), shown]
    decided["uplift_reason"] = _uplift_reasons(market, shown, served)
    frame = leads[["lead_id", "channel"]].merge(
        pd.concat([market.leads["lead_id"], decided], axis=1), on="lead_id", how="left", validate="one_to_one"
    )
    refused = (screened["decision"] == "refuse").to_numpy()
    frame.loc[refused, "decision"] = "refuse"
    frame.loc[refused, "reason"] = screened.loc[refused, "reason"].to_numpy()
    first = ["lead_id", "channel", "decision", "offer", "reason", "p_bad"]
    return validate(decisions_schema(market.offer_names), frame[[*first, *(c for c in frame if c not in first)]])


def count_reasons(decisions: pd.DataFrame) -> tuple[ReasonCount, ...]:
    """Count leads per decision and reason, most frequent first."""
    counts = decisions.groupby(["decision", "reason"]).size().sort_values(ascending=False).reset_index(name="leads")
    return tuple(
        ReasonCount(**{str(name): value for name, value in line.items()}) for line in counts.to_dict(orient="records")
    )


def allocation_lines(choice: Choice) -> tuple[AllocationLine, ...]:
    """Add up the chosen contacts per channel and offer; spend is in whole cents that keep the limits.

    What a channel charges besides each contact (a fixed cost, dearer tiers) is spread evenly over its contacts, and so is what
    they bring less where it is worn out.
    """
    options, at, contacts = choice.options, choice.allocation.chosen, choice.allocation.contacts
    names = ("spend", "booked", "incremental", "bad", "value")
    figures = {"contacts": contacts, **{name: getattr(options, name)[at] * contacts for name in names}}
    charged = surcharges(options, at, contacts, choice.allocation.prices.channels) * contacts
    brought = brought_shares(options, at, contacts, choice.allocation.prices.channels)
    figures |= {name: figures[name] * brought[name] for name in ("booked", "incremental")}
    figures |= {"bad": figures["bad"] * brought["booked"]}
    lost = brought["value"] * contacts
    figures |= {"spend": figures["spend"] + charged, "value": figures["value"] - charged - lost}
    frame = pd.DataFrame(
        {"channel": options.channel[at], "partner": options.partner[at], "offer": options.offer[at], **figures}
    )
    groups = frame.groupby(["channel", "partner", "offer"])
    sums = groups[list(figures)].sum(min_count=1).reset_index()
    sums["spend"] = spend_in_cents(choice, sums["spend"].to_numpy(dtype=np.float64)).money
    return tuple(
        AllocationLine(
            channel=options.channel_names[int(line["channel"])],
            partner=options.partner_names[int(line["partner"])],
            offer=options.offer_names[int(line["offer"])],
            contacts=round(float(line["contacts"])),
            spend=float(line["spend"]),
            booked=float(line["booked"]),
            incremental=float(line["incremental"]),
            bad_rate=_ratio(line["bad"], line["booked"]),
            cac=_ratio(line["spend"], line["booked"]),
            incremental_cac=_ratio(line["spend"], line["incremental"]),
            value=float(line["value"]),
        )
        for line in sums.to_dict(orient="records")
    )


def spend_in_cents(choice: Choice, spend: NDArray[np.float64]) -> Handed:
    """Hand out the money of the plan's lines, in the order of channels and offers, inside every limit on money."""
    allocation = choice.allocation
    lines = dataclasses.replace(add_up(choice.options, allocation.chosen, allocation.contacts), spend=spend)
    return hand_out(spend.tolist(), tuple(money_bounds(lines, allocation.prices.limits, allocation.prices.channels)))


def money_notes(choice: Choice, lines: Sequence[AllocationLine]) -> tuple[str, ...]:
    """Say which limits on money no whole cents keep, though the exact figures do."""
    broken = spend_in_cents(choice, np.array([line.spend for line in lines])).broken
    return tuple(f"{name} is passed by less than two cents, as spend is in whole cents" for name in broken)


def deterrence_notes(choice: Choice, currency: str) -> tuple[str, ...]:
    """Say how many are contacted so that fewer of them book: worth something on paper, and seldom what anybody means to buy."""
    options, at = choice.options, choice.allocation.chosen
    fewer = options.incremental[at] < 0
    if not fewer.any():
        return ()
    contacts = choice.allocation.contacts[fewer].sum()
    value = float(choice.allocation.contacts[fewer] @ options.value[at][fewer])
    return (
        f"{contacts:,.0f} of the contacts are expected to lower the chance to book "
        f"({currency} {value:,.0f} of the plan's value): their bookings would come anyway and make room under a limit "
        "on the bad rate, or are likely to go bad; max_incremental_bad_rate counts only what is bought",
    )


def _decide(market: Market, choice: Choice) -> pd.DataFrame:
    n = len(market.leads)
    options, at = choice.options, choice.allocation.chosen
    decided = pd.DataFrame(
        {"decision": np.full(n, "hold"), "offer": pd.Series([None] * n, dtype="str"), "reason": LIMITS}
    )
    listed, pays = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    listed[options.lead] = True
    pays[options.lead[options.gain > 0]] = True
    person_chosen = np.zeros(int(options.person.max(initial=0)) + 1, dtype=np.bool_)
    person_chosen[options.person[at]] = True
    elsewhere = np.zeros(n, dtype=np.bool_)
    elsewhere[options.lead[person_chosen[options.person]]] = True
    # From the weakest reason to the strongest: a later line overrules an earlier one.
    if market.objective.goal != "spend":
        decided.loc[~pays, "reason"] = NOT_WORTH_IT
    decided.loc[~listed & ~choice.kept_back, "reason"] = NO_OFFER
    decided.loc[lacks_overlap(market.leads, market.scored, market.channels, market.offers), "reason"] = NO_OVERLAP
    decided.loc[elsewhere, "reason"] = OTHER_CHANNEL
    decided.loc[choice.kept_back, "reason"] = HELD_AS_CONTROL
    decided.loc[choice.controls, "decision"] = "control"
    at = at[np.argsort(choice.allocation.contacts, kind="stable")]  # a group may get two offers: the larger is shown
    decided.loc[options.lead[at], ["decision", "reason"]] = ["contact", CHOSEN]
    decided.loc[options.lead[at], "offer"] = np.array(options.offer_names, dtype=object)[options.offer[at]]
    if stands_for_others(market.leads):
        decided["weight"] = market.leads["weight"].to_numpy(np.float64)
        lead = options.lead[choice.allocation.chosen]
        decided["contacts"] = np.bincount(lead, weights=choice.allocation.contacts, minlength=n)
        decided.loc[decided["weight"] == 0, "reason"] = NO_TRAFFIC
    by_chance = choice.chances
    decided.loc[by_chance.reserve, "reason"] = np.where(by_chance.anyway, RANDOM_OFFER, RESERVE)
    return decided.assign(propensity=_propensity(market, decided["offer"], by_chance.table))


def _propensity(market: Market, offer: "pd.Series[str]", table: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """The chance of what happens to each lead: of its offer, or of no contact; NaN where no lot could contact it."""
    if table is None:
        return np.full(len(offer), np.nan)
    names = [*market.offer_names, None]
    happened = pd.Index(names, dtype=object).get_indexer(pd.Index(offer.where(offer.notna(), None), dtype=object))
    return table[np.arange(len(offer)), happened]


def score_columns(leads: pd.DataFrame, scored: Scored, offers: tuple[str, ...]) -> pd.DataFrame:
    """The chances, effects and expected spend of every lead under every offer, by the contract's names."""
    known = np.where(scored.ranked, 1.0, np.nan)  # what an offer would do is null where history cannot tell
    p_booked, spend, uplift = scored.p_booked * known, scored.spend * known, scored.uplift * known
    columns = {f"p_bad_{o}": scored.p_bad[:, j] for j, o in enumerate(offers)}
    columns |= {f"p_booked_{CONTROL}": scored.p_control}
    columns |= {f"p_booked_{o}": p_booked[:, j] for j, o in enumerate(offers)}
    columns |= {f"uplift_{o}": uplift[:, j] for j, o in enumerate(offers)}
    columns |= {f"spend_{o}": spend[:, j] for j, o in enumerate(offers)}
    return pd.DataFrame(columns, index=leads.index)


def exposures(leads: pd.DataFrame, scored: Scored) -> pd.DataFrame:
    """Money lent if the lead books, and the share of it that a booking brings less when it goes bad; NaN where not known."""
    amount = np.where(scored.amount > 0, scored.amount, np.nan)
    # 0 for everybody stands for "not known".
    lost = scored.loss_given_bad if scored.loss_given_bad.any() else np.full(len(amount), np.nan)
    return pd.DataFrame({"exposure": scored.amount, "loss_given_bad": lost / amount}, index=leads.index)


def _risk_reasons(leads: pd.DataFrame, card: Scorecard | None) -> pd.DataFrame:
    """Where each lead loses most points, in words, as categories: few different sentences for many leads."""
    ranks = range(1, N_RISK_REASONS + 1)
    if card is None:
        nothing = pd.Categorical.from_codes(np.full(len(leads), -1), categories=pd.Index([], dtype="str"))
        return pd.DataFrame({f"risk_reason_{rank}": nothing for rank in ranks}, index=leads.index)
    reasons = card.reasons(leads, top=N_RISK_REASONS)
    return pd.DataFrame({f"risk_reason_{rank}": reasons[f"words_{rank}"].astype("category") for rank in ranks})


def _uplift_reasons(market: Market, offer: NDArray[np.int64], served: ServedEffects | None) -> pd.Series:
    """Why the chosen, else the best, offer changes what it changes, in words; null where that is not known."""
    known = np.where(market.scored.ranked, market.scored.uplift, np.nan)
    sentences = None if served is None else explain(served, market.leads, offer, known)
    return pd.Series(sentences, index=market.leads.index, dtype="str")


def _shown_offer(market: Market, chosen: pd.Series) -> NDArray[np.int64]:
    """The chosen offer, else the best by the objective: whose p_bad is shown as p_bad."""
    codes = pd.Categorical(chosen, categories=list(market.scored.offers)).codes.astype(np.int64)
    return np.where(codes >= 0, codes, best_offer(market.scored, market.objective.goal))


def best_offer(scored: Scored, goal: str) -> NDArray[np.int64]:
    """The best offer of each lead by the objective, 0 = the first, shape (n,)."""
    gain = {"incremental_value": scored.value, "incremental_accounts": scored.uplift, "spend": -scored.spend}
    return np.asarray(gain[goal].argmax(axis=1), dtype=np.int64)


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below > 0 else float("nan")
