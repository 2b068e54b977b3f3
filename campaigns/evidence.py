"""The evidence: why the plan may be believed, measured on rows that were not used for fitting."""

import dataclasses

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from acquire.domain import Estimate
from acquire.prefilter.risk_model import RiskModel
from acquire.statistics.bootstrap import bootstrap_mean, bootstrap_means, interval
from acquire.uplift.both_sides import weigh_both_sides
from acquire.uplift.effects import channels_of
from acquire.uplift.evaluate import extra_outcomes, gain_over_random, qini_with_interval
from acquire.uplift.policy_value import value_policies
from acquire.uplift.propensity import require_randomised
from campaigns.choice import Choice, Market, follow
from campaigns.held_out import HeldOut
from campaigns.plan_document import CalibrationBin, Evidence, OfferEvidence, PolicyValue
from campaigns.risk_evidence import gather_risk_evidence

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_N_BINS = 10
_NOT_KNOWN = Estimate(expected=float("nan"))


def gather_evidence(
    held_out: HeldOut, offers: tuple[OfferEvidence, ...], risk: RiskModel | None, market: Market, choice: Choice
) -> Evidence:
    """Put together what history says about offers, policies, calibration and risk."""
    assignment = held_out.assignment
    rng = np.random.default_rng(market.seed + 2)
    return Evidence(
        randomised=assignment.randomised,
        assignment=assignment.how,
        randomness_p_value=assignment.randomness.p_value,
        verdict=_verdict(offers, assignment.randomised, pays=len(choice.allocation.chosen) > 0),
        offers=offers,
        policies=compare_policies(held_out, market, choice, rng),
        calibration=(*_uplift_bins(held_out, rng), *_risk_bins(risk)),
        risk=None if risk is None else gather_risk_evidence(risk, market.leads),
        both_sides=weigh_both_sides(
            held_out.booked, held_out.bad, assignment.covered, channels_of(held_out.history), assignment.offers
        ),
    )


def judge_offers(held_out: HeldOut, seed: int, fold: Ints | None = None) -> tuple[OfferEvidence, ...]:
    """Say per offer what it changes on average, and whether the scores tell leads apart.

    Chance alone says in 5 % of cases that leads differ, and in 5 % on either side that the average is not 0.

    Args:
        held_out: History as a judge.
        seed: Of the bootstrap.
        fold: Which of the cross-fitted models scored the row, shape (n,); None where one scored all.
    """
    rng = np.random.default_rng(seed + 1)
    return tuple(_judge_offer(held_out, j, name, fold, rng) for j, name in enumerate(held_out.assignment.offers))


def _judge_offer(held_out: HeldOut, j: int, name: str, fold: Ints | None, rng: np.random.Generator) -> OfferEvidence:
    # Where overlap fails, what the offer changes is not known.
    assignment, rows = held_out.assignment, held_out.assignment.covered[:, j]
    uplift = held_out.scored.uplift[rows, j]
    effect = held_out.booked[rows, j + 1] - held_out.booked[rows, 0]
    models = None if fold is None else fold[rows]
    gain = gain_over_random(uplift, effect, rng, fold=models) if rows.any() else _NOT_KNOWN
    return OfferEvidence(
        offer=name,
        n=int((assignment.arm == j + 1).sum()),
        n_control=int((assignment.arm == 0).sum()),
        average_effect=bootstrap_mean(effect, rng) if rows.any() else _NOT_KNOWN,
        qini=_qini(held_out, j, rng) if assignment.randomised and rows.any() else None,
        aipw_gain=gain,
        has_evidence=gain.low > 0,
    )


def _qini(held_out: HeldOut, j: int, rng: np.random.Generator) -> Estimate:
    """The plain curve, for traffic that was randomised only."""
    assignment, rows = held_out.assignment, held_out.assignment.covered[:, j]
    require_randomised(assignment)
    booked = held_out.history["booked"].to_numpy(np.float64)
    extra = extra_outcomes(booked, assignment.arm, assignment.own_propensity, j + 1)
    return qini_with_interval(held_out.scored.uplift[rows, j], extra[rows], rng)


