"""The plan that the tests of the output read."""

from pathlib import Path

import pandas as pd

from tests.campaigns.small_plans import (
    Planned,
    change_plan_file,
    plan,
    write_small_market,
)

OFFERS = ("contact", "coupon", "rate_cut", "higher_limit")


TODAY = "channel,offer,contacts\nfeed_ads,coupon,120\nsearch_ads,rate_cut,60\nsms_broker,contact,100\n"


def plan_beside_today(folder: Path) -> Planned:
    """One plan of the small market, beside what runs today: two leads of it spoilt, a region refused."""
    plan_file = write_small_market(folder / "market")
    change_plan_file(plan_file, ("[limits]", '[limits]\nrefuse_regions = ["far"]'))
    change_plan_file(plan_file, ("[data]", '[data]\ncurrent_plan = "current.csv"'))
    (plan_file.parent / "current.csv").write_text(TODAY, encoding="utf-8")
    spoil_two_leads(plan_file.parent / "leads.parquet")
    return plan(plan_file, folder)


def spoil_two_leads(path: Path) -> None:
    """One lead asks for less than nothing, one comes from a channel that nobody runs."""
    leads = pd.read_parquet(path)
    leads.loc[3, "amount"] = -5.0
    leads.loc[7, "channel"] = "unheard_of"
    leads.to_parquet(path, index=False)
