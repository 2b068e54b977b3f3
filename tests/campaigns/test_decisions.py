"""decisions.parquet: one line per accepted lead, with the reason."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature, Limits, Objective
from acquire.prefilter.scorecard import Scorecard
from acquire.prefilter.scorecard_fit import fit_scorecard
from campaigns import decisions as reasons
from campaigns.choice import Choice, Market
from campaigns.decisions import allocation_lines, count_reasons, deterrence_notes, make_decisions
from tests.campaigns.small_plan import (
    ACCOUNTS,
    VALUE,
    contact_nobody,
    make_choice,
    make_leads,
    make_market,
    make_scores,
    without_label,
    without_revenue,
)


def screen(leads: pd.DataFrame, refused: dict[int, str] | None = None) -> pd.DataFrame:
    """The pre-filter's answer: everybody passes but those refused."""
    reason = pd.Series([(refused or {}).get(i) for i in range(len(leads))], dtype="str")
    decision = np.where(reason.isna(), "pass", "refuse")
    return pd.DataFrame({"lead_id": leads["lead_id"], "decision": pd.Series(decision, dtype="str"), "reason": reason})


def decide(market: Market, choice: Choice) -> pd.DataFrame:
    return make_decisions(market.leads, screen(market.leads), market, choice)


def market_of(gain: list[list[float]], **settings: object) -> Market:
    """Leads with these uplifts (coupon, rate cut); even rows are feed, odd rows are mail, where only the coupon may be used."""
    n = len(gain)
    scored = make_scores(n)
    return make_market(n, scored=replace(scored, p_booked=scored.p_control[:, None] + np.array(gain)), **settings)  # type: ignore[arg-type]


def test_those_chosen_are_contacted_with_their_offer() -> None:
    market = market_of([[0.1, 0.2], [0.1, 0.2], [0.2, 0.1]])

    decided = decide(market, make_choice(market))

    assert decided["decision"].tolist() == ["contact"] * 3
    assert decided["offer"].tolist() == ["rate_cut", "coupon", "coupon"]
    assert set(decided["reason"]) == {reasons.CHOSEN}


def test_a_lead_for_whom_every_offer_does_harm_is_held() -> None:
    market = market_of([[0.1, 0.1], [-0.01, 0.3]])

    held = decide(market, make_choice(market)).iloc[1]

    assert (held["decision"], held["reason"]) == ("hold", reasons.NOT_WORTH_IT)
    assert pd.isna(held["offer"])


def test_a_lead_that_would_pay_but_for_the_limits_is_held() -> None:
    market = market_of([[0.2, 0.1], [0.1, 0.1]], limits=Limits(max_contacts=1))

    decided = decide(market, make_choice(market))

    assert decided["decision"].tolist() == ["contact", "hold"]
    assert decided["reason"].tolist() == [reasons.CHOSEN, reasons.LIMITS]


def test_a_lead_without_an_offer_in_its_channel_is_held() -> None:
    market = market_of([[0.1, 0.1], [0.1, 0.1]])
    market = replace(market, offers=tuple(replace(offer, channels=frozenset({"feed"})) for offer in market.offers))

    decided = decide(market, make_choice(market))

    assert decided["reason"].tolist() == [reasons.CHOSEN, reasons.NO_OFFER]


def test_a_person_who_is_contacted_elsewhere_is_held_here() -> None:
    leads = make_leads(3).assign(person_id=pd.Series(["ann", "ann", "bob"], dtype="str"))
    market = market_of([[0.1, 0.1], [0.2, 0.1], [0.1, 0.1]], leads=leads)

    decided = decide(market, make_choice(market))

    assert decided["decision"].tolist() == ["hold", "contact", "contact"]
    assert decided["reason"].tolist() == [reasons.OTHER_CHANNEL, reasons.CHOSEN, reasons.CHOSEN]


def test_controls_are_named_and_those_kept_back_whom_the_plan_would_not_contact_are_held() -> None:
    market = market_of([[0.1, 0.1], [0.1, 0.1], [-0.01, -0.01], [0.1, 0.1]])
    kept_back = np.array([False, True, True, False])
    choice = make_choice(replace(market, eligible=~kept_back))
    choice = replace(choice, kept_back=kept_back, controls=np.array([1]))

    decided = decide(market, choice)

    assert decided["decision"].tolist() == ["contact", "control", "hold", "contact"]
    assert decided["reason"].tolist()[1] == reasons.HELD_AS_CONTROL
    assert decided["offer"].isna().tolist() == [False, True, True, False]


