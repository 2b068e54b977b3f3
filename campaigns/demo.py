"""The made-up market as a folder that `acquire plan` can read, with a policy and a plan file that make sense for it."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from acquire.ingest.market import Market
from campaigns.demo_campaign import RunningCampaign

_BUDGET_PER_LEAD = 3  # about two thirds of what the best plan would spend if it had no limits
_RUNNING = ("price_tiers", "current_plan", "spend_history")

_POLICY = """\
version = "demo-1"

[[rule]]
id = "young"
field = "age"
op = "lt"
value = 20
reason = "AGE_BELOW_MINIMUM"
when_null = "refer"
examples = [{ age = 19, hit = true }, { age = 20, hit = false }]

[[rule]]
id = "serious_arrears"
field = "past_dpd_days"
op = "ge"
value = 60
reason = "SERIOUS_ARREARS"
when_null = "refer"
examples = [{ past_dpd_days = 60, hit = true }, { past_dpd_days = -1, hit = false }]

[[rule]]
id = "shared_device"
field = "shared_device_count"
op = "ge"
value = 4
reason = "DEVICE_SHARED_BY_MANY"
when_null = "pass"
examples = [{ shared_device_count = 4, hit = true }, { shared_device_count = 1, hit = false }]

# Of the rings in history that had three bad bookings, nine in ten of the later ones went bad too.
[[rule]]
id = "fraud_ring"
field = "ring_n_bad"
op = "ge"
value = 3
reason = "FRAUD_RING"
when_null = "pass"
examples = [{ ring_n_bad = 3, hit = true }, { ring_n_bad = 2, hit = false }]

[[rule]]
id = "loan_shopping"
field = "inquiries_3m"
op = "gt"
value = 8
reason = "TOO_MANY_INQUIRIES"
when_null = "pass"
examples = [{ inquiries_3m = 9, hit = true }, { inquiries_3m = 8, hit = false }]
"""

_PLAN = """\
# A made-up market. Its true chances are known to nobody who plans here.
currency = "CNY"
seed = 7
campaign = "autumn-2026"

[data]
history = "history.parquet"
leads = "leads.parquet"
channels = "channels.csv"
offers = "offers.csv"
links = "links.parquet"
policy = "policy.toml"
{running}
[columns]
protected = ["gender"]

[objective]
maximise = "incremental_value"

[limits]
budget = {budget:_}
max_bad_rate = 0.10
bad_rate_confidence = 0.95
max_partner_share = 0.4
min_region_share = {{ home = 0.5 }}

[holdout]
control_share = 0.05

[risk]
special_codes = {{ bureau_score = [-999], past_dpd_days = [-1] }}
direction = {{ bureau_score = "falling", utilisation = "rising" }}
"""


def write_demo_market(folder: Path, market: Market) -> Path:
    """Write what a lender would have of `market`; the truth stays behind.

    history.parquet, leads.parquet, links.parquet, channels.csv, offers.csv, policy.toml and plan.toml. Each file is
    written beside its name and then renamed, the plan file last: it never stands there without its tables.

    Args:
        folder: Made when missing; files of these names in it are replaced.
        market: A made-up market.

    Returns:
        Path of the plan file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("history", "leads", "links"):
        _replace(folder / f"{name}.parquet", _parquet_writer(getattr(market, name)))
    for name in ("channels", "offers"):
        _write_csv(folder, name, getattr(market, name))
    _replace(folder / "policy.toml", _text_writer(_POLICY))
    return _write_plan(folder, market, running="")


def write_running_demo(folder: Path, market: Market, running: RunningCampaign) -> Path:
    """Write `market` as a campaign that runs already: its files, and those of today's plan, past weeks and price tiers.

    Args:
        folder: As of `write_demo_market`.
        market: A made-up market.
        running: What runs in it, and what partners ask beside each contact.

    Returns:
        Path of the plan file.
    """
    write_demo_market(folder, market)
    for name in ("channels", *_RUNNING):
        _write_csv(folder, name, getattr(running, name))
    return _write_plan(folder, market, running="".join(f'{name} = "{name}.csv"\n' for name in _RUNNING))


def demo_budget(market: Market) -> int:
    """Give the budget of the plan file, in whole money."""
    return _BUDGET_PER_LEAD * len(market.leads)


def _write_plan(folder: Path, market: Market, running: str) -> Path:
    plan = folder / "plan.toml"
    _replace(plan, _text_writer(_PLAN.format(budget=demo_budget(market), running=running)))
    return plan


def _write_csv(folder: Path, name: str, table: pd.DataFrame) -> None:
    _replace(folder / f"{name}.csv", _text_writer(table.to_csv(index=False)))


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    beside = path.with_name(f".{path.name}.part")
    write(beside)
    beside.replace(path)


def _parquet_writer(table: pd.DataFrame) -> Callable[[Path], object]:
    return lambda path: table.to_parquet(path, index=False)


def _text_writer(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8", newline="\n")
