"""`acquire export`: from the folder of a plan to a folder that a bank runs without Acquire.

plan.json, models/ -> Handover      read and checked against each other: damage and mix-ups stop here
                   -> OUT/          policy, scorecard, SQL, a script, model card, validation report, check sums
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from acquire.errors import UNREADABLE, BadInput
from acquire.modelfile import MANIFEST, read_model_folder
from acquire.prefilter.bins import NumericBins
from acquire.prefilter.policy_sql import kind_of, policy_sql
from acquire.prefilter.reasons import ReasonBook
from acquire.prefilter.risk_model import RiskModel
from acquire.prefilter.scorecard import Scorecard
from acquire.prefilter.scorecard_sql import scorecard_sql
from campaigns import score_csv
from campaigns.folders import check_apart, check_place, replacing
from campaigns.handover_pages import render_pages
from campaigns.outputs import DOCUMENT
from campaigns.plan_document import PlanDocument
from campaigns.plan_terms import POLICY, PlanTerms, read_terms
from campaigns.risk_document import RiskEvidence
from campaigns.spreadsheets import csv_bytes
from campaigns.validation import ValidationFacts, read_validation

CARD = "MODEL_CARD.md"
SUMS = "SHA256SUMS"
_LEAD_ID, _CHANNEL, _RINGS = "lead_id", "channel", "ring_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that the scorecard reads.

    Attributes:
        name: In the model.
        column: In the bank's table.
        kind: "key", "number", "text"; of a rule's field also "day", "flag", "unknown".
        read_by: "scorecard", "policy".
        made_by: Who fills it: "the bank" or "acquire plan".
    """

    name: str
    column: str
    kind: str
    read_by: tuple[str, ...]
    made_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Everything that is handed over, before it is written.

    Attributes:
        plan: The plan the models belong to.
        evidence: What plan.json says of the risk model.
        risk: The model; `risk_json` is its text as the plan keeps it.
        terms: What was agreed, with the policy.
        policy_toml: The policy file as it was read; None without one.
        facts: What the reports say beyond plan.json.
        table, schema: The bank's table of leads, with its schema where it has one.
    """

    plan: PlanDocument
    evidence: RiskEvidence
    risk: RiskModel
    risk_json: bytes
    terms: PlanTerms
    policy_toml: bytes | None
    facts: ValidationFacts
    table: str
    schema: str | None

    @property
    def on(self) -> date:
        """The day of the plan, for which rules and trends are applied."""
        day = self.risk.drift.plan_day
        return date(1970, 1, 1) + timedelta(days=day) if day else self.plan.created_at.date()

    @property
    def columns(self) -> tuple[Column, ...]:
        """What the bank's table must have."""
        own, scorecard, policy = self.own_names, self._of_scorecard(), self._of_policy()
        return tuple(
            Column(
                name=name,
                column=own.get(name, name),
                kind=kind,
                read_by=("scorecard",) * (name in scorecard) + ("policy",) * (name in policy),
                made_by="acquire plan" if name.startswith(_RINGS) else "the bank",
            )
            for name, kind in {**policy, **scorecard}.items()
        )

    @property
    def own_names(self) -> dict[str, str]:
        """The bank's names of columns that models and rules call otherwise: name in the model -> name in the table."""
        return {name: written for written, name in self.terms.columns.rename.items()}

    def _of_policy(self) -> dict[str, str]:
        rules = self.terms.policy.rules if self.terms.policy is not None else ()
        return {_LEAD_ID: "key"} | {rule.field: kind_of(rule) for rule in rules} if rules else {}

    def _of_scorecard(self) -> dict[str, str]:
        kinds = {_LEAD_ID: "key"}
        for card in (self.risk.scorecard, self.risk.seen.card if self.risk.seen.tilt else None):
            for variable in card.variables if card else ():
                kinds[variable.feature.name] = "number" if isinstance(variable.bins, NumericBins) else "text"
        return kinds | ({_CHANNEL: "text"} if self.risk.drift.table()["shift_now"].any() else {})


def export(plan_folder: Path, out: Path, *, now: datetime, table: str = "leads") -> Handover:
    """Write the handover folder of a plan; `out` is replaced whole or not at all.

    Args:
        plan_folder: What `acquire plan` wrote.
        out: The folder to write.
        now: Instant of the export, UTC.
        table: The bank's table of leads in the SQL, "schema.table" where it has a schema.

    Raises:
        BadInput: One of the folders is not what it should be, or the plan has no scorecard to hand over.
    """
    check_place(out, sign=CARD)
    if not all(table.rsplit(".", 1)):
        raise BadInput(f"--table {table!r} names no table; give one, as in leads or risk.leads")
    handover = read_handover(plan_folder, table=table)
    _check_folders(plan_folder, out)
    files = {**data_files(handover), **render_pages(handover, now)}
    with replacing(out) as folder:
        for name, content in {**files, SUMS: _sums(files)}.items():
            (folder / name).write_bytes(content)
    return handover