def test_where_spend_is_minimised_those_left_out_are_left_out_by_the_limit() -> None:
    limits, objective = Limits(min_incremental_accounts=0.1), Objective(minimise="spend")
    market = market_of([[0.2, 0.0], [0.05, 0.0]], limits=limits, objective=objective)

    decided = decide(market, make_choice(market))

    assert decided["reason"].tolist() == [reasons.CHOSEN, reasons.LIMITS]


def refused_and_silent() -> tuple[pd.DataFrame, pd.DataFrame, Market]:
    """Ten leads: number 3 gave no consent and was never scored, number 5 is refused by the policy."""
    leads = make_leads(10)
    screened = screen(leads, {3: "NO_CONSENT", 5: "AGE_BELOW_MINIMUM"})
    asked = leads.drop(index=3).reset_index(drop=True)
    eligible = (asked["lead_id"] != "L0005").to_numpy()
    return leads, screened, make_market(9, leads=asked, eligible=eligible)


def test_leads_without_consent_are_refused_and_have_no_scores() -> None:
    leads, screened, market = refused_and_silent()

    decided = make_decisions(leads, screened, market, make_choice(market), card_that_reads_channels())

    silent, refused = decided.iloc[3], decided.iloc[5]
    assert (silent["decision"], silent["reason"]) == ("refuse", "NO_CONSENT")
    assert decided.columns[decided.iloc[3].notna()].tolist() == ["lead_id", "channel", "decision", "reason"]
    # A lead that the policy refuses was scored: its scores stand.
    assert (refused["decision"], refused["reason"]) == ("refuse", "AGE_BELOW_MINIMUM")
    nothing = ["offer", "propensity", "risk_reason_2", "risk_reason_3", "risk_reason_4", "uplift_reason"]
    assert refused.drop(nothing).notna().all()


def test_every_accepted_lead_has_one_line_in_the_order_of_the_file() -> None:
    leads, screened, market = refused_and_silent()

    decided = make_decisions(leads, screened, market, make_choice(market))

    assert decided["lead_id"].tolist() == leads["lead_id"].tolist()
    counts = count_reasons(decided)
    assert sum(count.leads for count in counts) == len(leads)
    assert [count.leads for count in counts] == sorted((count.leads for count in counts), reverse=True)
    assert {(count.decision, count.reason): count.leads for count in counts}[("refuse", "NO_CONSENT")] == 1


def test_the_scores_of_each_lead_are_its_own() -> None:
    leads, screened, market = refused_and_silent()

    decided = make_decisions(leads, screened, market, make_choice(market)).drop(index=3)

    scored = market.scored
    assert (decided["p_booked_control"] == scored.p_control).all()
    for j, offer in enumerate(market.offer_names):
        assert (decided[f"p_booked_{offer}"] == scored.p_booked[:, j]).all()
        assert (decided[f"p_bad_{offer}"] == scored.p_bad[:, j]).all()
        assert decided[f"uplift_{offer}"].to_numpy() == pytest.approx(scored.uplift[:, j])
        assert decided[f"spend_{offer}"].to_numpy() == pytest.approx(scored.spend[:, j])


@pytest.mark.parametrize(("objective", "best"), [(ACCOUNTS, "rate_cut"), (VALUE, "coupon")])
def test_p_bad_is_that_of_the_chosen_else_of_the_best_offer(objective: Objective, best: str) -> None:
    scored = replace(
        make_scores(4),
        p_booked=np.tile([0.3, 0.4], (4, 1)),
        p_control=np.full(4, 0.2),
        p_bad=np.tile([0.1, 0.2], (4, 1)),
        revenue=np.tile([100.0, 10.0], (4, 1)),
    )
    market = make_market(4, scored=scored, objective=objective)
    nobody = decide(market, contact_nobody(make_choice(market)))

    assert (nobody["p_bad"] == nobody[f"p_bad_{best}"]).all()
    contacted = decide(market, make_choice(market))
    for _, line in contacted[contacted["decision"] == "contact"].iterrows():
        assert line["p_bad"] == line[f"p_bad_{line['offer']}"]


def test_without_a_bad_label_p_bad_and_what_a_bad_booking_loses_are_null() -> None:
    market = make_market(4, scored=without_label(make_scores(4)))

    decided = decide(market, make_choice(market))

    assert decided["p_bad"].isna().all()
    assert decided["loss_given_bad"].isna().all()
    assert decided["exposure"].tolist() == [1_000.0] * 4


