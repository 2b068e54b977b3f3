"""`acquire plan` on a small made-up market: every file, column and figure that the contract's section 4 promises."""

import hashlib
import re
from contextlib import closing
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from acquire.modelfile import read_model_folder
from campaigns.lists import LIST_COLUMNS
from campaigns.plan_document import AllocationLine, Headline, PlanDocument
from campaigns.risk_document import RiskEvidence
from campaigns.store import plans
from campaigns.store.session import open_store
from tests.campaigns.planned_beside_today import OFFERS, plan_beside_today
from tests.campaigns.small_plans import (
    NOW,
    Planned,
    check_files_are_complete,
    check_limits_hold,
)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    return plan_beside_today(tmp_path_factory.mktemp("small"))


def test_every_file_is_there_and_their_figures_agree(planned: Planned) -> None:
    check_files_are_complete(planned)


def test_every_limit_of_the_plan_file_is_listed_and_holds(planned: Planned) -> None:
    check_limits_hold(planned)
    limits = {limit["name"]: limit for limit in planned.json["limits"]}
    keys = {"name", "unit", "used", "used_expected", "allowed", "binding", "shadow_price"}
    assert all(set(limit) == keys for limit in limits.values())
    assert limits["budget"]["allowed"] == 3 * len(planned.leads)
    assert limits["max_bad_rate"]["allowed"] == 0.15
    assert limits["max_bad_rate"]["used_expected"] < limits["max_bad_rate"]["used"]
    assert {"min_region_share[home]", "max_partner_share[orbit]", "max_contacts[feed_ads]"} <= set(limits)
    assert any(limit["binding"] for limit in limits.values())
    assert all(limit["shadow_price"] == 0 for limit in limits.values() if not limit["binding"])


def test_the_headline_has_ten_figures_with_two_intervals_each(planned: Planned) -> None:
    headline = planned.json["headline"]
    assert list(headline) == [field.name for field in fields(Headline)]
    for name, figure in headline.items():
        assert figure["low"] <= figure["expected"] <= figure["high"], name
        assert figure["predictive_low"] <= figure["expected"] <= figure["predictive_high"], name


def test_the_ratios_of_the_headline_are_ratios_of_its_totals(planned: Planned) -> None:
    expected = {name: figure["expected"] for name, figure in planned.json["headline"].items()}
    assert expected["cac"] == pytest.approx(expected["spend"] / expected["booked"])
    assert expected["incremental_cac"] == pytest.approx(expected["spend"] / expected["incremental"])
    assert expected["cac"] < expected["incremental_cac"]


def test_the_headline_adds_up_from_the_allocation(planned: Planned) -> None:
    headline, allocation = planned.json["headline"], planned.allocation
    assert list(allocation) == [field.name for field in fields(AllocationLine)]
    for name in ("booked", "incremental", "value"):
        assert allocation[name].sum() == pytest.approx(headline[name]["expected"], rel=1e-9)
    # Spend is handed out in whole cents; what is left of a cent belongs to no line.
    assert allocation["spend"].sum() == pytest.approx(headline["spend"]["expected"], abs=0.01)
    bad = (allocation["bad_rate"] * allocation["booked"]).sum() / allocation["booked"].sum()
    assert bad == pytest.approx(headline["bad_rate"]["expected"], rel=1e-9)


def test_the_certificate_bounds_what_any_plan_could_reach(planned: Planned) -> None:
    certificate = planned.json["certificate"]
    assert certificate["objective"] == pytest.approx(planned.json["headline"]["value"]["expected"])
    assert certificate["objective"] <= certificate["bound"]
    assert certificate["gap"] == pytest.approx(1 - certificate["objective"] / certificate["bound"], abs=1e-9)
    assert certificate["gap"] < 0.01


