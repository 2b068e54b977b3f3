"""The models of a plan as files: what scored the leads can be read back, checked and used, without running anybody's code."""

import dataclasses
import hashlib
import json
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from acquire.domain import RiskTerms
from acquire.ingest.tables import Tables, read_tables
from acquire.modelfile import ModelFolder, read_model_folder
from acquire.statistics.encoding import Encoder
from acquire.uplift.calibrate import EffectCalibration
from acquire.uplift.scorer import EffectScorer
from acquire.value.revenue import BookingRevenue, RevenueModel
from campaigns.model_parts import library_versions, write_models
from campaigns.plan_file import read_plan_file
from campaigns.scoring import Models, fit_money, fit_risk, fit_uplift
from tests.campaigns.small_plans import NOW, write_small_market

DATA_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The small market's tables."""
    plan_file = read_plan_file(write_small_market(tmp_path_factory.mktemp("small")))
    return read_tables(plan_file.sources, plan_file.columns, assume_consent=False, today=NOW.date())


@pytest.fixture(scope="module")
def models(tables: Tables) -> Models:
    """Everything that is learnt from them."""
    revenue, event_rates = fit_money(tables, 7)
    risk = fit_risk(tables, RiskTerms(), 7, NOW.date())
    return Models(effects=fit_uplift(tables, 7), risk=risk, revenue=revenue, event_rates=event_rates)


@pytest.fixture(scope="module")
def folder(models: Models, tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """The models, written and read back."""
    path = tmp_path_factory.mktemp("models") / "models"
    write_models(path, models, DATA_HASH)
    return read_model_folder(path)


def test_the_folder_says_on_which_data_and_by_which_libraries_it_was_made(folder: ModelFolder, models: Models) -> None:
    assert folder.manifest.facts == {"data": DATA_HASH, **library_versions()}
    assert folder.manifest.features == models.effects.encoder.features


def test_every_part_is_plain_text_or_json_that_any_program_reads(folder: ModelFolder) -> None:
    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    for name, part in folder.parts.items():
        text = part.decode("utf-8")
        assert name.endswith((".txt", ".json"))
        if name.endswith(".json"):
            json.loads(text, parse_constant=refuse)


def booster(folder: ModelFolder, name: str) -> lightgbm.Booster:
    return lightgbm.Booster(model_str=folder.parts[f"{name}.txt"].decode())


def encoder(folder: ModelFolder) -> Encoder:
    levels = json.loads(folder.parts["uplift.json"])["levels"]
    return Encoder(features=folder.manifest.features, levels=tuple(tuple(names) for names in levels))


def test_effects_put_together_again_from_the_parts_score_as_before(
    folder: ModelFolder, models: Models, tables: Tables
) -> None:
    facts = json.loads(folder.parts["uplift.json"])
    scorers = tuple(
        EffectScorer(
            control=booster(folder, f"uplift_{number}_control"),
            from_control=tuple(booster(folder, f"uplift_{number}_from_control_{j}") for j in range(4)),
            from_treated=tuple(booster(folder, f"uplift_{number}_from_treated_{j}") for j in range(4)),
            share=tuple(share),
        )
        for number, share in enumerate(facts["share"])
    )
    calibration = EffectCalibration(**{name: tuple(line) for name, line in facts["calibration"].items()})
    again = dataclasses.replace(
        models.effects,
        encoder=encoder(folder),
        scorers=scorers,
        calibration=calibration,
        control_scale=facts["control_scale"],
    )
    for read_back, fitted in zip(again.score(tables.leads), models.effects.score(tables.leads), strict=True):
        assert np.array_equal(read_back, fitted)


def test_revenue_put_together_again_from_the_parts_is_as_before(
    folder: ModelFolder, models: Models, tables: Tables
) -> None:
    assert models.revenue
    facts = json.loads(folder.parts["revenue.json"])
    # The small market has amounts, so there are no trees.
    good, bad = (BookingRevenue(**facts[kind], trees=None) for kind in ("good", "bad"))
    again = RevenueModel(encoder=encoder(folder), good=good, bad=bad)
    leads = tables.leads.assign(amount=tables.leads["amount"].mask(tables.leads.index < 5))
    for read_back, fitted in zip(again.kinds(leads, "coupon"), models.revenue.kinds(leads, "coupon"), strict=True):
        assert np.array_equal(read_back, fitted)


def test_the_hash_that_a_plan_keeps_is_the_manifests(models: Models, tmp_path: Path) -> None:
    kept = write_models(tmp_path / "models", models, DATA_HASH)
    assert kept == hashlib.sha256((tmp_path / "models" / "manifest.json").read_bytes()).hexdigest()
    assert kept == write_models(tmp_path / "again", models, DATA_HASH)
    assert kept != write_models(tmp_path / "other", models, "0" * 64)


def test_without_labels_there_are_no_models_of_them(models: Models, tmp_path: Path) -> None:
    bare = dataclasses.replace(models, risk=None, revenue=None)
    write_models(tmp_path / "models", bare, DATA_HASH)
    names = set(read_model_folder(tmp_path / "models").parts)
    assert "uplift.json" in names
    assert not [name for name in names if name.startswith(("risk", "revenue"))]