def test_the_loss_given_bad_is_the_share_of_the_amount_that_a_bad_booking_brings_less() -> None:
    amount = np.array([1_000.0, 800.0, np.nan, 0.0])
    market = make_market(4, scored=replace(make_scores(4), amount=amount))

    decided = decide(market, make_choice(market))

    # 400 less when bad, of 1,000 and of 800; of an amount that is not known or nothing, no share.
    assert decided["loss_given_bad"].tolist()[:2] == [0.4, 0.5]
    assert decided["loss_given_bad"].isna().tolist()[2:] == [True, True]
    assert decided["exposure"].equals(pd.Series(amount))


def test_without_revenue_no_loss_is_known() -> None:
    market = make_market(4, scored=without_revenue(make_scores(4)))

    assert decide(market, make_choice(market))["loss_given_bad"].isna().all()


def card_that_reads_channels() -> Scorecard:
    """A scorecard that takes points off the mail's leads, and more off those of the feed."""
    channel = pd.Series(["feed", "mail", "app"] * 100, dtype="str")
    bad = np.concatenate([np.tile([1.0, 0.0, 0.0], 50), np.tile([1.0, 1.0, 0.0], 50)])
    feature = Feature(name="channel", kind="category")
    return fit_scorecard(pd.DataFrame({"channel": channel}), (feature,), bad, rng=np.random.default_rng(1))


def test_each_lead_carries_the_reasons_of_its_own_risk_in_words() -> None:
    leads, screened, market = refused_and_silent()
    card = card_that_reads_channels()

    decided = make_decisions(leads, screened, market, make_choice(market), card)

    own = card.reasons(leads)["words_1"]
    given = decided["risk_reason_1"].astype("str")
    assert given.drop(3).tolist() == own.drop(3).tolist()
    assert given[0].startswith("channel is feed: ")
    assert given[1].startswith("channel is mail: ")
    assert decided[["risk_reason_2", "risk_reason_3", "risk_reason_4"]].isna().all(axis=None)


def test_without_a_scorecard_reasons_are_null() -> None:
    market = make_market(4)

    decided = decide(market, make_choice(market))

    assert decided[[f"risk_reason_{rank}" for rank in range(1, 5)]].isna().all(axis=None)


def test_allocation_lines_add_up_to_the_plan() -> None:
    market = make_market(200, limits=Limits(budget=150.0))
    choice = make_choice(market)
    at, options = choice.allocation.chosen, choice.options

    lines = allocation_lines(choice)

    assert sum(line.contacts for line in lines) == len(at)
    for name in ("booked", "incremental", "value"):
        assert sum(getattr(line, name) for line in lines) == pytest.approx(getattr(options, name)[at].sum())
    cents = [round(100 * line.spend) for line in lines]
    assert [line.spend for line in lines] == [c / 100 for c in cents]
    assert sum(cents) == round(100 * options.spend[at].sum()) <= 15_000
    mail = next(line for line in lines if line.channel == "mail")
    assert (mail.partner, mail.offer) == ("Post", "coupon")
    mine = at[options.channel[at] == 1]
    assert mail.bad_rate == pytest.approx(options.bad[mine].sum() / options.booked[mine].sum())
    assert mail.spend == pytest.approx(options.spend[mine].sum(), abs=0.01)
    assert mail.cac == pytest.approx(mail.spend / options.booked[mine].sum())
    assert mail.incremental_cac == pytest.approx(mail.spend / options.incremental[mine].sum())


def test_nobody_contacted_no_allocation_line() -> None:
    market = make_market(4)
    nobody = contact_nobody(make_choice(market))

    assert allocation_lines(nobody) == ()
    assert set(decide(market, nobody)["decision"]) == {"hold"}


def test_contacts_that_keep_people_from_booking_are_said_with_what_they_are_worth() -> None:
    market = market_of([[0.1, 0.2], [-0.05, -0.05]], objective=VALUE)
    dear = replace(market.scored, revenue=np.full((2, 2), -500.0), revenue_control=np.full(2, -500.0))
    choice = make_choice(replace(market, scored=dear))

    (note,) = deterrence_notes(choice, "EUR")

    kept_away = choice.options.value[choice.allocation.chosen].sum()
    assert note.startswith("1 of the contacts are expected to lower the chance to book")
    assert f"(EUR {kept_away:,.0f} of" in note
    assert deterrence_notes(make_choice(market_of([[0.1, 0.2]])), "EUR") == ()
