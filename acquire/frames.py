"""One pandera schema per frame that crosses a stage. Column names are the contract's words.

    Ingested tables      -> History, Leads          ingest
    Leads                -> Screened                prefilter
    Screened             -> Scored                  prefilter (p_bad) and uplift (p_booked)
    Scored               -> Decisions               allocate

pandera only finds failures here; it never drops rows. Feature columns are float64 (NaN = missing) when numeric and `str` (or
missing) when a category; which is which travels beside the frame as `tuple[Feature, ...]`.
"""

from collections.abc import Iterable

import pandas as pd
import pandera.pandas as pa

from acquire.domain import CONTROL

_FRACTION = pa.Check.in_range(0.0, 1.0)


def _flag(*, nullable: bool = False, required: bool = True) -> pa.Column:
    return pa.Column(float, pa.Check.isin([0.0, 1.0]), nullable=nullable, required=required)


def _money(*, required: bool = False, nullable: bool = True, negative: bool = False) -> pa.Column:
    return pa.Column(float, None if negative else pa.Check.ge(0.0), nullable=nullable, required=required)


HISTORY = pa.DataFrameSchema(
    {
        "lead_id": pa.Column(str, unique=True),
        "channel": pa.Column(str),
        "offer": pa.Column(str),
        "booked": _flag(),
        "person_id": pa.Column(str, required=False, nullable=True),
        "contacted_on": pa.Column("datetime64[us]", required=False, nullable=True),
        "clicked": _flag(required=False, nullable=True),
        "applied": _flag(required=False, nullable=True),
        "approved": _flag(required=False, nullable=True),
        "bad": _flag(required=False, nullable=True),
        "fpd1": _flag(required=False, nullable=True),
        "dpd30": _flag(required=False, nullable=True),
        "bad_on": pa.Column("datetime64[us]", required=False, nullable=True),
        "amount": _money(),
        "revenue": _money(negative=True),
        "cost": _money(),
        "propensity": pa.Column(float, pa.Check.in_range(0.0, 1.0, include_min=False), required=False),
    },
    name="History",
)

LEADS = pa.DataFrameSchema(
    {
        "lead_id": pa.Column(str, unique=True),
        "channel": pa.Column(str),
        "person_id": pa.Column(str, required=False, nullable=True),
        "region": pa.Column(str, required=False, nullable=True),
        "amount": _money(),
        "consent": pa.Column(bool, required=False),
        "do_not_contact": pa.Column(bool, required=False),
        "weight": pa.Column(float, pa.Check.gt(0.0), required=False),
    },
    name="Leads",
)

# decision is "pass" or "refuse"; reason is null for "pass". Same rows in the same order as the leads.
SCREENED = pa.DataFrameSchema(
    {
        "lead_id": pa.Column(str, unique=True),
        "decision": pa.Column(str, pa.Check.isin(["pass", "refuse"])),
        "reason": pa.Column(str, nullable=True),
    },
    name="Screened",
)


def decisions_schema(offers: Iterable[str]) -> pa.DataFrameSchema:
    """Schema of decisions.parquet for the given offers (without control).

    Scores are null for leads that may not be scored (no consent); everything else is complete.
    """
    offers = tuple(offers)
    chance = {f"p_booked_{o}": pa.Column(float, _FRACTION, nullable=True) for o in (CONTROL, *offers)}
    bad = {f"p_bad_{o}": pa.Column(float, _FRACTION, nullable=True) for o in offers}
    uplift = {f"uplift_{o}": pa.Column(float, pa.Check.in_range(-1.0, 1.0), nullable=True) for o in offers}
    spend = {f"spend_{o}": _money(required=True) for o in offers}
    reasons = {f"risk_reason_{rank}": pa.Column("category", nullable=True) for rank in range(1, 5)}
    return pa.DataFrameSchema(
        {
            "lead_id": pa.Column(str, unique=True),
            "channel": pa.Column(str),
            "decision": pa.Column(str, pa.Check.isin(["contact", "hold", "control", "refuse"])),
            "offer": pa.Column(str, pa.Check.isin(offers), nullable=True),
            "reason": pa.Column(str),
            "p_bad": pa.Column(float, _FRACTION, nullable=True),
            **bad,
            **chance,
            **uplift,
            **spend,
            "propensity": pa.Column(float, _FRACTION, nullable=True),
            "exposure": _money(required=True),
            "loss_given_bad": pa.Column(float, nullable=True),
            **reasons,
        },
        name="Decisions",
        strict=False,
    )


def validate(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` unchanged if it fits `schema`.

    Raises:
        pandera.errors.SchemaError: The stage that made the frame has a bug; bad input is caught earlier, in ingest.
    """
    return schema.validate(frame)