def test_what_was_set_aside_is_counted_and_kept_with_its_reason(planned: Planned) -> None:
    counts = {table["table"]: table for table in planned.json["tables"]}
    assert counts["leads"] == {"table": "leads", "read": 2_000, "accepted": 1_998, "quarantined": 2}
    assert counts["history"]["read"] == counts["history"]["accepted"] == 6_000
    quarantine = pd.read_parquet(planned.out / "quarantine.parquet")
    assert list(quarantine) == ["table", "row_number", "reason", "content"]
    assert list(zip(quarantine["table"], quarantine["row_number"], strict=True)) == [("leads", 4), ("leads", 8)]
    assert set(planned.leads.loc[[3, 7], "lead_id"]) & set(planned.decisions["lead_id"]) == set()


def test_a_decision_stands_for_every_accepted_lead_in_the_order_of_the_file(planned: Planned) -> None:
    accepted = planned.leads.drop(index=[3, 7])
    assert planned.decisions["lead_id"].tolist() == accepted["lead_id"].tolist()
    assert planned.decisions["channel"].tolist() == accepted["channel"].tolist()


def test_the_decisions_have_the_columns_of_the_contract(planned: Planned) -> None:
    per_offer = {f"{figure}_{offer}" for figure in ("p_bad", "p_booked", "uplift", "spend") for offer in OFFERS}
    named = {"lead_id", "channel", "decision", "offer", "reason", "p_bad", "p_booked_control"}
    assert named | per_offer <= set(planned.decisions)


def test_scores_are_chances_and_uplift_is_their_difference(planned: Planned) -> None:
    scored = planned.decisions[planned.decisions["reason"] != "NO_CONSENT"]
    for offer in OFFERS:
        difference = scored[f"p_booked_{offer}"] - scored["p_booked_control"]
        assert np.allclose(scored[f"uplift_{offer}"], difference, atol=1e-12)
        assert scored[[f"p_bad_{offer}", f"p_booked_{offer}"]].stack().between(0, 1).all()
        assert (scored[f"spend_{offer}"] >= 0).all()


def test_the_shown_chance_to_go_bad_is_that_of_the_chosen_offer(planned: Planned) -> None:
    contacted = planned.decisions[planned.decisions["decision"] == "contact"]
    for offer, rows in contacted.groupby("offer"):
        assert (rows["p_bad"] == rows[f"p_bad_{offer}"]).all()


def test_nobody_is_scored_or_contacted_without_consent(planned: Planned) -> None:
    told = planned.decisions.merge(planned.leads[["lead_id", "consent"]], on="lead_id")
    without = told[~told["consent"]]
    assert len(without) > 0
    assert (without["decision"] == "refuse").all()
    assert (without["reason"] == "NO_CONSENT").all()
    assert without.filter(regex="^(p_|uplift_|spend_)").isna().all(axis=None)


def test_nobody_is_contacted_who_objected_or_whom_policy_or_region_refuses(planned: Planned) -> None:
    told = planned.decisions.merge(planned.leads.drop(columns="channel"), on="lead_id")
    device, region = told["shared_device_count"] >= 4, told["region"] == "far"
    for refused in (told["do_not_contact"], told["past_dpd_days"] >= 60, device, region):
        assert refused.any()
        assert (told.loc[refused, "decision"] == "refuse").all()
    assert told.loc[told["decision"] == "refuse", "reason"].notna().all()


def test_a_person_seen_in_two_channels_is_contacted_once(planned: Planned) -> None:
    people = planned.decisions.merge(planned.leads[["lead_id", "person_id"]], on="lead_id")
    twice = people[people["person_id"].duplicated(keep=False)]
    assert len(twice) > 100
    assert people.loc[people["decision"] == "contact", "person_id"].is_unique
    assert "PERSON_CONTACTED_IN_ANOTHER_CHANNEL" in set(twice["reason"])


def test_nobody_kept_back_as_a_control_is_contacted_through_another_channel(planned: Planned) -> None:
    people = planned.decisions.merge(planned.leads[["lead_id", "person_id"]], on="lead_id")
    controls = set(people.loc[people["decision"] == "control", "person_id"])
    assert controls
    assert controls & set(people.loc[people["decision"] == "contact", "person_id"]) == set()


