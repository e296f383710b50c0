"""What every verb returns: exit code 0 fine, 1 no, 2 could not; messages for people, details for programs."""

import json
import os
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lifecycle.errors import LifecycleError, Refused, RemoteError
from lifecycle.git.run import attempt
from lifecycle.paths import write


@dataclass(frozen=True)
class Outcome:
    code: int
    messages: list[str]
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "messages", [printable(message) for message in self.messages])

    def json(self, **more: Any) -> str:
        return json.dumps(asdict(self) | more, indent=2, ensure_ascii=False, default=str)


def printable(text: str) -> str:
    """One line without control characters, which could forge another line; an undecodable byte becomes \\xff."""
    return "".join(c if c.isprintable() else " " if c.isspace() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    raw = character.encode("utf-8", "surrogateescape") if "\udc80" <= character <= "\udcff" else b""
    return f"\\x{raw[0]:02x}" if raw else character.encode("unicode_escape").decode()


def failure(error: Exception) -> Outcome:
    """Code 1 for Refused, 2 for other errors; 0 if a request from a fork lacks the secrets, which is not its fault."""
    if isinstance(error, Refused):
        return Outcome(1, [*error.messages])
    if not isinstance(error, LifecycleError):
        traceback.print_exception(error)
        return Outcome(2, [f"Unexpected error, please report it ({type(error).__name__}: {error}); see the traceback."])
    if isinstance(error, RemoteError) and os.environ.get("WITHOUT_SECRETS") == "true":
        message = f"Not checked, since requests from forks cannot read the data: {error} A maintainer can run it."
        return Outcome(0, [message], {"unchecked": True})
    return Outcome(2, [str(error)])


def leave(verb: str, outcome: Outcome, folder: Path) -> None:
    head = attempt("rev-parse", "HEAD").stdout.strip()
    write(folder / f"{verb}.json", outcome.json(head=head) + "\n")
