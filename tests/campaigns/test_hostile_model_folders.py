"""Folders of models that anybody may have made: what is not whole, not sound or does not fit together is never scored with."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from acquire.errors import BadInput
from acquire.ingest.market import MarketSpec, make_market
from campaigns.demo import write_demo_market
from campaigns.fit_run import fit_folder
from campaigns.model_parts import read_models
from campaigns.progress import SilentProgress
from campaigns.settings import Settings
from tests.campaigns.resealed import changed, reseal
from tests.campaigns.small_plans import NOW, SPEC


@pytest.fixture(scope="module")
def folder_of_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of every kind, learnt from so few rows that it is quick."""
    folder = tmp_path_factory.mktemp("fitted")
    market = make_market(MarketSpec(n_history=1_000, n_leads=200, ends_on=SPEC.ends_on), np.random.default_rng(7))
    plan_file = write_demo_market(folder / "market", market)
    plan_file.write_text(re.sub(r"(?m)^(links|policy) = .*\n", "", plan_file.read_text()))
    settings = Settings(database_url=f"sqlite:///{folder / 'acquire.db'}")
    fit_folder(plan_file, folder / "models", progress=SilentProgress(), now=NOW, settings=settings)
    return folder / "models"


@pytest.mark.parametrize("name", ["served.json", "revenue.json", "risk.json", "event_rates.json", "terms.json"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: b"null",
        lambda content: b"[1]",
        lambda content: b"[" * 100_000,
        lambda content: content.replace(b":", b': NaN, "x":', 1),
        lambda content: b"{}",
        lambda content: b"\xff\xfe" + content,
    ],
)
def test_a_resealed_part_of_the_wrong_kind_is_bad_input(
    folder_of_models: Path, tmp_path: Path, name: str, spoil: Callable[[bytes], bytes]
) -> None:
    folder = shutil.copytree(folder_of_models, tmp_path / "models")
    reseal(folder, name, spoil((folder / name).read_bytes()))
    with pytest.raises(BadInput) as error:
        read_models(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("served.json", changed(offers=["coupon"])),
        ("served.json", changed(format=2)),
        ("event_rates.json", changed(index=[["*", "coupon"]])),
        ("event_rates.json", changed(events={"stolen": []}, index=[])),
        ("revenue.json", changed(levels=[])),
        ("revenue.json", changed(good=None)),
        ("terms.json", changed(goal="ruin")),
        ("terms.json", changed(assume_consent="yes")),
        ("terms.json", changed(usual_amount=-1)),
        ("terms.json", changed(offers=[])),
    ],
)
def test_a_resealed_part_that_does_not_fit_the_others_is_bad_input(
    folder_of_models: Path, tmp_path: Path, name: str, change: Callable[[bytes], bytes]
) -> None:
    folder = shutil.copytree(folder_of_models, tmp_path / "models")
    reseal(folder, name, change((folder / name).read_bytes()))
    with pytest.raises(BadInput):
        read_models(folder)


def _with_terms(table: str, **changes: object) -> Callable[[bytes], bytes]:
    """The first line of a table of terms.json, changed."""

    def change(content: bytes) -> bytes:
        terms = json.loads(content)
        terms[table][0].update(changes)
        return json.dumps(terms).encode()

    return change


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("channels", {"rebate_share": None}),
        ("channels", {"cost_per_applied": "0.1"}),
        ("channels", {"max_contacts": True}),
        ("channels", {"channel": None}),
        ("channels", {"affiliate_group": 5}),
        ("offers", {"cost_rate_of_amount": None}),
        ("offers", {"offer": None}),
    ],
)
def test_terms_of_the_wrong_kind_are_bad_input(
    folder_of_models: Path, tmp_path: Path, table: str, changes: dict[str, object]
) -> None:
    folder = shutil.copytree(folder_of_models, tmp_path / "models")
    reseal(folder, "terms.json", _with_terms(table, **changes)((folder / "terms.json").read_bytes()))
    with pytest.raises(BadInput, match="of the wrong kind"):
        read_models(folder)


@pytest.mark.parametrize("middle", [True, 2**70, None, [[0.0]], [0.0, 1.0, 2.0] * 9])
def test_a_trend_of_another_shape_is_bad_input(folder_of_models: Path, tmp_path: Path, middle: object) -> None:
    folder = shutil.copytree(folder_of_models, tmp_path / "models")
    risk = json.loads((folder / "risk.json").read_text())
    risk["drift"]["middle"] = middle
    reseal(folder, "risk.json", json.dumps(risk).encode())
    with pytest.raises(BadInput):
        read_models(folder)


def test_a_flipped_bit_and_features_in_another_order_are_bad_input(folder_of_models: Path, tmp_path: Path) -> None:
    flipped, moved = (shutil.copytree(folder_of_models, tmp_path / name) for name in ("flipped", "moved"))
    content = bytearray((flipped / "served.json").read_bytes())
    content[len(content) // 2] ^= 1
    (flipped / "served.json").write_bytes(content)
    with pytest.raises(BadInput, match="damaged or was changed"):
        read_models(flipped)
    manifest = json.loads((moved / "manifest.json").read_text())
    manifest["features"] = [*manifest["features"][1:], manifest["features"][0]]
    (moved / "manifest.json").write_text(json.dumps(manifest))
    reseal(moved, "event_rates.json", (moved / "event_rates.json").read_bytes())
    with pytest.raises(BadInput, match="another order"):
        read_models(moved)