def read_handover(plan_folder: Path, *, table: str) -> Handover:
    """Read the plan and its models and hold them against each other.

    Raises:
        BadInput: The folder is no plan, its models are damaged or another plan's, or there is no scorecard.
    """
    plan = _read_plan(plan_folder)
    models = read_model_folder(plan_folder / "models")
    _check_same(plan, plan_folder)
    risk_json = models.parts.get("risk.json")
    if risk_json is None or plan.evidence.risk is None:
        raise BadInput(
            f"{plan_folder.name} has no risk model to hand over: its history has no bad label; add column bad"
        )
    risk = RiskModel.from_json(_text(risk_json))
    if risk.champion == "challenger":
        raise BadInput(
            f"{plan_folder.name} ranks by the promoted challenger, which is no scorecard to hand over; plan again after "
            "`acquire risk rollback`"
        )
    if risk.scorecard is None:
        raise BadInput(f"{plan_folder.name} has no scorecard to hand over: {risk.notes[-1]}")
    schema, _, name = table.rpartition(".")
    return Handover(
        plan=plan,
        evidence=plan.evidence.risk,
        risk=risk,
        risk_json=risk_json,
        terms=read_terms(models, plan_folder.name),
        policy_toml=models.parts.get(POLICY),
        facts=read_validation(models, plan_folder.name),
        table=name,
        schema=schema or None,
    )


def data_files(handover: Handover) -> dict[str, bytes]:
    """What programs read: name -> bytes."""
    risk, terms = handover.risk, handover.terms
    assert risk.scorecard is not None  # noqa: S101 - asked by `read_handover`
    where: dict[str, Any] = {"table": handover.table, "schema": handover.schema, "own_names": handover.own_names}
    select = scorecard_sql(risk, **where)
    files = {
        "scorecard.json": handover.risk_json,
        "scorecard.csv": csv_bytes(risk.scorecard.table()),
        "scorecard.txt": risk.scorecard.to_text().encode(),
        "scorecard.sql": f"{select};\n".encode(),
        "reasons.json": _json(_reasons(risk.scorecard)),
        "columns.json": _json([asdict(column) for column in handover.columns]),
        "score.py": Path(score_csv.__file__).read_bytes(),
    }
    if terms.policy is None or handover.policy_toml is None:
        return files
    rules = policy_sql(terms.policy, on=handover.on, **where)
    return files | {"policy.toml": handover.policy_toml, "policy.sql": f"{rules};\n".encode()}


def _reasons(card: Scorecard) -> dict[str, dict[str, list[Any]]]:
    """Per variable, what each of its bins loses against the best one, and the words for it; null where nothing."""
    book = ReasonBook.of(card.variables)
    return {
        variable.feature.name: {
            "lost": [None if book.words[place] is None else float(book.lost[place]) for place in places],
            "words": [book.words[place] for place in places],
        }
        for variable, places in zip(card.variables, book.places, strict=True)
    }


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _sums(files: Mapping[str, bytes]) -> bytes:
    """The check sums as `sha256sum --check` reads them."""
    return "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())
    ).encode()


def _read_plan(plan_folder: Path) -> PlanDocument:
    try:
        text = (plan_folder / DOCUMENT).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(
            f"{plan_folder} is no folder of a plan: it has no {DOCUMENT}; name one that acquire plan wrote"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{DOCUMENT} of {plan_folder.name} cannot be read ({type(error).__name__}); plan again"
        ) from None
    try:
        return PlanDocument.from_json(text)
    except UNREADABLE:
        raise BadInput(f"{DOCUMENT} of {plan_folder.name} is damaged or of another version; plan again") from None


def _check_same(plan: PlanDocument, plan_folder: Path) -> None:
    """Raise BadInput unless the models are those that the plan was made with."""
    found = hashlib.sha256((plan_folder / "models" / MANIFEST).read_bytes()).hexdigest()
    if plan.hashes.get("models") != found:
        raise BadInput(f"the models in {plan_folder.name} are not those of its {DOCUMENT}; copy the whole folder again")


def _check_folders(plan_folder: Path, out: Path) -> None:
    """Raise BadInput unless the two folders lie apart: the plan is kept whole."""
    check_apart(out, [plan_folder / DOCUMENT])
    if out.resolve().is_relative_to(plan_folder.resolve()):
        raise BadInput(f"--out {out} lies in the folder of the plan, which is kept as it is; name another folder")


def _text(part: bytes) -> str:
    try:
        return part.decode()
    except UnicodeDecodeError:
        raise BadInput("the risk model cannot be read; use a file that this version wrote") from None
