"""The folder of a small plan as far as `acquire frontier`, `scenario`, `replan` read it, and a database that knows the plan."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from acquire.domain import Channel, Limits
from campaigns.lists import record_plan
from campaigns.option_table import OPTIONS, option_table, write_option_table
from campaigns.plan_document import PlanDocument
from campaigns.settings import Settings
from campaigns.store.session import open_or_create_store
from tests.campaigns.plan_documents import sample_plan
from tests.campaigns.small_plan import CHANNELS, make_choice, make_market

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LIMITS = Limits(budget=300, max_bad_rate=0.3)


def write_folder(folder: Path, limits: Limits = LIMITS, channels: tuple[Channel, ...] = CHANNELS) -> PlanDocument:
    """Write plan.json, decisions.parquet and options.parquet of a plan over 200 leads; the database lies beside the folder."""
    market = replace(make_market(200, limits=limits), channels=channels)
    choice = make_choice(market)
    decisions = pd.DataFrame({"lead_id": market.leads["lead_id"], "channel": market.leads["channel"]})
    decisions["decision"] = np.where(
        decisions.index.isin(choice.options.lead[choice.allocation.chosen]), "contact", "hold"
    )
    plan = replace(sample_plan(), objective="incremental_accounts", limits=choice.allocation.limit_uses)
    folder.mkdir()
    (folder / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    decisions.to_parquet(folder / "decisions.parquet", index=False)
    write_option_table(folder / OPTIONS, option_table(market, choice, decisions))
    store = open_or_create_store(settings_of(folder).database_url)
    record_plan(store, plan, {})
    store.close()
    return plan


def settings_of(folder: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{folder.parent / 'acquire.db'}")
