"""Everything the screens know, asked for on behalf of whoever is logged in.

Each question names the page it belongs to and is refused unless the role may see that page; campaigns.reports then narrows the
rows to the viewer in SQL. Pages hold no store and no viewer, so they cannot ask past this.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from acquire.errors import NotFound
from acquire.outlook import FrontierPoint
from campaigns import reports, users
from campaigns.frontier_document import FrontierDocument
from campaigns.kept_frontiers import keep_scenario, kept_frontier, kept_scenarios
from campaigns.lists import list_csv
from campaigns.plan_document import PlanDocument
from campaigns.reports import FilterChoices, ListSummary, Overview, PartnerOverview, ReportFilter
from campaigns.scenario_document import Scenario, in_force, point_scenario
from campaigns.store.session import Store
from campaigns.users import Viewer
from dashboards.access import FRONTIER, OVERVIEW, PARTNER, PLAN, Page, permit
from dashboards.filters import can_be_a_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The store, and the clock that says when lists and sessions expire."""

    store: Store
    now: Callable[[], datetime]

    def overview(self, report_filter: ReportFilter) -> Overview:
        """Give the overview page."""
        return reports.overview(self.store, permit(OVERVIEW), report_filter)

    def choices(self, page: Page) -> FilterChoices:
        """Give what the filters of `page` can be set to."""
        return reports.filter_choices(self.store, permit(page))

    def plans(self) -> tuple[PlanDocument, ...]:
        """Give all plans, newest first."""
        return reports.plans(self.store, permit(PLAN))

    def frontier_plans(self) -> tuple[PlanDocument, ...]:
        """Give all plans, newest first, for the page of their frontiers."""
        return reports.plans(self.store, permit(FRONTIER))

    def frontier(self, plan_id: str) -> FrontierDocument | None:
        """Give what more budget or risk would buy beside a plan; None while nobody asked."""
        permit(FRONTIER)
        return kept_frontier(self.store, plan_id)

    def scenarios(self, plan: PlanDocument) -> tuple[Scenario, ...]:
        """Give a plan and its scenarios, oldest first."""
        permit(FRONTIER)
        return (in_force(plan), *kept_scenarios(self.store, plan.plan_id))

    def save_scenario(
        self, plan: PlanDocument, frontier: FrontierDocument, point: FrontierPoint, name: str
    ) -> tuple[Scenario, ...]:
        """Keep a point of a frontier as a scenario under the name of whoever asks, and give all of them."""
        viewer = permit(FRONTIER)
        keep_scenario(self.store, point_scenario(plan, frontier, point, name, login=viewer.login, now=self.now()))
        return self.scenarios(plan)

    def partners(self) -> tuple[str, ...]:
        """Name the partners the viewer may see."""
        return reports.partners(self.store, permit(PARTNER))

    def partner_overview(self, report_filter: ReportFilter, partner: str | None) -> PartnerOverview:
        """Give a partner's page; a partner gets its own whatever `partner` says."""
        viewer = permit(PARTNER)
        return reports.partner_overview(self.store, viewer, report_filter, _own_or(viewer, partner))

    def lists(self, partner: str | None) -> tuple[ListSummary, ...]:
        """Give the lists of a partner, newest first; a partner gets its own whatever `partner` says."""
        viewer = permit(PARTNER)
        return reports.partner_lists(self.store, viewer, now=self.now(), partner=_own_or(viewer, partner))

    def list_file(self, list_id: str) -> bytes:
        """Give one list as CSV."""
        viewer = permit(PARTNER)
        if not can_be_a_name(list_id):
            raise NotFound("there is no such list; see the list of lists")
        return list_csv(reports.list_rows(self.store, viewer, list_id))

    def viewer_of_session(self, token: str) -> Viewer | None:
        """Find who is logged in with this token."""
        return users.viewer_of_session(self.store, token, now=self.now())

    def open_session(self, login: str, password: str) -> str | None:
        """Log somebody in; None if login and password do not belong together."""
        if not can_be_a_name(login):
            return None
        viewer = users.authenticate(self.store, login, password)
        return None if viewer is None else users.start_session(self.store, viewer, now=self.now())

    def close_session(self, token: str) -> None:
        """Log out."""
        users.end_session(self.store, token)


def _own_or(viewer: Viewer, partner: str | None) -> str | None:
    if viewer.role == "partner":
        return viewer.partner
    if partner is not None and not can_be_a_name(partner):
        raise NotFound("there is no such partner; choose from the partners of the page")
    return partner
