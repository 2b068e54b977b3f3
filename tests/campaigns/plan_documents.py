"""A made-up plan document with every part filled in, for tests that show or keep one."""

import math
from datetime import UTC, datetime

from acquire.domain import Certificate, Estimate, LimitUse
from acquire.prefilter.quality_intervals import RiskIntervals
from campaigns.plan_document import (
    AllocationLine,
    CalibrationBin,
    Evidence,
    Headline,
    OfferEvidence,
    PlanDocument,
    PolicyValue,
    ReasonCount,
    TableCount,
)
from campaigns.risk_document import (
    CalibrationMethod,
    ChannelTrend,
    DistanceQuarter,
    EarlySign,
    EarlyToLate,
    RiskEvidence,
    ScorecardLine,
    UnseenLevels,
)

HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def estimate(expected: float, half_width: float = math.nan, seen: float = math.nan) -> Estimate:
    """An estimate with symmetric intervals."""
    return Estimate(
        expected=expected,
        low=expected - half_width,
        high=expected + half_width,
        predictive_low=expected - seen,
        predictive_high=expected + seen,
    )


def headline() -> Headline:
    return Headline(
        contacts=estimate(8412, 0, 0),
        spend=estimate(59_640, 410, 1_180),
        booked=estimate(1_104.2, 61, 83),
        incremental=estimate(628.4, 55, 79),
        bad_rate=estimate(0.1043, 0.0092, 0.0157),
        incremental_bad_rate=estimate(0.1268, 0.0201, 0.0305),
        break_even_bad_rate=estimate(0.1187, 0.0034, 0.0034),
        cac=estimate(54.01, 3.1, 4.4),
        incremental_cac=estimate(94.91, 8.6, 12.3),
        value=estimate(38_220, 9_100, 14_800),
    )


LIMITS = (
    ("budget", "money", 59_640.0, 59_640.0, 60_000.0, 0.00812),
    ("max_bad_rate", "rate", 0.12, 0.1043, 0.12, 2_140.0),
    ("max_contacts[search_ads]", "contacts", 1_402.0, 1_402.0, 3_101.0, 0.0),
    ("max_partner_share[north_media]", "rate", 0.31, 0.31, 0.4, 0.0),
)


def limits() -> tuple[LimitUse, ...]:
    return tuple(
        LimitUse(
            name=name,
            unit=unit,
            used=used,
            used_expected=mean,
            allowed=allowed,
            binding=price != 0,
            shadow_price=price,
        )
        for name, unit, used, mean, allowed, price in LIMITS
    )


ALLOCATION = (
    ("search_ads", "north_media", "coupon", 1_402, 14_020.0, 214.0, 131.0),
    ("payment_app", "paywell", "contact", 2_310, 9_870.0, 252.0, 129.0),
    ("payment_app", "paywell", "rate_cut", 640, 6_030.0, 96.0, 71.0),
    ("ecommerce", "mallhub", "coupon", 910, 11_400.0, 148.0, 88.0),
    ("dormant_crm", "own", "contact", 1_850, 1_940.0, 203.0, 96.0),
    ("price_compare", "comparo", "rate_cut", 420, 9_160.0, 82.0, 49.0),
    ("app_store", "orbit", "coupon", 880, 7_220.0, 109.2, 64.4),
)


def allocation() -> tuple[AllocationLine, ...]:
    return tuple(
        AllocationLine(
            channel=channel,
            partner=partner,
            offer=offer,
            contacts=contacts,
            spend=spend,
            booked=booked,
            incremental=extra,
            bad_rate=0.1043,
            cac=spend / booked,
            incremental_cac=spend / extra,
            value=extra * 60,
        )
        for channel, partner, offer, contacts, spend, booked, extra in ALLOCATION
    )


def evidence() -> Evidence:
    offers = tuple(
        OfferEvidence(
            offer=offer,
            n=n,
            n_control=15_012,
            average_effect=estimate(effect, 0.0046),
            qini=estimate(qini, 0.006),
            aipw_gain=estimate(gain, 5.1),
            has_evidence=gain > 6,
        )
        for offer, n, effect, qini, gain in (
            ("contact", 14_981, 0.0121, 0.021, 14.2),
            ("coupon", 15_020, 0.0284, 0.034, 21.9),
            ("rate_cut", 14_987, -0.0018, 0.003, 2.1),
        )
    )
    policies = tuple(
        PolicyValue(
            policy=name,
            contacts=estimate(contacts),
            booked=estimate(40 + extra, 2),
            incremental=estimate(extra, 2.6),
            value=estimate(value, 900),
            bad_rate=estimate(bad, 0.012),
        )
        for name, contacts, extra, value, bad in (
            ("plan", 280, 21.4, 1_274, 0.104),
            ("nobody", 0, 0.0, 0, 0.181),
            ("everybody: contact", 1_000, 12.1, -1_830, 0.262),
            ("everybody: coupon", 1_000, 28.0, -4_420, 0.271),
            ("random", 280, 4.3, -760, 0.258),
        )
    )
    return Evidence(
        randomised=True,
        assignment="uniform",
        randomness_p_value=0.43,
        verdict="History shows that people differ in how they react to contact and coupon, and the plan's choice of "
        "people beats chance; for rate_cut it shows nothing.",
        offers=offers,
        policies=policies,
        calibration=(*bins("uplift", -0.02, 0.009, 0.006), *bins("p_bad", 0.03, 0.055, 0.02)),
        risk=risk(),
    )


