"""What each partner receives, and that plan and lists are in the database together or not at all."""

import dataclasses
import os
import signal
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from acquire.domain import Channel
from acquire.errors import BadInput
from campaigns.lists import LIST_COLUMNS, list_csv, make_lists, record_plan
from campaigns.plan_document import AllocationLine, PlanDocument
from campaigns.reports import latest_plan, list_rows, partner_lists, partners, plans
from campaigns.store import plans as stored_plans
from campaigns.store.plans import ListEntry, StoredList
from campaigns.store.session import Session, Store, open_store
from campaigns.users import Viewer
from tests.campaigns.plan_documents import sample_plan

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
GROWTH = Viewer(login="ann", role="growth")
CHANNELS = (
    Channel(channel="search", partner="North Media"),
    Channel(channel="feed", partner="North Media"),
    Channel(channel="app", partner="Paywell"),
    Channel(channel="shop", partner="Mallhub"),
)
DECISIONS = pd.DataFrame(
    [
        ("L1", "search", "contact", "coupon", 0.9),
        ("L2", "app", "contact", "call", 0.8),
        ("=L3", "feed", "contact", "call", 0.7),
        ("L4", "search", "hold", None, 0.6),
        ("L5", "app", "control", None, 0.5),
        ("L6", "shop", "refuse", None, 0.4),
    ],
    columns=["lead_id", "channel", "decision", "offer", "p_booked_coupon"],
)


def _lists() -> dict[str, pd.DataFrame]:
    return make_lists(DECISIONS, CHANNELS, campaign="2026-12", created_at=NOW, key_version=1)


def _plan(plan_id: str = "plan-1", created_at: datetime = NOW) -> PlanDocument:
    blank = dict.fromkeys(("spend", "booked", "incremental", "bad_rate", "cac", "incremental_cac", "value"), 0.0)
    lines = tuple(
        AllocationLine(channel=channel, partner=partner, offer="call", contacts=1, **blank)
        for channel, partner in (("search", "North Media"), ("app", "Paywell"))
    )
    return dataclasses.replace(sample_plan(), plan_id=plan_id, created_at=created_at, allocation=lines)


def test_each_partner_gets_the_contacts_of_its_channels_and_nothing_else() -> None:
    lists = _lists()
    assert {slug: list(rows["id"]) for slug, rows in lists.items()} == {"north-media": ["L1", "=L3"], "paywell": ["L2"]}


def test_a_list_never_holds_a_score() -> None:
    for rows in _lists().values():
        assert tuple(rows.columns) == LIST_COLUMNS


def test_a_list_says_when_it_expires_and_which_key_it_used() -> None:
    rows = make_lists(DECISIONS, CHANNELS, campaign="2026-12", created_at=NOW, valid_days=7, key_version=3)["paywell"]
    assert rows["expires_at"].tolist() == [pd.Timestamp("2026-11-29T09:30:00Z")]
    assert rows["key_version"].tolist() == [3]
    assert rows["campaign"].tolist() == ["2026-12"]


def test_a_tier_is_what_the_campaign_declares_for_an_offer() -> None:
    lists = make_lists(DECISIONS, CHANNELS, campaign="2026-12", created_at=NOW, key_version=1, tiers={"coupon": "gold"})
    assert lists["north-media"]["tier"].tolist() == ["gold", "standard"]


def test_nobody_to_contact_makes_no_lists() -> None:
    nobody = DECISIONS.loc[DECISIONS["decision"] != "contact"]
    assert make_lists(nobody, CHANNELS, campaign="2026-12", created_at=NOW, key_version=1) == {}


def test_partners_that_would_share_a_file_stop_the_lists() -> None:
    clash = (*CHANNELS, Channel(channel="clash", partner="north media"))
    with pytest.raises(
        BadInput, match="partners 'North Media' and 'north media' would share the file name north-media"
    ):
        make_lists(DECISIONS, clash, campaign="2026-12", created_at=NOW, key_version=1)


