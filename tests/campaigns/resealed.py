"""Folders of models changed and sealed again, as a stranger who knows the format would."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def reseal(folder: Path, name: str, content: bytes) -> None:
    """Change a part and seal the folder again."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["parts"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    del manifest["seal"]
    sealed = json.dumps(manifest, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
    (folder / "manifest.json").write_text(json.dumps({**manifest, "seal": hashlib.sha256(sealed).hexdigest()}))


def changed(**changes: Any) -> Callable[[bytes], bytes]:
    """A change of some keys of a part in JSON."""
    return lambda content: json.dumps({**json.loads(content), **changes}).encode()
