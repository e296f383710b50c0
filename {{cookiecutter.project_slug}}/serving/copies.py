"""The copies of models that the service has fetched, and which one was the last good one of its source."""

import hashlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from serving.served import Served, verified

OLD = 3600.0  # seconds after which a copy that no source needs is removed


class Copies:
    """A folder with a file per model, named by its hash, and one per source that says which model it had last."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder, self.pointer = folder, folder / f"{quote(source, safe='')}.json"

    def last(self) -> Served | None:
        """The last good copy, verified again; None if there is none; raises if it is not what it was."""
        if not self.pointer.exists():
            return None
        return self.verified(json.loads(self.pointer.read_text("utf-8")))

    def verified(self, details: dict[str, Any]) -> Served:
        """The model with these details; raises ValueError if it may not serve."""
        file = self.folder / Path(details["file"]).name
        if (real := hashlib.md5(file.read_bytes()).hexdigest()) != details["md5"]:
            raise ValueError(f"{file} has the hash {real}, dvc.lock has {details['md5']}.")
        served = verified(file, details["version"], details["commit"])
        if served.model.archive != details["archive"]:
            raise ValueError(f"{file} was made from the model {served.model.archive}, not from {details['archive']}.")
        return served

    def keep(self, details: dict[str, Any]) -> None:
        """Remember the last good copy, and remove copies that nobody needs any more; raises OSError."""
        text = json.dumps(details)
        if not (self.pointer.exists() and self.pointer.read_text("utf-8") == text):
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(self.pointer)
        self._sweep()

    def _sweep(self) -> None:
        pointers = [path.read_text("utf-8") for path in self.folder.glob("*.json")]
        for path in [*self.folder.glob("*.zip"), *self.folder.glob("*.part")]:
            if not any(path.name in text for text in pointers) and time.time() - path.stat().st_mtime > OLD:
                path.unlink(missing_ok=True)