def _verdict(offers: tuple[OfferEvidence, ...], randomised: bool, *, pays: bool) -> str:
    seen = _verdict_on_offers(offers, randomised)
    return seen if pays else f"Contact nobody: no offer is expected to earn more than it costs. {seen}"


def _verdict_on_offers(offers: tuple[OfferEvidence, ...], randomised: bool) -> str:
    source = (
        "Offers were given at random with known chances"
        if randomised
        else "Offers were not given at random, so effects are adjusted for who got what"
    )
    return " ".join(part for part in (_on_average(offers), _on_differences(offers), f"{source}.") if part)


def _on_average(offers: tuple[OfferEvidence, ...]) -> str:
    """Name the offers whose average effect may well be nothing; a ranking can be worth a lot all the same."""
    unseen = [one.offer for one in offers if one.average_effect.low <= 0 <= one.average_effect.high]
    if not unseen:
        return ""
    named = "any offer" if len(unseen) == len(offers) > 1 else ", ".join(unseen)
    return f"No evidence that {named} changes how many book on average."


def _on_differences(offers: tuple[OfferEvidence, ...]) -> str:
    shown = [offer.offer for offer in offers if offer.has_evidence]
    if not shown:
        return "No evidence that leads differ in how they react: every lead gets its offer's average effect in its channel."
    if len(shown) == len(offers):
        return "History shows that leads differ in how they react to every offer."
    rest = ", ".join(offer.offer for offer in offers if not offer.has_evidence)
    return f"History shows that leads differ in how they react to {', '.join(shown)}; no evidence for {rest}."


def compare_policies(
    held_out: HeldOut, market: Market, choice: Choice, rng: np.random.Generator
) -> tuple[PolicyValue, ...]:
    """Value the plan's rule beside simple ones, per 1,000 leads, on history rows that did not choose it."""
    n, offers = len(held_out.history), market.offers
    row, arm = follow(market, held_out, choice.allocation, choice.promise.correction)
    plan = np.zeros(n, dtype=np.int64)
    plan[row] = arm
    policies = {"plan": plan, "nobody": np.zeros(n, dtype=np.int64)}
    policies |= {
        f"everybody: {offer.offer}": np.where(_may_be_given(held_out, j), j + 1, 0) for j, offer in enumerate(offers)
    }
    policies["random, as many contacts"] = _shuffled(plan, held_out, rng)
    policies["likeliest to book, as many contacts"] = _likeliest(held_out, int((plan > 0).sum()))
    beyond = value_policies(held_out.booked, policies, rng)
    return tuple(
        dataclasses.replace(
            _value_policy(held_out, name, given, rng, _charged_per_lead(held_out, market, given)),
            plan_beyond=beyond.difference("plan", name),
        )
        for name, given in policies.items()
    )


def _charged_per_lead(held_out: HeldOut, market: Market, arm: Ints) -> float:
    """What channels charge besides each contact (fixed costs, price tiers) under a policy, in money per lead of the traffic.

    As many of the traffic's arrivals are contacted in a channel as the policy contacts of history there, as a share of all.
    """
    arrivals = float(market.leads["weight"].sum()) if "weight" in market.leads else float(len(market.leads))
    contacted = held_out.history["channel"][arm > 0].value_counts() / max(len(arm), 1)
    charged = (channel.once_used(arrivals * float(contacted.get(channel.channel, 0.0))) for channel in market.channels)
    return sum(charged) / max(arrivals, 1e-9)


def _likeliest(held_out: HeldOut, n_contacts: int) -> Ints:
    """What a response model would do: contact who is likeliest to book, with the offer that makes it so."""
    free = np.column_stack([_may_be_given(held_out, j) for j in range(len(held_out.assignment.offers))])
    chance = np.where(free, held_out.scored.p_booked, -np.inf)
    offer = chance.argmax(axis=1)
    order = np.argsort(-chance.max(axis=1), kind="stable")[:n_contacts]
    given = np.zeros(len(chance), dtype=np.int64)
    given[order] = np.where(free[order, offer[order]], offer[order] + 1, 0)
    return given


