"""Reads a window of a prediction log in bounded memory, from a folder or any address that fsspec knows."""

import json
import random
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import fsspec

from lifecycle.errors import LifecycleError

MOST_LABELLED = 200_000  # rows with a label that are kept
Entry = dict[str, Any]


@dataclass
class Window:
    """What the log has between two moments (UTC). `sample`: rows of the version, at most `size`; `labelled`: those
    whose id is in `labels`; `refused`: cells by column and kind; `others`: rows of other versions; `broken`: lines that
    cannot be read; `days`: rows by day; `last`: the newest moment of any entry, in any version."""

    since: datetime
    until: datetime
    rows: int = 0
    sample: list[Entry] = field(default_factory=list)
    labelled: list[Entry] = field(default_factory=list)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused_requests: int = 0
    others: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    days: Counter[str] = field(default_factory=Counter)
    last: str = ""


def read(
    place: str, since: datetime, until: datetime, version: str, size: int, seed: int, labels: Container[str] = ()
) -> Window:
    """The window, with rows sampled evenly (reservoir); raises LifecycleError if the place cannot be read."""
    window, rng, kept = Window(since, until), random.Random(seed), 0
    start, end = moment(since), moment(until)
    for line in lines(place, since, until):
        entry = parsed(line)
        if entry is None:
            window.broken += 1
            continue
        time, name = entry["time"], str(entry["version"])
        if not start <= time <= end:  # files are by day, and a clock may have gone back
            continue
        window.last = max(window.last, time)
        if "refused" in entry:
            window.refused_requests += 1
            window.refused.update({(str(f["column"]), str(f["kind"])): int(f["cells"]) for f in entry["refused"]})
            continue
        if name != version:
            window.others[name] += 1
            continue
        window.rows += 1
        window.days[time[:10]] += 1
        place_of = rng.randrange(window.rows)
        if len(window.sample) < size:
            window.sample.append(entry)
        elif place_of < size:
            window.sample[place_of] = entry
        if labels and entry["id"] in labels:
            kept += 1
            if kept <= MOST_LABELLED:
                window.labelled.append(entry)
    return window


def moment(when: datetime) -> str:
    """A moment as the log writes it; the texts are in the order of the moments."""
    return when.strftime("%Y-%m-%dT%H:%M:%S")


def parsed(line: bytes) -> Entry | None:
    """An entry of the log; None for a line that is cut off or something else."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
        whole = isinstance(entry["time"], str) and "version" in entry
        fits = (
            all({"column", "kind", "cells"} <= {*fault} for fault in entry["refused"])
            if "refused" in entry
            else isinstance(entry["row"], dict)
            and isinstance(entry["prediction"], dict)
            and isinstance(entry["id"], str)
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return entry if whole and fits else None


def lines(place: str, since: datetime, until: datetime) -> Iterator[bytes]:
    """All lines of the files that may have entries of the window, the oldest day first."""
    first, last = (f"{day:%Y-%m-%d}" for day in (since - timedelta(days=1), until + timedelta(days=1)))
    try:
        system, root = fsspec.core.url_to_fs(place)
        if not system.isdir(root):
            raise FileNotFoundError(f"there is no folder {place}")
        names = {str(name).rsplit("/", 1)[-1]: str(name) for name in system.ls(root, detail=False)}
        for name in sorted(name for name in names if name.endswith(".jsonl") and first <= name < last):
            with system.open(names[name], "rb") as file:
                yield from file
    except Exception as error:  # every file system has its own
        why = " ".join(str(error).split())[:200]
        raise LifecycleError(f"the prediction log cannot be read ({why}): --log takes its folder or address.") from None