def test_a_twentieth_of_those_who_would_be_contacted_is_kept_back(planned: Planned) -> None:
    counts = planned.decisions.groupby("decision").size()
    share = counts["control"] / (counts["control"] + counts["contact"])
    assert share == pytest.approx(0.05, abs=0.02)


def test_every_channel_has_a_holdout_of_its_own(planned: Planned) -> None:
    counts = planned.decisions.groupby(["channel", "decision"]).size().unstack(fill_value=0)
    large = counts[counts["contact"] >= 60]
    assert len(large) >= 3
    assert (large["control"] >= 1).all()


def test_each_partner_receives_its_own_contacts_and_nobody_elses(planned: Planned) -> None:
    channels = pd.read_csv(planned.plan_file.parent / "channels.csv").set_index("channel")["partner"]
    contacted = planned.decisions[planned.decisions["decision"] == "contact"]
    own = contacted.groupby(contacted["channel"].map(channels))["lead_id"].agg(list)
    assert {slug: rows["id"].tolist() for slug, rows in planned.lists.items()} == {
        partner.replace("_", "-"): ids for partner, ids in own.items()
    }


def test_a_list_never_holds_a_score(planned: Planned) -> None:
    for rows in planned.lists.values():
        assert tuple(rows) == LIST_COLUMNS
        assert set(rows["offer"]) <= set(OFFERS)
        assert set(rows["tier"]) == {"standard"}
        assert set(rows["campaign"]) == {planned.json["campaign"]}
        assert set(rows["expires_at"]) == {"2026-01-31T12:00:00Z"}


def test_why_a_lead_is_risky_stays_in_the_house(planned: Planned) -> None:
    files = [path.read_text(encoding="utf-8") for path in (planned.out / "lists").iterdir()]
    assert files
    assert LIST_COLUMNS == ("id", "offer", "tier", "campaign", "expires_at", "key_version")
    for file in files:
        assert file.splitlines()[0] == ",".join(LIST_COLUMNS)
        assert "below the best" not in file


def test_scored_leads_carry_their_exposure_the_loss_given_bad_and_reasons_in_words(planned: Planned) -> None:
    decisions = planned.decisions
    scored = decisions[decisions["p_booked_control"].notna()]
    amounts = planned.leads.set_index("lead_id")["amount"]
    assert (scored["exposure"].to_numpy() == amounts[scored["lead_id"]].to_numpy()).all()
    # The made market's lender gets back about a fifth of what is lent to those who go bad, and forgoes the interest.
    assert scored["loss_given_bad"].between(0.4, 1.2).all()
    reasons = scored[[f"risk_reason_{rank}" for rank in range(1, 5)]]
    assert reasons["risk_reason_1"].notna().all()
    assert reasons["risk_reason_1"].astype("str").str.contains(r" is .+: .+ points below the best$").all()
    silent = decisions[decisions["p_booked_control"].isna()]
    assert silent[["exposure", "loss_given_bad", *reasons]].isna().all(axis=None)


def test_plan_json_says_how_well_the_chance_to_go_bad_is_known(planned: Planned) -> None:
    risk = planned.json["evidence"]["risk"]
    assert set(risk) == {field.name for field in fields(RiskEvidence)}
    for name in ("auc", "ks", "brier", "log_loss", "ece"):
        interval = risk["intervals"][name]
        assert interval["expected"] == risk[name]
        assert interval["low"] <= risk[name] <= interval["high"]
    channels = [line["channel"] for line in risk["early_to_late"]]
    assert channels[-1] == "*"
    assert set(channels) - {"*"} <= set(planned.leads["channel"])
    assert {sign["sign"] for sign in risk["early_to_late"][-1]["signs"]} == {"fpd1", "dpd30"}
    assert sum(line["matured"] for line in risk["early_to_late"][:-1]) == risk["early_to_late"][-1]["matured"]
    assert [line["quarter"] for line in risk["distance"]] == [1, 2, 3, 4]
    assert {line["channel"] for line in risk["drift"]} == set(channels)
    assert risk["calibration"]["method"] in {"none", "platt", "beta", "isotonic"}
    assert set(risk["notes"]) <= set(planned.json["warnings"])
    thin = [line for line in risk["distance"] if line["bookings"] < 50]
    assert thin
    assert len(thin) == sum("bookings with a label were seen" in warning for warning in planned.json["warnings"])


