"""`acquire frontier`, `acquire scenario ...` and `acquire replan`: other limits, other promises, fewer days."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from campaigns.scenario_document import Scenario

_plan = click.argument("plan", type=click.Path(exists=True, path_type=Path))
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")


@click.command()
@_plan
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for chart, CSV and JSON.")
@click.option("--budget", "budgets", type=float, multiple=True, help="Budget to try; may be given again.")
@click.option("--max-bad-rate", "bad_rates", type=float, multiple=True, help="Cap to try; may be given again.")
@_json
def frontier(
    plan: Path, out: Path | None, budgets: tuple[float, ...], bad_rates: tuple[float, ...], as_json: bool
) -> None:
    """Show what more budget, or more risk, would buy beside PLAN, a folder that acquire plan wrote.

    Solves 50 or more settings of budget and cap on the bad rate around the plan, all other limits and the confidence as they are,
    and prints the best plan's figure at each, where the plan stands, and what one step would change. With --out writes
    frontier.html, frontier.csv and frontier.json into a folder that is replaced whole or not at all. Where the database knows the
    plan, its page shows the frontier from then on.
    """
    from campaigns.frontier_lines import frontier_lines
    from campaigns.frontiers import check_frontier_place, keep_frontier, make_frontier, write_frontier
    from campaigns.settings import Settings

    if out is not None:
        check_frontier_place(out, plan)
    made = make_frontier(plan, now=datetime.now(UTC), budgets=budgets, bad_rates=bad_rates)
    keep_frontier(Settings.load(), made)
    if out is not None:
        write_frontier(out, made)
    click.echo(made.to_json() if as_json else "\n".join(frontier_lines(made)))
    if out is not None and not as_json:
        click.echo(f"\nThe frontier is in {out}: start with {out / 'frontier.html'}")


@click.group()
def scenario() -> None:
    """Save plans under other limits, and compare them."""


@scenario.command()
@_plan
@click.argument("name")
@click.option(
    "--set",
    "changes",
    multiple=True,
    required=True,
    metavar="LIMIT=FIGURE",
    help="Limit as in the plan file, as budget=70000 or channel.sms.max_cac=90; =none drops it. May be given again.",
)
@_json
def save(plan: Path, name: str, changes: tuple[str, ...], as_json: bool) -> None:
    """Plan again under other limits and save the result as NAME beside PLAN, a folder that acquire plan wrote.

    Nothing is fitted anew and PLAN stays as it is: the same leads, scores and corrections meet other limits. Prints the plan and
    all its scenarios, with the differences. A scenario of the same name is replaced.
    """
    from campaigns.scenarios import save_scenario
    from campaigns.settings import Settings

    found = save_scenario(plan, name, _figures(changes), now=datetime.now(UTC), settings=Settings.load())
    _print_scenarios(plan, found, as_json)


@scenario.command("list")
@_plan
@_json
def list_saved(plan: Path, as_json: bool) -> None:
    """Print PLAN, a folder that acquire plan wrote, and its scenarios side by side."""
    from campaigns.scenarios import list_scenarios
    from campaigns.settings import Settings

    _print_scenarios(plan, list_scenarios(plan, Settings.load()), as_json)


@scenario.command()
@_plan
@click.argument("name")
def drop(plan: Path, name: str) -> None:
    """Forget the scenario NAME of PLAN, a folder that acquire plan wrote."""
    from campaigns.scenarios import drop_scenario
    from campaigns.settings import Settings

    drop_scenario(plan, name, Settings.load())
    click.echo(f"The scenario {name} is forgotten")


def _figures(changes: tuple[str, ...]) -> dict[str, float | None]:
    figures: dict[str, float | None] = {}
    for change in changes:
        key, is_there, written = change.partition("=")
        try:
            figures[key.strip()] = None if written.strip() == "none" else float(written)
        except ValueError:
            is_there = ""
        if not is_there:
            raise click.UsageError(f"--set {change} is not LIMIT=FIGURE, as in budget=70000 or max_cac=none")
    return figures


def _print_scenarios(plan: Path, scenarios: "tuple[Scenario, ...]", as_json: bool) -> None:
    from campaigns.frontier_lines import scenario_lines
    from campaigns.frontiers import read_plan

    if as_json:
        click.echo("[" + ",\n ".join(one.to_json() for one in scenarios) + "]")
        return
    click.echo("\n".join(scenario_lines(scenarios, read_plan(plan).currency)))


@click.command()
@_plan
@click.argument("done", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--days", type=float, required=True, help="Days of the whole campaign.")
@click.option("--days-left", type=float, required=True, help="Days still to come.")
@click.option("--spent", type=float, help="Money spent so far in all (else: cost of DONE, else as expected).")
@click.option(
    "--most-rise",
    type=float,
    default=0.25,
    show_default=True,
    help="How much a channel's contacts a day may rise, as a share.",
)
@click.option("--set", "changes", multiple=True, metavar="LIMIT=FIGURE", help="Limit from now on, as budget=70000.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the new contacts.")
@_json
def replan(
    plan: Path,
    done: Path,
    days: float,
    days_left: float,
    spent: float | None,
    most_rise: float,
    changes: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Plan the rest of a running campaign anew: PLAN is the folder of its plan, DONE lists the leads contacted so far.

    DONE (Parquet or CSV) has lead_id and, optionally, offer (else the planned one), cost, booked and bad (0 or 1; empty = not
    known yet). What was done stays, at what it cost and as it turned out, and every limit speaks of the whole campaign; the rest
    of the budget is spent in the days that are left, no channel faster than it can. Nothing is fitted anew. With --out writes
    replan.json and contacts.parquet.
    """
    from campaigns.frontier_lines import replan_lines
    from campaigns.replan_document import Course
    from campaigns.replans import replan as plan_rest

    course = Course(
        days=days,
        days_left=days_left,
        spent=float("nan") if spent is None else spent,
        most_rise=most_rise,
        changes=_figures(changes),
    )
    found = plan_rest(plan, done, out, course, now=datetime.now(UTC))
    click.echo(found.to_json() if as_json else "\n".join(replan_lines(found)))
