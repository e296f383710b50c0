"""What earlier runs of the monitor found: a small JSON file for each, in a folder beside the log.

Each run writes a file of its own, so that two at once and any object store are safe. Losing them loses history only.
"""

import json
import secrets
from datetime import datetime
from typing import Any

import fsspec

from lifecycle.errors import LifecycleError

FOLDER = "monitor"
OVERLAP = 0.1  # share of a window that may be part of another one, as schedules are late
MOST = 400  # runs that are read, the newest


def past(place: str, stage: str) -> list[dict[str, Any]]:
    """What earlier runs recorded of a stage, the oldest first; files that cannot be read are left out."""
    try:
        system, root = fsspec.core.url_to_fs(f"{place.rstrip('/')}/{FOLDER}")
        names = sorted(str(name) for name in system.ls(root, detail=False)) if system.isdir(root) else []
        records = []
        for name in [name for name in names if name.endswith(".json")][-MOST:]:
            with system.open(name, "rb") as file:
                content = file.read(2**20)
            try:
                record = json.loads(content)
                for key in ("since", "until"):
                    datetime.fromisoformat(record[key])
                if record["stage"] == stage and isinstance(record["alarm"], bool):
                    records.append(record)
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
        return sorted(records, key=lambda record: str(record["until"]))
    except Exception as error:  # every file system has its own
        raise _unusable(place, error) from None


def keep(place: str, record: dict[str, Any]) -> None:
    """Record a run; a file that is half written has no name that is read."""
    name = f"{record['until'].replace(':', '').replace('+0000', 'Z')}-{secrets.token_hex(4)}"
    try:
        system, root = fsspec.core.url_to_fs(f"{place.rstrip('/')}/{FOLDER}")
        system.makedirs(root, exist_ok=True)
        part = f"{root}/{name}.part"
        with system.open(part, "wb") as file:
            file.write(json.dumps(record, ensure_ascii=False).encode())
        system.mv(part, f"{root}/{name}.json")
    except Exception as error:
        raise _unusable(place, error) from None


def _unusable(place: str, error: Exception) -> LifecycleError:
    why = " ".join(str(error).split())[:200]
    return LifecycleError(f"the history in {place}/{FOLDER} cannot be used ({why}): allow writing there.")


def separate(records: list[dict[str, Any]], since: datetime) -> list[dict[str, Any]]:
    """The records, the newest first, whose windows end before the next one begins; looking twice counts once."""
    chosen, start = [], since
    for record in reversed(records):
        low, high = (datetime.fromisoformat(record[key]) for key in ("since", "until"))
        if (high - start) <= OVERLAP * (high - low):
            chosen.append(record)
            start = low
    return chosen
