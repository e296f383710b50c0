"""The command line: `lifecycle VERB`. Has the standard library alone, and imports a verb's module when it is called."""

import argparse
import difflib
import io
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

from lifecycle.code import hand_over
from lifecycle.errors import LifecycleError
from lifecycle.outcome import Outcome, failure, leave
from lifecycle.paths import enter_project

VERBS = {  # in the order of a model's life
    "Before the merge": {
        "tune": "search for better settings on held-out training rows",
        "verify": "check that dvc.lock is up to date and all data is in the remote",
        "resolve": "settle a conflict in dvc.lock and the results after a merge",
        "reproduce": "run the changed stages again in a clean checkout and compare",
        "gate": "compare the metrics with the base: pass, inconclusive or fail",
        "power": "say how many test rows the gate needs to decide",
    },
    "After the merge": {
        "promote": "register the model as a version and point a stage to it",
        "rollback": "point a stage back to the version before",
    },
    "In production": {
        "image": "build the container image of a version",
        "deploy": "check that a service serves a stage's version, or go back",
        "fetch": "download the model of a version or stage, checked",
        "predict": "predict a table with a version's model, and log it",
        "monitor": "compare the prediction log with what the model was evaluated on",
        "audit": "trace every version, and check that all records agree",
        "check-model": "check that the stored model gives its golden predictions",
        "drill": "forge changes in a copy, and see whether the checks say no",
    },
    "Housekeeping": {
        "clean": "free space that no branch, tag or version needs",
        "publish": "write a comment, status, issue, branch or request (used by CI)",
    },
}
NAMES = [name for group in VERBS.values() for name in group]


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] in ([], ["--help"], ["-h"]):
        print(overview())
        sys.exit(0 if arguments else 2)
    verb = arguments[0]
    if verb not in NAMES:
        near = difflib.get_close_matches(verb, NAMES, n=1, cutoff=0)
        fail(f"{verb!r} is not a verb; did you mean `lifecycle {near[0]}`? `lifecycle --help` lists all.")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file name in Git may not be UTF-8
    in_project = enter_project()
    command = import_module(f"lifecycle.commands.{verb.replace('-', '_')}")
    parser = argparse.ArgumentParser(
        f"lifecycle {verb}", description=command.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")
    if hasattr(command, "arguments"):
        command.arguments(parser)
    options = parser.parse_args(arguments[1:])
    if not in_project:
        fail("there is no dvc.yaml in this folder or above it: change to the project's folder.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that temporary folders are removed
    try:
        if (code := handed_over(command, options)) is not None:
            sys.exit(code)
        outcome = run(verb, command.run, options)
    except LifecycleError as error:
        outcome = failure(error)
    if options.json:
        print(outcome.json(), flush=True)
    else:
        text = "\n".join(f"{verb}: {message}" for message in outcome.messages)
        print(text, file=sys.stderr if outcome.code == 2 else sys.stdout, flush=True)
    sys.exit(outcome.code)


def handed_over(command: Any, options: argparse.Namespace) -> int | None:
    """The exit code of a verb that another commit's code has run; it names that commit in `tip`, if it has one."""
    try:
        tip = command.tip(options) if hasattr(command, "tip") else None
    except LifecycleError:
        return None  # the verb itself says so, in its report too
    return hand_over(tip, sys.argv[1:]) if tip else None


def run(verb: str, command: Callable[[argparse.Namespace], Outcome], options: argparse.Namespace) -> Outcome:
    """The outcome of a verb, which is also left in the folder of `--report` where the verb has that option."""
    try:
        outcome = command(options)
    except Exception as error:  # otherwise Python would exit with 1, which means no
        outcome = failure(error)
    if folder := getattr(options, "leave", None):
        try:
            leave(verb, outcome, folder)
        except LifecycleError as error:
            return failure(error)
    return outcome


def overview() -> str:
    width = max(map(len, NAMES))
    groups = [
        "\n".join([f"{title}:", *(f"  {name:{width}}  {line}" for name, line in verbs.items())])
        for title, verbs in VERBS.items()
    ]
    usage = "usage: lifecycle VERB [options]\n\n`lifecycle VERB --help` explains a verb and shows an example."
    return "\n\n".join([usage, *groups, "Exit codes: 0 fine, 1 no, 2 could not be done or checked."])


def fail(message: str) -> NoReturn:
    print(f"lifecycle: {message}", file=sys.stderr)
    sys.exit(2)
