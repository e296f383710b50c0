"""What every verb returns: exit code 0 fine, 1 no, 2 could not; messages for people, details for programs."""

import json
import os
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lifecycle.errors import LifecycleError, Refused, RemoteError
from lifecycle.git.run import attempt


@dataclass(frozen=True)
class Outcome:
    """The exit code, one message per finding, and what else a program may want to know."""

    code: int
    messages: list[str]
    details: dict[str, Any] = field(default_factory=dict)

    def json(self, **more: Any) -> str:
        return json.dumps(asdict(self) | more, indent=2, ensure_ascii=False, default=str)


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
    """Write the outcome and its commit into a folder, for the gate's report; raises LifecycleError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        head = attempt("rev-parse", "HEAD").stdout.strip()
        (folder / f"{verb}.json").write_text(outcome.json(head=head) + "\n", "utf-8", newline="\n")
    except OSError as error:
        raise LifecycleError(f"the report cannot be written ({error}): --report takes a folder.") from None
