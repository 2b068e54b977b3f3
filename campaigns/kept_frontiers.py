"""Frontiers and scenarios in the database, beside the plan that they are about."""

from campaigns.frontier_document import FrontierDocument
from campaigns.scenario_document import Scenario
from campaigns.store import frontiers as stored
from campaigns.store.frontiers import StoredScenario
from campaigns.store.session import Store


def kept_frontier(store: Store, plan_id: str) -> FrontierDocument | None:
    """Give the frontier of a plan from the database; None while there is none."""
    with store.reading() as session:
        text = stored.frontier_document(session, plan_id)
    return None if text is None else FrontierDocument.from_json(text)


def keep_scenario(store: Store, scenario: Scenario) -> None:
    """Keep a scenario of a plan that the database knows."""
    with store.writing() as session:
        row = StoredScenario(
            plan_id=scenario.plan_id, name=scenario.name, made_at=scenario.made_at, document=scenario.to_json()
        )
        stored.put_scenario(session, row)


def kept_scenarios(store: Store, plan_id: str) -> tuple[Scenario, ...]:
    """Give the scenarios of a plan, oldest first."""
    with store.reading() as session:
        return tuple(Scenario.from_json(text) for text in stored.scenario_documents(session, plan_id))
