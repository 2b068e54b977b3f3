"""What a plan leaves behind in models/ so that a changed policy can be held against it: its policy, its terms, its cut-off."""

import json
import math
from collections.abc import Mapping, Set
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acquire.domain import Channel, Offer, Policy, PriceTier
from acquire.errors import UNREADABLE, BadInput
from acquire.ingest.sources import Columns
from acquire.modelfile import ModelFolder
from acquire.prefilter.approval import ApprovalModel
from campaigns.policy_file import parse_policy
from campaigns.toml_file import parse_toml

if TYPE_CHECKING:
    from acquire.ingest.tables import Tables
    from campaigns.plan_file import PlanFile

POLICY, TERMS, APPROVAL = "policy.txt", "terms.json", "approval.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTerms:
    """What was agreed and stated when a plan was made.

    Attributes:
        currency: Of all money.
        channels, offers: As listed then.
        columns: The owner's column names.
        policy: In force then; None without one.
        approval: Cut-off and noise; None where the policy stated none.
        goal: What the plan maximised, or "spend".
        assume_consent: Leads count as having consented where they have no consent column.
        usual_amount: Stands in for an amount that is missing; NaN where none was known.
    """

    currency: str
    channels: tuple[Channel, ...]
    offers: tuple[Offer, ...]
    columns: Columns
    policy: Policy | None
    approval: ApprovalModel | None
    goal: str = "incremental_accounts"
    assume_consent: bool = False
    usual_amount: float = math.nan


def terms_parts(
    plan_file: "PlanFile",
    tables: "Tables",
    approval: ApprovalModel | None,
    *,
    goal: str = "incremental_accounts",
    usual_amount: float = math.nan,
) -> Mapping[str, bytes]:
    """Give the parts to write beside the models: name -> bytes."""
    columns = plan_file.columns
    terms = {
        "currency": plan_file.currency,
        "channels": [asdict(channel) for channel in tables.channels],
        "offers": [{**asdict(offer), "channels": sorted(offer.channels)} for offer in tables.offers],
        "columns": {
            "rename": dict(columns.rename),
            "control": columns.control,
            "exclude": sorted(columns.exclude),
            "protected": sorted(columns.protected),
        },
        "goal": goal,
        "assume_consent": plan_file.assume_consent,
        "usual_amount": None if math.isnan(usual_amount) else usual_amount,
    }
    parts = {TERMS: json.dumps(terms).encode()}
    if plan_file.policy is not None:
        parts[POLICY] = plan_file.policy.read_bytes()
    if approval is not None:
        parts[APPROVAL] = json.dumps(approval.to_json()).encode()
    return parts


def read_terms(folder: ModelFolder, name: str) -> PlanTerms:
    """Read what `terms_parts` gave, from a folder that passed its checks; `name` is for messages.

    Raises:
        BadInput: The folder is of an earlier version, or its terms are not what this version writes.
    """
    if TERMS not in folder.parts:
        raise BadInput(f"{name} holds no terms of its plan (an earlier version made it); plan again")
    policy = folder.parts.get(POLICY)
    try:
        terms = json.loads(folder.parts[TERMS])
        approval = json.loads(folder.parts[APPROVAL]) if APPROVAL in folder.parts else None
        return PlanTerms(
            currency=_text(terms["currency"]),
            channels=tuple(_channel(channel) for channel in terms["channels"]),
            offers=tuple(_offer(offer) for offer in terms["offers"]),
            columns=_columns(terms["columns"]),
            policy=None if policy is None else parse_policy(parse_toml(Path(POLICY), policy)),
            approval=None if approval is None else ApprovalModel.from_json(approval),
            goal=_goal(terms["goal"]),
            assume_consent=_flag(terms["assume_consent"]),
            usual_amount=_amount(terms["usual_amount"]),
        )
    except UNREADABLE as error:
        raise BadInput(f"{name} holds terms that this version cannot read ({error}); plan again") from None


def _text(written: object) -> str:
    if not isinstance(written, str):
        raise ValueError("a text that is none")
    return written


def _goal(written: object) -> str:
    if written not in ("incremental_value", "incremental_accounts", "spend"):
        raise ValueError("a goal that is none")
    return str(written)


def _flag(written: object) -> bool:
    if not isinstance(written, bool):
        raise ValueError("a flag that is none")
    return written


def _amount(written: object) -> float:
    if written is None:
        return math.nan
    if isinstance(written, bool) or not isinstance(written, int | float) or not 0 <= written < math.inf:
        raise ValueError("an amount that is none")
    return float(written)


def _channel(written: Mapping[str, Any]) -> Channel:
    _check_kinds(Channel, written, optional={"affiliate_group"})
    tiers = tuple(PriceTier(**tier) for tier in written.get("price_tiers", ()))
    return Channel(**{**written, "price_tiers": tiers})


def _offer(written: Mapping[str, Any]) -> Offer:
    _check_kinds(Offer, written)
    attributes = tuple((str(name), float(value)) for name, value in written.get("attributes", ()))
    return Offer(**{**written, "channels": frozenset(written["channels"]), "attributes": attributes})


def _check_kinds(
    kind: type[Channel] | type[Offer], written: Mapping[str, Any], optional: Set[str] = frozenset()
) -> None:
    """Raise ValueError unless names are texts and prices are numbers; limits may be null, `optional` names too."""
    for field in fields(kind):
        value = written.get(field.name, field.default)
        if field.default is MISSING or field.name in optional:
            good = isinstance(value, str) or (value is None and field.name in optional)
        elif field.default is None or isinstance(field.default, float):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            good = is_number or (value is None and field.default is None)
        else:
            continue
        if not good:
            raise ValueError(f"{field.name} of the wrong kind")


def _columns(written: Mapping[str, Any]) -> Columns:
    return Columns(
        rename=written["rename"],
        control=written["control"],
        exclude=frozenset(written["exclude"]),
        protected=frozenset(written["protected"]),
    )