def _may_be_given(held_out: HeldOut, j: int) -> NDArray[np.bool_]:
    """Rows that today's rules let through, and of which history can tell what offer j changes."""
    return held_out.eligible & held_out.assignment.covered[:, j]


def _shuffled(arm: Ints, held_out: HeldOut, rng: np.random.Generator) -> Ints:
    """The same contacts, dealt at random among those the policy lets through, each where its offer may be given."""
    dealt, eligible = np.zeros_like(arm), held_out.eligible
    if held_out.assignment.in_overlap is None:
        dealt[eligible] = rng.permutation(arm[eligible])
        return dealt
    for j in range(len(held_out.assignment.offers)):
        free = np.flatnonzero(_may_be_given(held_out, j) & (dealt == 0))
        dealt[rng.permutation(free)[: (arm == j + 1).sum()]] = j + 1
    return dealt


def _value_policy(
    held_out: HeldOut, name: str, arm: Ints, rng: np.random.Generator, charged_per_lead: float
) -> PolicyValue:
    rows = np.arange(len(arm))
    booked, value = held_out.booked[rows, arm], held_out.value[rows, arm] - charged_per_lead
    incremental = booked - held_out.booked[:, 0]
    contacted = arm > 0
    # The bad rate of a policy is that of its contacts' bookings; of nobody's contacts, that of everybody who comes anyway.
    counted = contacted if contacted.any() else ~contacted
    bad = held_out.bad[rows, arm]
    scores = np.column_stack(
        [contacted, booked, incremental, value, np.where(counted, bad, 0), np.where(counted, booked, 0)]
    )
    points, draws = scores.mean(axis=0), bootstrap_means(scores, rng)
    contacts, all_booked, extra, money = (interval(1000 * points[k], 1000 * draws[:, k]) for k in range(4))
    return PolicyValue(
        policy=name,
        contacts=contacts,
        booked=all_booked,
        incremental=extra,
        value=money,
        bad_rate=interval(points[4] / points[5], draws[:, 4] / draws[:, 5]),
    )


def _uplift_bins(held_out: HeldOut, rng: np.random.Generator) -> tuple[CalibrationBin, ...]:
    """Tenths by predicted uplift over all offers: mean prediction against mean AIPW effect."""
    known = held_out.assignment.covered
    predicted = held_out.scored.uplift[known]
    effect = (held_out.booked[:, 1:] - held_out.booked[:, :1])[known]
    if len(predicted) < _N_BINS:
        return ()
    bins = _tenths(predicted)
    return tuple(
        _bin("uplift", b, predicted[bins == b], bootstrap_mean(effect[bins == b], rng, 100)) for b in range(_N_BINS)
    )


def _risk_bins(risk: RiskModel | None) -> tuple[CalibrationBin, ...]:
    """Tenths by chance to go bad; the interval of the observed rate is Jeffreys'."""
    if risk is None or risk.quality is None:
        return ()
    return tuple(
        CalibrationBin(
            what="p_bad",
            bin=number,
            n=line["count"],
            predicted=line["promised"],
            observed=line["seen"],
            low=_jeffreys(0.05, line["seen"], line["count"]),
            high=_jeffreys(0.95, line["seen"], line["count"]),
        )
        for number, line in enumerate(risk.quality.deciles.to_dict(orient="records"), 1)
    )


def _jeffreys(chance: float, rate: float, n: int) -> float:
    """Quantile of the true rate where `rate` of n rows was seen."""
    return float(beta.ppf(chance, rate * n + 0.5, (1 - rate) * n + 0.5))


def _bin(what: str, number: int, predicted: Floats, observed: Estimate) -> CalibrationBin:
    return CalibrationBin(
        what=what,
        bin=number + 1,
        n=len(predicted),
        predicted=float(predicted.mean()),
        observed=observed.expected,
        low=observed.low,
        high=observed.high,
    )


def _tenths(values: Floats) -> Ints:
    rank = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return rank * _N_BINS // len(values)
