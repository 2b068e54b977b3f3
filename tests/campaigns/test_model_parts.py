"""The models of a plan as files: what scored the leads can be read back, checked and used, without running anybody's code."""

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature, RiskTerms
from acquire.errors import BadInput
from acquire.ingest.tables import Tables, read_tables
from acquire.modelfile import ModelFolder, read_model_folder
from acquire.scored import Scored
from acquire.uplift.distil import DistilSettings
from acquire.uplift.serving import serve
from acquire.value.revenue import RevenueModel, fit_revenue
from campaigns.model_parts import library_versions, read_models, write_models
from campaigns.plan_file import PlanFile, read_plan_file
from campaigns.plan_terms import terms_parts
from campaigns.scoring import Models, fit_money, fit_risk, fit_uplift, score_rows
from tests.campaigns.small_plans import NOW, SMALLER, write_small_market

DATA_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.fixture(scope="module")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> PlanFile:
    """The small market's plan file."""
    return read_plan_file(write_small_market(tmp_path_factory.mktemp("small"), SMALLER))


@pytest.fixture(scope="module")
def tables(plan_file: PlanFile) -> Tables:
    """The small market's tables."""
    return read_tables(plan_file.sources, plan_file.columns, assume_consent=False, today=NOW.date())


@pytest.fixture(scope="module")
def models(tables: Tables) -> Models:
    """Everything that is learnt from them."""
    revenue, event_rates = fit_money(tables, 7)
    risk = fit_risk(tables, RiskTerms(), 7, NOW.date())
    effects = fit_uplift(tables, 7)
    served = serve(effects, tables.history, np.random.default_rng(7), settings=DistilSettings(n_trees=20))
    return Models(
        effects=effects, risk=risk, revenue=revenue, event_rates=event_rates, served=served, usual_amount=9_000.0
    )


@pytest.fixture(scope="module")
def path(models: Models, plan_file: PlanFile, tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models, written."""
    folder = tmp_path_factory.mktemp("models") / "models"
    write_models(folder, models, DATA_HASH, terms_parts(plan_file, tables, None, usual_amount=models.usual_amount))
    return folder


@pytest.fixture(scope="module")
def folder(path: Path) -> ModelFolder:
    """The same, read back."""
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


def test_models_read_back_score_as_before_bit_for_bit(path: Path, models: Models, tables: Tables) -> None:
    shipped = read_models(path)
    leads = tables.leads.assign(amount=tables.leads["amount"].mask(tables.leads.index < 5))
    again = score_rows(shipped.models, leads, shipped.terms.channels, shipped.terms.offers)
    fitted = score_rows(models.for_leads, leads, tables.channels, tables.offers)
    for field in dataclasses.fields(Scored):
        read_back, before = getattr(again, field.name), getattr(fitted, field.name)
        if isinstance(before, np.ndarray):
            assert np.array_equal(read_back, before, equal_nan=True), field.name
        else:
            assert read_back == before, field.name


def test_revenue_learnt_by_trees_is_read_back_bit_for_bit() -> None:
    rng = np.random.default_rng(1)
    history = pd.DataFrame(
        {"offer": "coupon", "booked": 1.0, "age": rng.uniform(20, 60, 900), "channel": rng.choice(["a", "b"], 900)}
    ).assign(revenue=lambda rows: 5 * rows["age"] + rng.normal(0, 5, 900))
    features = (Feature(name="channel", kind="category"), Feature(name="age", kind="numeric"))
    model = fit_revenue(history, features, seed=3)
    assert model is not None
    assert model.good.trees is not None
    content = json.loads(json.dumps(model.to_content(), allow_nan=False))
    again = RevenueModel.from_content(content, features)
    for read_back, fitted in zip(again.kinds(history, "coupon"), model.kinds(history, "coupon"), strict=True):
        assert np.array_equal(read_back, fitted)
    content["good"]["trees"]["left"][0] = 10**6
    with pytest.raises(BadInput):
        RevenueModel.from_content(content, features)


def test_the_hash_that_a_plan_keeps_is_the_manifests(models: Models, tmp_path: Path) -> None:
    kept = write_models(tmp_path / "models", models, DATA_HASH)
    assert kept == hashlib.sha256((tmp_path / "models" / "manifest.json").read_bytes()).hexdigest()
    assert kept == write_models(tmp_path / "again", models, DATA_HASH)
    assert kept != write_models(tmp_path / "other", models, "0" * 64)


def test_without_labels_there_are_no_models_of_them(models: Models, tmp_path: Path) -> None:
    bare = dataclasses.replace(models, risk=None, revenue=None)
    write_models(tmp_path / "models", bare, DATA_HASH)
    names = set(read_model_folder(tmp_path / "models").parts)
    assert "served.json" in names
    assert not [name for name in names if name.startswith(("risk", "revenue"))]
