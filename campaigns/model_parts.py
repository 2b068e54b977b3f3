"""The fitted models of a plan as files: boosters as text, everything else as JSON. No pickle."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from acquire.modelfile import ModelManifest, write_model_folder
from acquire.uplift.effects import Effects
from acquire.value.revenue import BookingRevenue, RevenueModel
from campaigns.scoring import Models

LIBRARIES = ("acquire", "causalml", "highspy", "lightgbm", "numpy", "pandas", "pulp", "scikit-learn")


def write_models(folder: Path, models: Models, data_hash: str, terms: Mapping[str, bytes] | None = None) -> str:
    """Write the models that scored the leads into a hash-checked folder; gives the SHA-256 (hex) of its manifest.

    `terms` are further parts to keep beside them, name -> bytes.
    """
    parts = {**_effect_parts(models.effects), "event_rates.json": _json(models.event_rates.to_json(orient="split"))}
    parts |= terms or {}
    if models.risk is not None:
        parts["risk.json"] = models.risk.to_json().encode()
    if models.revenue is not None:
        parts |= _revenue_parts(models.revenue)
    manifest = ModelManifest(features=models.effects.encoder.features, facts={"data": data_hash, **library_versions()})
    return write_model_folder(folder, parts, manifest)


def library_versions() -> dict[str, str]:
    """Give the versions of the libraries that shape the numbers."""
    return {name: version(name) for name in LIBRARIES}


def _effect_parts(effects: Effects) -> dict[str, bytes]:
    calibration = effects.calibration
    facts = {
        "offers": effects.assignment.offers,
        "levels": effects.encoder.levels,
        "control_scale": effects.control_scale,
        "share": [scorer.share for scorer in effects.scorers],
        "calibration": {
            "mean": calibration.mean,
            "mean_predicted": calibration.mean_predicted,
            "slope": calibration.slope,
        },
    }
    boosters = [scorer.parts(f"uplift_{number}") for number, scorer in enumerate(effects.scorers)]
    return {
        "uplift.json": _json(json.dumps(facts)),
        **{name: part for parts in boosters for name, part in parts.items()},
    }


def _revenue_parts(revenue: RevenueModel) -> dict[str, bytes]:
    kinds = {"good": revenue.good, "bad": revenue.bad}
    parts = {"revenue.json": _json(json.dumps({name: _revenue_facts(kind) for name, kind in kinds.items()}))}
    trees = {f"revenue_{name}.txt": kind.trees for name, kind in kinds.items()}
    return parts | {name: booster.model_to_string().encode() for name, booster in trees.items() if booster is not None}


def _revenue_facts(kind: BookingRevenue) -> dict[str, object]:
    return {
        "level": kind.level,
        "per_amount": kind.per_amount,
        "mean_amount": kind.mean_amount,
        "offer_shift": kind.offer_shift,
    }


def _json(text: str | None) -> bytes:
    return (text or "null").encode()