def test_the_models_can_be_read_by_a_stranger(planned: Planned) -> None:
    folder = read_model_folder(planned.out / "models")
    assert {feature.name for feature in folder.manifest.features} >= {"channel", "age", "amount"}
    assert "gender" not in {feature.name for feature in folder.manifest.features}
    assert not [name for name in folder.parts if not name.endswith((".json", ".txt"))]
    assert not [name for name, part in folder.parts.items() if part.startswith(b"\x80")]
    manifest = (planned.out / "models" / "manifest.json").read_bytes()
    assert planned.json["hashes"]["models"] == hashlib.sha256(manifest).hexdigest()


def test_the_hashes_are_those_of_the_files_that_were_read(planned: Planned) -> None:
    hashes, market = planned.json["hashes"], planned.plan_file.parent
    names = {"history": "history.parquet", "leads": "leads.parquet", "channels": "channels.csv", "offers": "offers.csv"}
    names |= {"plan": "plan.toml", "policy": "policy.toml"}
    assert {key: hashes[key] for key in names} == {
        key: hashlib.sha256((market / name).read_bytes()).hexdigest() for key, name in names.items()
    }
    assert set(planned.decisions["policy_hash"]) == {hashes["policy"]}
    assert {"acquire", "causalml", "lightgbm", "pulp"} <= set(planned.json["versions"])


def test_the_plan_says_what_it_is(planned: Planned) -> None:
    content = planned.json
    assert (content["currency"], content["seed"], content["objective"]) == ("CNY", 7, "incremental_value")
    assert content["created_at"] == NOW.isoformat()
    text = (planned.out / "plan.json").read_text(encoding="utf-8")
    assert PlanDocument.from_json(text).to_json() == planned.document.to_json() == text


def test_the_evidence_says_that_history_was_randomised_and_how_each_offer_did(planned: Planned) -> None:
    evidence = planned.json["evidence"]
    assert evidence["randomised"] is True
    assert [offer["offer"] for offer in evidence["offers"]] == list(OFFERS)
    assert {"plan", "nobody"} <= {policy["policy"] for policy in evidence["policies"]}
    assert evidence["verdict"]
    assert 0.5 < evidence["risk"]["auc"] <= 1


def test_the_report_asks_no_other_host_for_anything(planned: Planned) -> None:
    report = (planned.out / "report.html").read_text(encoding="utf-8")
    addresses = re.findall(r"(?:https?:)?//[\w.-]+[^\s\"'<>]*", report)
    assert {address for address in addresses if "w3.org" not in address} == set()
    assert re.findall(r"<(?:script|iframe|object|embed|base)\b|@import|\burl\((?!['\"]?(?:#|data:))", report) == []
    assert re.findall(r"(?:src|href)=\"(?!#|data:)[^\"]*", report) == []
    assert "CNY" in report


def test_the_database_has_the_plan_and_its_lists(planned: Planned) -> None:
    with closing(open_store(planned.settings.database_url)) as store, store.reading() as session:
        assert plans.plan_documents(session) == ((planned.out / "plan.json").read_text(encoding="utf-8"),)
        kept = {stored.partner: stored for stored in plans.lists(session, None)}
        for slug, rows in planned.lists.items():
            stored = kept[slug.replace("-", "_")]
            assert stored.n_rows == len(rows)
            assert [entry.id for entry in plans.list_entries(session, stored.list_id)] == rows["id"].tolist()