def bins(what: str, first: float, step: float, half_width: float) -> tuple[CalibrationBin, ...]:
    wobble = (0.3, -0.5, 0.1, 0.6, -0.2, -0.7, 0.4, 0.2, -0.4, 0.1)
    return tuple(
        CalibrationBin(
            what=what,
            bin=i + 1,
            n=1_204,
            predicted=first + step * i,
            observed=first + step * (i + wobble[i]),
            low=first + step * (i + wobble[i]) - half_width,
            high=first + step * (i + wobble[i]) + half_width,
        )
        for i in range(10)
    )


def risk() -> RiskEvidence:
    lines = tuple(
        ScorecardLine(
            variable=variable,
            bin=label,
            count=count,
            bad_rate=bad_rate,
            woe=woe,
            points=points,
            information_value=value,
        )
        for variable, label, count, bad_rate, woe, points, value in (
            ("pay_0", "up to 0", 2_410, 0.14, 0.56, 61, 0.87),
            ("pay_0", "1", 640, 0.34, -0.58, 38, 0.87),
            ("pay_0", "2 and more", 390, 0.69, -2.05, 9, 0.87),
            ("limit_bal", "below 50,000", 1_020, 0.31, -0.45, 41, 0.19),
            ("limit_bal", "50,000 and more", 2_420, 0.18, 0.27, 55, 0.19),
        )
    )
    return RiskEvidence(
        n=3_440,
        n_bad=757,
        auc=0.7621,
        ks=0.4018,
        brier=0.1392,
        ece=0.0121,
        scorecard=lines,
        log_loss=0.4407,
        intervals=RiskIntervals(
            auc=estimate(0.7621, 0.0172),
            ks=estimate(0.4018, 0.0331),
            brier=estimate(0.1392, 0.0061),
            log_loss=estimate(0.4407, 0.0158),
            ece=estimate(0.0121, 0.0083),
        ),
        calibration=CalibrationMethod(
            method="platt",
            words="a straight line (Platt): ln(odds bad) = -0.021 + 0.943 x ln(odds bad before)",
            gain=0.0013,
        ),
        early_to_late=early_to_late(),
        drift=tuple(
            ChannelTrend(channel=channel, trend=trend, sd=sd, shift_now=max(trend, 0.0) * 0.7)
            for channel, trend, sd in (("payment_app", -0.05, 0.08), ("video_feed", 0.31, 0.09), ("*", 0.02, 0.11))
        ),
        distance=tuple(
            DistanceQuarter(quarter=quarter, leads=7_498, bookings=seen, distance=far, p_bad=p_bad, sd=sd)
            for quarter, seen, far, p_bad, sd in (
                (1, 2_104, -0.61, 0.184, 0.012),
                (2, 902, 0.12, 0.213, 0.015),
                (3, 391, 0.74, 0.248, 0.021),
                (4, 43, 2.08, 0.317, 0.055),
            )
        ),
        unseen=(UnseenLevels(variable="employment", leads=41, share=0.0014, scored_as="worst"),),
        notes=("offers count as equal in the risk of those who book: history cannot tell them apart (p = 0.38)",),
    )


def early_to_late() -> tuple[EarlyToLate, ...]:
    """One old channel, one so young that nothing has matured, and all of them."""
    return tuple(
        EarlyToLate(
            channel=channel,
            matured=matured,
            partly=partly,
            bad_rate=bad_rate,
            signs=(
                EarlySign(sign="fpd1", of_bad=0.38, of_good=0.02, bad_after=0.84),
                EarlySign(sign="dpd30", of_bad=of_bad, of_good=0.04, bad_after=0.88),
            ),
        )
        for channel, matured, partly, bad_rate, of_bad in (
            ("payment_app", 3_440, 410, 0.22, 0.79),
            ("video_feed", 0, 120, math.nan, 0.81),
            ("*", 3_440, 530, 0.22, 0.80),
        )
    )


def sample_plan() -> PlanDocument:
    """A plan of seven lines over six channels under four limits."""
    return PlanDocument(
        plan_id="01KAP3Z0M6Q4",
        name="December acquisition",
        campaign="2026-12",
        created_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        currency="CNY",
        objective="incremental_accounts",
        seed=7,
        headline=headline(),
        limits=limits(),
        certificate=Certificate(objective=628.4, bound=628.41, gap=0.000016),
        evidence=evidence(),
        warnings=(
            "Channel video_feed is new: history never saw it, and it is planned on pooled estimates.",
            "Break-even lies close to the limit: at a bad rate of 11.9 % an average booking earns nothing.",
        ),
        tables=(
            TableCount(table="history", read=60_000, accepted=59_988, quarantined=12),
            TableCount(table="leads", read=30_000, accepted=29_994, quarantined=6),
        ),
        decisions=(
            ReasonCount(decision="contact", reason="CHOSEN", leads=8_412),
            ReasonCount(decision="control", reason="HOLDOUT", leads=443),
            ReasonCount(decision="hold", reason="BETTER_USE_ELSEWHERE", leads=16_904),
            ReasonCount(decision="refuse", reason="NO_CONSENT", leads=2_980),
            ReasonCount(decision="refuse", reason="DO_NOT_CONTACT", leads=611),
            ReasonCount(decision="refuse", reason="AGE_BELOW_MINIMUM", leads=644),
        ),
        allocation=allocation(),
        versions={"acquire": "0.1.0", "python": "3.11"},
        hashes={"history": HASH, "leads": HASH[::-1], "models": HASH},
    )
