"""What in the work tree is newer than dvc.lock, a sentence with a command each; shared by verify and reproduce."""

import json
from typing import Any

from lifecycle import declared, git, store
from lifecycle.lock import lock, torn
from lifecycle.outcome import CouldNot

REPRO = "`uv run dvc repro`"
ABSENT = {"deleted", "not in cache"}  # as in a clone without data


def unmerged() -> set[str]:
    """The files that Git could not merge."""
    return {*git.git("diff", "--name-only", "--relative", "--diff-filter=U").splitlines()}


def marked() -> set[str]:
    """The files whose conflict markers stop every DVC command."""
    texts = {name: git.show(git.WORK, name) or "" for name in ("dvc.yaml", "params.yaml", "dvc.lock")}
    return {name for name, text in texts.items() if "\n<<<<<<< " in f"\n{text}"}


def conflicts() -> list[str]:
    """A sentence with all files in conflict, if there are any."""
    names = ", ".join(sorted(unmerged() | marked()))
    return [f"there is a conflict in {names}: `uv run python -m lifecycle.resolve`"] if names else []


def status() -> dict[str, Any]:
    """What DVC says of each stage and .dvc file that changed; raises CouldNot."""
    done = store.attempt("status", "--json")
    if done.returncode:
        raise CouldNot(f"DVC cannot say what changed: {store.last(done)}.")
    return dict(json.loads(done.stdout))


def strays() -> list[str]:
    """The .dvc files whose data in the work tree is another than they name."""
    return [
        name
        for name, changes in status().items()
        for change in changes
        if name.endswith(".dvc") and isinstance(change, dict) and "modified" in change.get("changed outs", {}).values()
    ]


def dropped() -> list[str]:
    """A sentence for each .dvc file that the other branch of a merge changed, we did not, and that is still ours.

    `dvc repro` in the middle of a merge, before the merged data is checked out, writes it so.
    """
    if git.attempt("rev-parse", "--verify", "--quiet", "MERGE_HEAD").returncode:
        return []
    base = git.attempt("merge-base", "HEAD", "MERGE_HEAD").stdout.strip() or "HEAD"
    said = []
    for name in dvc_files("MERGE_HEAD"):
        old, ours, theirs, now = (git.show(side, name) for side in (base, "HEAD", "MERGE_HEAD", git.WORK))
        if old == ours == now != theirs:
            took = f"`git checkout MERGE_HEAD -- {name} && uv run dvc checkout {name}`"
            said.append(f"{name} lost what the other branch changed in it: {took}, then {REPRO}")
    return said


def dvc_files(revision: str) -> list[str]:
    """The .dvc files at a commit or in the work tree."""
    return sorted(name for name in git.tracked(revision) if name.endswith(".dvc"))


def findings(committed: bool = False) -> list[str]:
    """Each thing that changed after the last `dvc repro`; with `committed` only those that a commit would hold."""
    found = lock(git.WORK)
    if found is None:
        return [f"there is no dvc.lock: {REPRO} makes the first results"]
    said = []
    for stage, changes in status().items():
        for change in changes:
            for path, state in _flat(change):
                held = not any(path == one or path.startswith(f"{one}/") for one in found.stored)
                if state == "update available":  # `dvc update` takes it when somebody wants it
                    continue
                if held or not (committed or state in ABSENT):
                    said.append(_sentence(stage, path, state, change))
    said += [f"{path} changed after {stage} was last run: {REPRO}" for stage, path in torn(found)]
    said += declared.findings(found)
    return [*dict.fromkeys(said)]  # one file may stand behind several stages


def _flat(change: str | dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """(path or parameter, state) of one of DVC's changes; a changed command has no path."""
    if isinstance(change, str):
        return [("dvc.yaml", change)]
    pairs = [pair for entries in change.values() for pair in entries.items()]
    return [
        (f"{path}: {key}" if isinstance(state, dict) else path, inner)
        for path, state in pairs
        for key, inner in (state.items() if isinstance(state, dict) else [("", state)])
    ]


def _sentence(stage: str, path: str, state: str, change: str | dict[str, Any]) -> str:
    if stage.endswith(".dvc"):
        return f"{path} is not what {stage} names: `uv run dvc add {path}`, or to undo `uv run dvc checkout {path}`"
    if isinstance(change, str):
        return f"dvc.yaml changed for stage {stage} ({change}): {REPRO}"
    if state == "deleted" and ": " not in path:
        return f"{path} is missing: `git checkout -- {path}`, or {REPRO}"
    if "changed outs" in change:
        return f"{path} is not what stage {stage} wrote: {REPRO}"
    return f"{path} changed after the last `dvc repro`: {REPRO}"
