"""decisions.parquet: what happens to each accepted lead and why."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL
from acquire.frames import decisions_schema, validate
from acquire.prefilter.scorecard import Scorecard
from acquire.scored import Scored
from campaigns.choice import Choice, Market
from campaigns.plan_document import AllocationLine, ReasonCount

Flags = NDArray[np.bool_]

CHOSEN = "CHOSEN"
HELD_AS_CONTROL = "RANDOM_CONTROL"
OTHER_CHANNEL = "PERSON_CONTACTED_IN_ANOTHER_CHANNEL"
NO_OFFER = "NO_OFFER_IN_CHANNEL"
NOT_WORTH_IT = "NO_OFFER_PAYS"
LIMITS = "LIMITS_LEAVE_NO_ROOM"

N_RISK_REASONS = 4


def make_decisions(
    leads: pd.DataFrame, screened: pd.DataFrame, market: Market, choice: Choice, card: Scorecard | None = None
) -> pd.DataFrame:
    """Decide for every accepted lead; scores are null for leads that were not scored.

    Args:
        leads: All accepted leads, in the order of the file.
        screened: The pre-filter's answer, same rows.
        market: The scored part of the leads.
        choice: The plan's choice among them.
        card: Says in words where each lead loses points; None = reasons of risk are null.
    """
    scored = _scores(market.leads, market.scored, market.offer_names)
    parts = [_decide(market, choice), scored, _exposures(market), _risk_reasons(market.leads, card)]
    decided = pd.concat(parts, axis=1)
    chance = decided[[f"p_bad_{offer}" for offer in market.offer_names]].to_numpy()
    decided["p_bad"] = chance[np.arange(len(decided)), _shown_offer(market, decided["offer"])]
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
    """Add up the chosen contacts per channel and offer."""
    options, at = choice.options, choice.allocation.chosen
    figures = {name: getattr(options, name)[at] for name in ("spend", "booked", "incremental", "bad", "value")}
    frame = pd.DataFrame(
        {"channel": options.channel[at], "partner": options.partner[at], "offer": options.offer[at], **figures}
    )
    groups = frame.groupby(["channel", "partner", "offer"])
    sums = groups[list(figures)].sum(min_count=1).assign(contacts=groups.size()).reset_index()
    return tuple(
        AllocationLine(
            channel=options.channel_names[int(line["channel"])],
            partner=options.partner_names[int(line["partner"])],
            offer=options.offer_names[int(line["offer"])],
            contacts=int(line["contacts"]),
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
    decided.loc[elsewhere, "reason"] = OTHER_CHANNEL
    decided.loc[choice.kept_back, "reason"] = HELD_AS_CONTROL
    decided.loc[choice.controls, "decision"] = "control"
    decided.loc[options.lead[at], ["decision", "reason"]] = ["contact", CHOSEN]
    decided.loc[options.lead[at], "offer"] = np.array(options.offer_names, dtype=object)[options.offer[at]]
    return decided


def _scores(leads: pd.DataFrame, scored: Scored, offers: tuple[str, ...]) -> pd.DataFrame:
    spend, uplift = scored.spend, scored.uplift
    columns = {f"p_bad_{o}": scored.p_bad[:, j] for j, o in enumerate(offers)}
    columns |= {f"p_booked_{CONTROL}": scored.p_control}
    columns |= {f"p_booked_{o}": scored.p_booked[:, j] for j, o in enumerate(offers)}
    columns |= {f"uplift_{o}": uplift[:, j] for j, o in enumerate(offers)}
    columns |= {f"spend_{o}": spend[:, j] for j, o in enumerate(offers)}
    return pd.DataFrame(columns, index=leads.index)


def _exposures(market: Market) -> pd.DataFrame:
    """Money lent if the lead books, and the share of it that a booking brings less when it goes bad; NaN where not known."""
    scored = market.scored
    amount = np.where(scored.amount > 0, scored.amount, np.nan)
    # 0 for everybody stands for "not known".
    lost = scored.loss_given_bad if scored.loss_given_bad.any() else np.full(len(amount), np.nan)
    return pd.DataFrame({"exposure": scored.amount, "loss_given_bad": lost / amount}, index=market.leads.index)


def _risk_reasons(leads: pd.DataFrame, card: Scorecard | None) -> pd.DataFrame:
    """Where each lead loses most points, in words, as categories: few different sentences for many leads."""
    ranks = range(1, N_RISK_REASONS + 1)
    if card is None:
        nothing = pd.Categorical.from_codes(np.full(len(leads), -1), categories=pd.Index([], dtype="str"))
        return pd.DataFrame({f"risk_reason_{rank}": nothing for rank in ranks}, index=leads.index)
    reasons = card.reasons(leads, top=N_RISK_REASONS)
    return pd.DataFrame({f"risk_reason_{rank}": reasons[f"words_{rank}"].astype("category") for rank in ranks})


def _shown_offer(market: Market, chosen: pd.Series) -> NDArray[np.int64]:
    """The chosen offer, else the best by the objective: whose p_bad is shown as p_bad."""
    scored = market.scored
    gain = {"incremental_value": scored.value, "incremental_accounts": scored.uplift, "spend": -scored.spend}
    codes = pd.Categorical(chosen, categories=list(scored.offers)).codes.astype(np.int64)
    return np.where(codes >= 0, codes, gain[market.objective.goal].argmax(axis=1))


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below > 0 else float("nan")