def test_the_file_is_safe_to_open_in_a_spreadsheet() -> None:
    assert list_csv(_lists()["north-media"]).decode() == (
        "id,offer,tier,campaign,expires_at,key_version\n"
        "L1,coupon,standard,2026-12,2026-12-22T09:30:00Z,1\n"
        "'=L3,call,standard,2026-12,2026-12-22T09:30:00Z,1\n"
    )


def test_a_plan_and_its_lists_can_be_read_back_as_they_were(store: Store) -> None:
    assert record_plan(store, _plan(), _lists())
    assert latest_plan(store, GROWTH) == PlanDocument.from_json(_plan().to_json())
    for summary in partner_lists(store, GROWTH, now=NOW):
        slug = {"North Media": "north-media", "Paywell": "paywell"}[summary.partner]
        pd.testing.assert_frame_equal(list_rows(store, GROWTH, summary.list_id), _lists()[slug], check_dtype=False)
        assert summary.n_rows == len(_lists()[slug])
        assert summary.expires_at == NOW + timedelta(days=30)


def test_the_same_plan_twice_changes_nothing(store: Store) -> None:
    assert record_plan(store, _plan(), _lists())
    assert not record_plan(store, _plan(created_at=NOW + timedelta(days=1)), {})
    assert [plan.created_at for plan in plans(store, GROWTH)] == [NOW]
    assert len(partner_lists(store, GROWTH, now=NOW)) == 2


def test_plans_come_newest_first(store: Store) -> None:
    for day, name in enumerate(("first", "second", "third")):
        record_plan(store, _plan(name, NOW + timedelta(days=day)), _lists())
    assert [plan.plan_id for plan in plans(store, GROWTH)] == ["third", "second", "first"]
    assert len(partner_lists(store, GROWTH, now=NOW, partner="Paywell")) == 3


def test_a_partner_whose_file_name_is_taken_by_another_stops_the_plan(store: Store) -> None:
    record_plan(store, _plan(), _lists())
    line = dataclasses.replace(_plan().allocation[0], partner="NORTH media")
    clash = dataclasses.replace(_plan("plan-2"), allocation=(line,))
    with pytest.raises(
        BadInput, match="partners 'North Media' and 'NORTH media' would share the file name north-media"
    ):
        record_plan(store, clash, {})
    assert len(plans(store, GROWTH)) == 1


def test_a_list_of_a_partner_that_is_not_in_the_plan_is_refused(sqlite_store: Store) -> None:
    with pytest.raises(BadInput, match="list mallhub belongs to no partner of plan plan-1"):
        record_plan(sqlite_store, _plan(), {"mallhub": _lists()["paywell"]})


def _record_and_be_killed(url: str, moment: str) -> None:
    """Runs in a child process that never returns."""
    insert = stored_plans.insert_list

    def insert_and_die(session: Session, stored: StoredList, entries: Iterable[ListEntry]) -> None:
        insert(session, stored, entries)
        if moment == "between the lists" or (moment == "before the commit" and stored.partner == "Paywell"):
            os.kill(os.getpid(), signal.SIGKILL)

    stored_plans.insert_list = insert_and_die
    record_plan(open_store(url), _plan(), _lists())
    os.kill(os.getpid(), signal.SIGKILL)


def _killed(url: str, moment: str) -> int:
    """Record the plan in a process that is killed at `moment`, and give the signal that ended it."""
    with warnings.catch_warnings():
        # The child only uses a database connection of its own.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            _record_and_be_killed(url, moment)
        finally:
            os._exit(1)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


@pytest.mark.parametrize(
    ("moment", "n_plans"), [("between the lists", 0), ("before the commit", 0), ("after the commit", 1)]
)
def test_a_kill_leaves_the_whole_plan_or_nothing(store: Store, database_url: str, moment: str, n_plans: int) -> None:
    assert _killed(database_url, moment) == signal.SIGKILL
    assert len(plans(store, GROWTH)) == n_plans
    assert len(partner_lists(store, GROWTH, now=NOW)) == 2 * n_plans
    assert len(partners(store, GROWTH)) == 2 * n_plans
    assert record_plan(store, _plan(), _lists()) == (n_plans == 0)
