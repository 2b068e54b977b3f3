"""The champion: which kind of model ranks leads by risk. A person decides, with a reason, and can take it back.

Without any decision the white-box scorecard ranks. A challenger comes into force by a person's command that rests on the
comparison in a plan; nothing promotes it by itself, and every decision stays on record.
"""

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from acquire.errors import UNREADABLE, AcquireError, BadInput
from acquire.prefilter.comparison import Comparison
from acquire.prefilter.ranking import RankingKind
from campaigns.outputs import DOCUMENT
from campaigns.plan_document import PlanDocument
from campaigns.settings import Settings
from campaigns.store import champions, plans
from campaigns.store.champions import StoredDecision
from campaigns.store.session import Session, Store, open_or_create_store
from campaigns.users import Role, authenticate

DEFAULT: RankingKind = "scorecard"
MAY_DECIDE: tuple[Role, ...] = ("risk", "approver")
LONGEST_REASON = 500

Action = Literal["promote", "roll back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision of a person on the champion.

    Attributes:
        decided_by: Login of the person.
        kind: Champion from then on.
        plan_id: Plan whose comparison a promotion rests on; None for a return to the champion before.
        comparison: That comparison.
    """

    number: int
    decided_at: datetime
    decided_by: str
    action: Action
    kind: RankingKind
    reason: str
    plan_id: str | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who says to be deciding; the password is checked and not kept."""

    login: str
    password: str

    def __repr__(self) -> str:
        """Name the login only."""
        return f"Identity({self.login!r})"


def champion_in_force(store: Store) -> RankingKind:
    """Give the kind of model that ranks leads now."""
    with store.reading() as session:
        return _kinds_so_far(_decisions(session))[-1]


def champion_of_settings(settings: Settings) -> RankingKind:
    """Give the champion of the database the settings name; the scorecard where there is no database yet."""
    if settings.database_file is not None and not settings.database_file.exists():
        return DEFAULT
    with closing(open_or_create_store(settings.database_url)) as store:
        return champion_in_force(store)


def champion_history(store: Store) -> tuple[Decision, ...]:
    """Give all decisions, oldest first."""
    with store.reading() as session:
        return _decisions(session)


def promote(store: Store, who: Identity, folder: Path, *, reason: str, now: datetime) -> Decision:
    """Make the challenger the champion.

    Args:
        store: The database.
        who: Somebody with role risk or approver.
        folder: A plan's folder, whose comparison of champion and challenger the decision rests on.
        reason: In words, for the record.
        now: The present instant, UTC.

    Raises:
        BadInput: Login or password is wrong, the role may not decide, the reason is empty, the folder holds no plan of this
            database or no comparison, or the challenger is the champion already. Nothing was recorded.
    """
    reason = _reason(reason)
    text, plan = _read_plan(folder)
    decided_by = _authorised(store, who)
    with store.writing() as session:
        # What lies in a folder may have been changed since it was written: the database has the last word.
        if plans.plan_document(session, plan.plan_id) != text:
            raise BadInput(
                f"the plan in --plan {folder} is not one that this database recorded; make the plan again here"
            )
        comparison = _comparison(plan, folder)
        earlier = _decisions(session)
        kinds = _kinds_so_far(earlier)
        kind = comparison.challenger_kind
        if kind == kinds[-1]:
            raise BadInput(f"the {kind} is the champion already; nothing to promote")
        decision = Decision(
            number=_next(earlier),
            decided_at=now,
            decided_by=decided_by,
            action="promote",
            kind=kind,
            reason=reason,
            plan_id=plan.plan_id,
            comparison=comparison,
        )
        _record(session, decision)
    return decision


def roll_back(store: Store, who: Identity, *, reason: str, now: datetime) -> Decision:
    """Bring back the champion before the last promotion.

    Raises:
        BadInput: Login or password is wrong, the role may not decide, the reason is empty, or nothing was promoted. Nothing was
            recorded.
    """
    reason = _reason(reason)
    decided_by = _authorised(store, who)
    with store.writing() as session:
        earlier = _decisions(session)
        kinds = _kinds_so_far(earlier)
        if len(kinds) == 1:
            raise BadInput(
                f"the {kinds[-1]} is the champion and no promotion is in force; there is nothing to roll back"
            )
        decision = Decision(
            number=_next(earlier),
            decided_at=now,
            decided_by=decided_by,
            action="roll back",
            kind=kinds[-2],
            reason=reason,
        )
        _record(session, decision)
    return decision


def _kinds_so_far(decisions: tuple[Decision, ...]) -> tuple[RankingKind, ...]:
    """The champions whose promotions still stand, the one in force last."""
    kinds = [DEFAULT]
    for decision in decisions:
        if decision.action == "promote":
            kinds.append(decision.kind)
        else:
            kinds.pop()
    return tuple(kinds)


def _next(earlier: tuple[Decision, ...]) -> int:
    """The number after those that were read, never asked anew: what somebody else decides meanwhile then has it already."""
    return len(earlier) + 1


def _decisions(session: Session) -> tuple[Decision, ...]:
    return tuple(_decision(stored) for stored in champions.decisions(session))


def _decision(stored: StoredDecision) -> Decision:
    figures = stored.comparison
    return Decision(
        number=stored.number,
        decided_at=stored.decided_at,
        decided_by=stored.decided_by,
        action=next(action for action in get_args(Action) if action == stored.action),
        kind=next(kind for kind in get_args(RankingKind) if kind == stored.kind),
        reason=stored.reason,
        plan_id=stored.plan_id,
        comparison=None if figures is None else Comparison.from_content(json.loads(figures)),
    )


def _record(session: Session, decision: Decision) -> None:
    figures = decision.comparison
    stored = StoredDecision(
        number=decision.number,
        decided_at=decision.decided_at,
        decided_by=decision.decided_by,
        action=decision.action,
        kind=decision.kind,
        reason=decision.reason,
        plan_id=decision.plan_id,
        comparison=None if figures is None else json.dumps(figures.to_content()),
    )
    if not champions.insert_decision(session, stored):
        raise AcquireError("somebody else decided on the champion at the same moment; look at `acquire risk champions`")


def _authorised(store: Store, who: Identity) -> str:
    """Give the login of somebody who may decide; one answer for an unknown login and a wrong password."""
    viewer = authenticate(store, who.login, who.password)
    if viewer is None:
        raise BadInput("login or password is wrong; nothing was decided")
    if viewer.role not in MAY_DECIDE:
        raise BadInput(f"{viewer.login} has role {viewer.role}; the champion is decided by {' or '.join(MAY_DECIDE)}")
    return viewer.login


def _reason(reason: str) -> str:
    words = " ".join(reason.split())
    if not words or len(words) > LONGEST_REASON or not words.isprintable():
        raise BadInput(f"the reason has {len(words)} characters; give 1 to {LONGEST_REASON} that can be read")
    return words


def _read_plan(folder: Path) -> tuple[str, PlanDocument]:
    path = folder / DOCUMENT
    try:
        text = path.read_text(encoding="utf-8")
        return text, PlanDocument.from_json(text)
    except OSError as error:
        raise BadInput(
            f"--plan {folder} holds no {DOCUMENT} ({error.strerror}); name a finished plan's folder"
        ) from None
    except UNREADABLE:
        raise BadInput(f"{DOCUMENT} in --plan {folder} cannot be read; make the plan again") from None


def _comparison(plan: PlanDocument, folder: Path) -> Comparison:
    comparison = None if plan.evidence.risk is None else plan.evidence.risk.challenger
    if comparison is None:
        raise BadInput(
            f"the plan in --plan {folder} holds no comparison of champion and challenger, for lack of bookings whose label is "
            "known; make a plan with more"
        )
    return comparison
