"""The files of a plan, written from a plan that is at hand."""

import dataclasses
import json
import math
from pathlib import Path

import pandas as pd
import pytest

from acquire.domain import Estimate
from campaigns.outputs import write_outputs
from campaigns.plan_document import PlanDocument
from tests.campaigns.plan_documents import ALLOCATION, sample_plan

QUARANTINE = pd.DataFrame({"table": ["leads"], "row_number": [3], "reason": ["amount is -5"], "content": ["{}"]})


def written(folder: Path, document: PlanDocument, offer: str = "coupon") -> Path:
    decisions = pd.DataFrame(
        {"lead_id": ["00042"], "channel": ["search_ads"], "decision": ["contact"], "offer": [offer]}
    )
    row = {"id": "=1+2", "offer": offer, "tier": "standard", "campaign": "2026-12", "key_version": 1}
    rows = pd.DataFrame([{**row, "expires_at": pd.Timestamp("2026-12-31", tz="UTC")}])
    folder.mkdir()
    write_outputs(folder, document, decisions, QUARANTINE, {"north-media": rows})
    return folder


def test_what_was_decided_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = written(tmp_path / "plan", sample_plan())
    assert pd.read_parquet(folder / "decisions.parquet")["lead_id"].tolist() == ["00042"]
    assert pd.read_parquet(folder / "quarantine.parquet").equals(QUARANTINE)
    assert PlanDocument.from_json((folder / "plan.json").read_text(encoding="utf-8")).headline == sample_plan().headline


def test_the_allocation_is_one_row_per_channel_and_offer(tmp_path: Path) -> None:
    allocation = pd.read_csv(written(tmp_path / "plan", sample_plan()) / "allocation.csv")
    assert list(zip(allocation["channel"], allocation["offer"], strict=True)) == [(c, o) for c, _, o, *_ in ALLOCATION]
    assert allocation["contacts"].sum() == 8_412


def test_an_allocation_of_nobody_still_has_its_columns(tmp_path: Path) -> None:
    nobody = dataclasses.replace(sample_plan(), allocation=())
    lines = (written(tmp_path / "plan", nobody) / "allocation.csv").read_text(encoding="utf-8").splitlines()
    assert lines == ["channel,partner,offer,contacts,spend,booked,incremental,bad_rate,cac,incremental_cac,value"]


def test_an_undefined_figure_is_null_and_an_empty_cell(tmp_path: Path) -> None:
    document = sample_plan()
    unknown = dataclasses.replace(
        document,
        headline=dataclasses.replace(document.headline, value=Estimate(expected=math.nan)),
        allocation=(dataclasses.replace(document.allocation[0], bad_rate=math.nan),),
    )
    folder = written(tmp_path / "plan", unknown)
    assert json.loads((folder / "plan.json").read_text(encoding="utf-8"))["headline"]["value"]["expected"] is None
    assert ",0.65" not in (folder / "allocation.csv").read_text(encoding="utf-8")
    assert pd.read_csv(folder / "allocation.csv")["bad_rate"].isna().all()


def test_an_id_that_a_spreadsheet_would_run_is_text(tmp_path: Path) -> None:
    folder = written(tmp_path / "plan", sample_plan())
    assert (folder / "lists" / "north-media.csv").read_text(encoding="utf-8").splitlines() == [
        "id,offer,tier,campaign,expires_at,key_version",
        "'=1+2,coupon,standard,2026-12,2026-12-31T00:00:00Z,1",
    ]


@pytest.mark.parametrize("offer", ["减息", "<b>cut</b>", 'cut, "deep"'])
def test_names_in_any_writing_survive_every_file(tmp_path: Path, offer: str) -> None:
    document = sample_plan()
    named = dataclasses.replace(document, allocation=(dataclasses.replace(document.allocation[0], offer=offer),))
    folder = written(tmp_path / "plan", named, offer)
    assert pd.read_csv(folder / "allocation.csv")["offer"].tolist() == [offer]
    assert pd.read_csv(folder / "lists" / "north-media.csv")["offer"].tolist() == [offer]
    assert json.loads((folder / "plan.json").read_text(encoding="utf-8"))["allocation"][0]["offer"] == offer
    assert "<b>cut" not in (folder / "report.html").read_text(encoding="utf-8")
