"""The hard part of the pre-filter: who may be contacted at all, and if not, for which reason. Leads -> Screened."""

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Policy
from acquire.errors import BadInput
from acquire.frames import SCREENED, validate
from acquire.prefilter.rules import apply_rules

NO_CONSENT = "NO_CONSENT"
DO_NOT_CONTACT = "DO_NOT_CONTACT"
REGION_REFUSED = "REGION_REFUSED"


def screen(
    leads: pd.DataFrame, *, policy: Policy | None, refuse_regions: frozenset[str], assume_consent: bool, on: date
) -> pd.DataFrame:
    """Refuse leads without consent, then those not to be contacted, then refused regions, then by the policy's rules.

    Args:
        leads: Leads.
        policy: Rules, or None.
        refuse_regions: Regions whose leads are refused; a lead without a region is not.
        assume_consent: Whether leads count as consenting where the table has no column `consent`.
        on: Day for which the rules are applied.

    Returns:
        Screened: lead_id, decision ("pass" or "refuse"), reason (null for "pass"); rows as in `leads`.

    Raises:
        BadInput: Consent is neither given nor assumed, or a rule does not fit the leads.
    """
    reason = np.full(len(leads), None, dtype=object)
    if policy is not None:
        reason = apply_rules(leads, policy, on=on).reasons()
    if refuse_regions and "region" in leads.columns:
        reason[leads["region"].isin(refuse_regions).to_numpy()] = REGION_REFUSED
    if "do_not_contact" in leads.columns:
        reason[_objected(leads)] = DO_NOT_CONTACT
    # Written last because it decides first: later reasons overwrite the earlier ones.
    reason[~_consent(leads, assume_consent)] = NO_CONSENT
    screened = pd.DataFrame(
        {
            "lead_id": leads["lead_id"],
            "decision": pd.Series(np.where(pd.isna(reason), "pass", "refuse"), index=leads.index, dtype="str"),
            "reason": pd.Series(reason, index=leads.index, dtype="str"),
        }
    )
    return validate(SCREENED, screened)


def _objected(leads: pd.DataFrame) -> NDArray[np.bool_]:
    """Who objected to being contacted; an objection in one channel is the person's, so it holds in every channel."""
    objected = leads["do_not_contact"].to_numpy(dtype=bool)
    if "person_id" not in leads.columns:
        return objected
    persons = leads.loc[objected, "person_id"].dropna()
    return objected | leads["person_id"].isin(persons).to_numpy()


def _consent(leads: pd.DataFrame, assume_consent: bool) -> NDArray[np.bool_]:
    if "consent" in leads.columns:
        return leads["consent"].to_numpy(dtype=bool)
    if not assume_consent:
        raise BadInput(
            "leads have no column consent; add it, or write assume_consent = true at the top of the plan file"
        )
    return np.ones(len(leads), dtype=bool)
