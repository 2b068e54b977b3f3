"""The fitted models of a plan as files, and back: plain JSON, hash-checked, every number checked again when it is read.

<folder>/served.json         what each offer changes, with the figures of its gates
<folder>/risk.json           chance to go bad, where history has a bad label
<folder>/revenue.json        what a booking brings, where history has revenue
<folder>/event_rates.json    how often contacts lead to clicks, applications, approvals
<folder>/terms.json ...      what was agreed when the models were fitted (campaigns.plan_terms)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from acquire.domain import CONTROL, Feature
from acquire.errors import UNREADABLE, BadInput
from acquire.modelfile import MANIFEST, ModelManifest, read_model_folder, write_model_folder
from acquire.prefilter.risk_model import RiskModel
from acquire.uplift.served import ServedEffects
from acquire.value.economics import EVENTS
from acquire.value.revenue import RevenueModel
from campaigns.plan_terms import PlanTerms, read_terms
from campaigns.scoring import LeadModels, Models

LIBRARIES = ("acquire", "causalml", "highspy", "lightgbm", "numpy", "pandas", "pulp", "scikit-learn")
SERVED, RISK, REVENUE, EVENT_RATES = "served.json", "risk.json", "revenue.json", "event_rates.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedModels:
    """Models read from a folder that passed its checks.

    Attributes:
        features: Columns they read, in order.
        models: Score leads.
        terms: What was agreed when they were fitted.
    """

    features: tuple[Feature, ...]
    models: LeadModels
    terms: PlanTerms

    @property
    def served(self) -> ServedEffects:
        """What each offer changes."""
        assert isinstance(self.models.effects, ServedEffects)  # noqa: S101 - nothing else is ever shipped
        return self.models.effects


def write_models(folder: Path, models: Models, data_hash: str, terms: Mapping[str, bytes] | None = None) -> str:
    """Write the models that scored the leads into a hash-checked folder; gives the SHA-256 (hex) of its manifest.

    `terms` are further parts to keep beside them, name -> bytes.
    """
    parts = {EVENT_RATES: _json(_rates_content(models.event_rates)), **(terms or {})}
    if models.served is not None:
        parts[SERVED] = _json(models.served.to_content())
    if models.risk is not None:
        parts[RISK] = models.risk.to_json().encode()
    if models.revenue is not None:
        parts[REVENUE] = _json(models.revenue.to_content())
    manifest = ModelManifest(features=models.effects.encoder.features, facts={"data": data_hash, **library_versions()})
    return write_model_folder(folder, parts, manifest)


def read_models(folder: Path) -> ShippedModels:
    """Read the models of a folder that may come from anybody: what `acquire fit` wrote, or the models/ of a plan.

    Raises:
        BadInput: The folder is not whole, was changed, or holds a model that is none of this version's.
    """
    if not (folder / MANIFEST).exists() and (folder / "models" / MANIFEST).exists():
        folder = folder / "models"
    files = read_model_folder(folder)
    if SERVED not in files.parts or EVENT_RATES not in files.parts:
        raise BadInput(f"{folder.name} holds no {SERVED} or no {EVENT_RATES} (an earlier version made it); fit again")
    features = files.manifest.features
    terms = read_terms(files, folder.name)
    content = {
        name: _content(name, part) for name, part in files.parts.items() if name in (SERVED, EVENT_RATES, REVENUE)
    }
    served = ServedEffects.from_content(content[SERVED], features)
    offers = tuple(offer.offer for offer in terms.offers)
    if served.offers != offers:
        raise BadInput(f"{SERVED} has other offers than terms.json, or in another order; fit again")
    models = LeadModels(
        effects=served,
        risk=RiskModel.from_json(files.parts[RISK].decode("utf-8", "replace")) if RISK in files.parts else None,
        revenue=RevenueModel.from_content(content[REVENUE], features) if REVENUE in content else None,
        event_rates=_rates(content[EVENT_RATES], offers),
        approval=terms.approval,
        usual_amount=terms.usual_amount,
    )
    return ShippedModels(features=features, models=models, terms=terms)


def library_versions() -> dict[str, str]:
    """Give the versions of the libraries that shape the numbers."""
    return {name: version(name) for name in LIBRARIES}


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()


def _content(name: str, part: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(part, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise BadInput(f"{name} of the model folder is no JSON; copy the folder again") from None
    if not isinstance(content, dict):
        raise BadInput(f"{name} of the model folder is no table of names and values; fit again")
    return content


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _rates_content(rates: pd.DataFrame) -> dict[str, Any]:
    """Event rates as plain JSON values: null where a rate is not known."""
    events = [str(event) for event in rates]
    return {
        "index": [list(key) for key in rates.index],
        "events": {event: [None if np.isnan(rate) else rate for rate in rates[event].tolist()] for event in events},
    }


def _rates(content: Mapping[str, Any], offers: tuple[str, ...]) -> pd.DataFrame:
    """Read back what `_rates_content` gave.

    Raises:
        BadInput: It is no table of rates, or one that lacks what an offer does where nothing is known of the channel.
    """
    damaged = BadInput(f"{EVENT_RATES} is no table of event rates of this version; fit again")
    try:
        keys = [(str(channel), str(offer)) for channel, offer in content["index"]]
        columns = {
            str(event): [np.nan if rate is None else float(rate) for rate in rates]
            for event, rates in content["events"].items()
        }
        index = pd.MultiIndex.from_tuples(keys or [("*", CONTROL)][:0], names=["channel", "offer"])
        rates = pd.DataFrame(columns, index=index, dtype=np.float64)
    except UNREADABLE:
        raise damaged from None
    whole = set(content) == {"index", "events"} and set(columns) <= set(EVENTS) and len(set(keys)) == len(keys)
    inside = bool(((rates.to_numpy() >= 0) & (rates.to_numpy() <= 1) | np.isnan(rates.to_numpy())).all())
    if not whole or not inside or (columns and any(("*", offer) not in keys for offer in offers)):
        raise damaged
    return rates
