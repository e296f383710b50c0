"""How every verb ends: 0 fine, 1 no, 2 could not; sentences for people, JSON for programs and reports."""

import argparse
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipeline.stage import Refused


class CouldNot(Exception):
    """A sentence: what could not be done or checked, and what to do next."""


class NoRemote(CouldNot):
    """What could not be done for want of the DVC remote, which a fork's request has no secrets for."""


@dataclass
class Outcome:
    """The exit code, a sentence for each finding, and what else a program may want to know."""

    code: int
    says: list[str]
    details: dict[str, Any] = field(default_factory=dict)


def excused(why: Exception) -> Outcome:
    """2; or 0 where a request from a fork lacks the secrets, which is no fault of the request."""
    if not isinstance(why, CouldNot | Refused):
        traceback.print_exception(why)
        return Outcome(2, [f"This was not foreseen ({type(why).__name__}: {why}): the lines on stderr say where."])
    if isinstance(why, NoRemote) and os.environ.get("WITHOUT_SECRETS") == "true":
        left = f"Not checked, since a fork's request has no access to the data: {why} A maintainer can run it."
        return Outcome(0, [left], {"unchecked": True})
    return Outcome(2, [str(why)])


def run(verb: str, parser: argparse.ArgumentParser, act: Callable[[argparse.Namespace], Outcome]) -> None:
    """Parse the command line, act, print and exit with the outcome's code."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that temporary folders are removed
    try:
        outcome = act(given)
    except Exception as why:  # else Python would exit with 1, which is a no
        outcome = excused(why)
    try:
        leave(verb, outcome, getattr(given, "leave", None))
    except OSError as why:
        outcome = Outcome(2, [f"The outcome cannot be left there ({why}): --report names a folder."])
    text = json.dumps(asdict(outcome), indent=2, ensure_ascii=False, default=str)
    print(text if given.json else "\n".join(f"{verb}: {sentence}" for sentence in outcome.says), flush=True)
    sys.exit(outcome.code)


def leave(verb: str, outcome: Outcome, folder: str | None) -> None:
    """Write the outcome, with the commit that it is about, for the gate's report."""
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
        left = json.dumps(asdict(outcome) | {"head": head}, indent=2, ensure_ascii=False, default=str)
        Path(folder, f"{verb}.json").write_text(left + "\n", "utf-8", newline="\n")
