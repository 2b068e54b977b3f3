"""Model folders that are safe to load from a stranger: no pickle, every byte hash-checked before a parser sees it.

    <folder>/manifest.json     format, features in their order, facts, each part's size and SHA-256; sealed by its own SHA-256
    <folder>/<part> ...        what the manifest lists, nothing more and nothing less

The hashes find damage and mix-ups. They do not prove who wrote the folder.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from acquire.domain import Feature, FeatureKind
from acquire.errors import BadInput

FORMAT = 1
MANIFEST = "manifest.json"

_PART_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
_LARGEST_MANIFEST_BYTES = 5_000_000
_LARGEST_PART_BYTES = 1_000_000_000
_KEYS = {"format", "features", "facts", "parts", "seal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelManifest:
    """What the models of a folder were fitted on.

    Attributes:
        features: Columns the models read, with their kinds, in the order the models expect.
        facts: Anything worth keeping, name -> text: versions, hash of the data, seed.
    """

    features: tuple[Feature, ...]
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A folder that passed every check: its manifest and its parts' bytes by name."""

    manifest: ModelManifest
    parts: Mapping[str, bytes]


def write_model_folder(folder: Path, parts: Mapping[str, bytes], manifest: ModelManifest) -> str:
    """Write the folder beside its place, then put it there in one rename; an older folder is replaced whole.

    Returns:
        SHA-256 (hex) of the manifest file, which lists the hash of every part.

    Raises:
        BadInput: A part has a name that is not a plain lower-case file name.
    """
    for name in parts:
        _check_part_name(name)
    beside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    sealed = _sealed(manifest, parts)
    for name, content in {**parts, MANIFEST: sealed}.items():
        _write_durably(beside / name, content)
    _swap(beside, folder)
    return _sha256(sealed)


def read_model_folder(folder: Path) -> ModelFolder:
    """Read a folder that may come from anybody, checking everything before any model parser sees a byte.

    Raises:
        BadInput: The folder is not complete, not intact, holds more than it lists, or was written by another format.
    """
    content = _manifest(folder)
    listed = {name: _listed_part(folder, name, entry) for name, entry in content["parts"].items()}
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    if extra := sorted(present - set(listed)):
        raise BadInput(f"model folder {folder.name} holds {extra[0]!r}, which its manifest does not list; take it out")
    parts = {name: _checked_bytes(folder / name, *size_and_hash) for name, size_and_hash in listed.items()}
    return ModelFolder(manifest=_manifest_from_json(folder, content), parts=parts)


def check_features(manifest: ModelManifest, features: Sequence[Feature]) -> None:
    """Raise BadInput unless `features` are the manifest's, with the same kinds, in the same order."""
    wanted = [f"{f.name} ({f.kind})" for f in manifest.features]
    given = [f"{f.name} ({f.kind})" for f in features]
    if missing := [name for name in wanted if name not in given]:
        raise BadInput(f"the model was fitted on {missing[0]}, which the table lacks; give it or fit again")
    if extra := [name for name in given if name not in wanted]:
        raise BadInput(f"the model was not fitted on {extra[0]}; leave it out or fit again")
    if wanted != given:
        first = next(w for w, g in zip(wanted, given, strict=True) if w != g)
        raise BadInput(
            f"features come in another order than the model was fitted on, from {first}; use the model's order"
        )


def _sealed(manifest: ModelManifest, parts: Mapping[str, bytes]) -> bytes:
    content: dict[str, Any] = {
        "format": FORMAT,
        "features": [{"name": f.name, "kind": f.kind} for f in manifest.features],
        "facts": dict(manifest.facts),
        "parts": {name: {"bytes": len(part), "sha256": _sha256(part)} for name, part in sorted(parts.items())},
    }
    content["seal"] = _seal(content)
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def _seal(content: Mapping[str, Any]) -> str:
    """Hash of everything in the manifest but the seal, however it is spaced."""
    unsealed = {key: value for key, value in content.items() if key != "seal"}
    return _sha256(json.dumps(unsealed, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode())


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _swap(beside: Path, folder: Path) -> None:
    aside = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    if folder.exists():
        folder.rename(aside)
    beside.rename(folder)
    shutil.rmtree(aside, ignore_errors=True)


def _manifest(folder: Path) -> dict[str, Any]:
    if folder.is_symlink() or not folder.is_dir():
        raise BadInput(f"model folder {folder.name} is not a folder; give one that acquire wrote")
    raw = _plain_bytes(folder / MANIFEST, _LARGEST_MANIFEST_BYTES)
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{MANIFEST} of model folder {folder.name} is not JSON; copy the folder again") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise BadInput(
            f"model folder {folder.name} has format {found!r}; this version reads format {FORMAT}: fit again"
        )
    if set(content) != _KEYS or not isinstance(content["parts"], dict) or content["seal"] != _seal(content):
        raise BadInput(f"{MANIFEST} of model folder {folder.name} was changed after it was written; copy it again")
    return content


def _listed_part(folder: Path, name: str, entry: object) -> tuple[int, str]:
    _check_part_name(name)
    if not isinstance(entry, dict) or set(entry) != {"bytes", "sha256"}:
        raise BadInput(f"{MANIFEST} of model folder {folder.name} lists {name} without size and hash; fit again")
    size, digest = entry["bytes"], entry["sha256"]
    if not (isinstance(size, int) and 0 <= size <= _LARGEST_PART_BYTES and isinstance(digest, str)):
        raise BadInput(
            f"{MANIFEST} of model folder {folder.name} lists an impossible size or hash for {name}; fit again"
        )
    return size, digest


def _check_part_name(name: str) -> None:
    if not _PART_NAME.fullmatch(name) or name == MANIFEST or ".." in name:
        raise BadInput(f"model part {name!r} is not a plain lower-case file name; rename it")


def _checked_bytes(path: Path, size: int, digest: str) -> bytes:
    content = _plain_bytes(path, _LARGEST_PART_BYTES)
    if len(content) != size:
        raise BadInput(f"model part {path.name} has {len(content)} bytes, its manifest says {size}; copy it again")
    if _sha256(content) != digest:
        raise BadInput(f"model part {path.name} is damaged or was changed (its SHA-256 differs); copy it again")
    return content


def _plain_bytes(path: Path, largest_bytes: int) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise BadInput(f"model folder {path.parent.name} lacks {path.name} as a plain file; copy the folder again")
    if path.stat().st_size > largest_bytes:
        raise BadInput(f"model part {path.name} is larger than {largest_bytes} bytes; this is no model of ours")
    return path.read_bytes()


def _manifest_from_json(folder: Path, content: Mapping[str, Any]) -> ModelManifest:
    features, facts = content["features"], content["facts"]
    good = isinstance(features, list) and isinstance(facts, dict) and all(_is_feature(f) for f in features)
    if not good or not all(isinstance(value, str) for value in facts.values()):
        raise BadInput(
            f"{MANIFEST} of model folder {folder.name} has features or facts this version cannot read; fit again"
        )
    named = tuple(Feature(name=f["name"], kind=cast(FeatureKind, f["kind"])) for f in features)
    return ModelManifest(features=named, facts=facts)


def _is_feature(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and set(entry) == {"name", "kind"}
        and isinstance(entry["name"], str)
        and entry["kind"] in ("numeric", "category")
    )
