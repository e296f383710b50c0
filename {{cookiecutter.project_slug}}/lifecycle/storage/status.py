"""What in the work tree is newer than dvc.lock: one sentence with a command for each finding."""

from typing import Any

from lifecycle.git import commits
from lifecycle.git.commits import WORK_TREE, show
from lifecycle.git.run import attempt, git
from lifecycle.storage import stages, unchecked
from lifecycle.storage.lock import check_readable, inconsistent, lock
from lifecycle.storage.unchecked import REPRO

ABSENT = {"deleted", "not in cache"}  # as in a clone without data


def unmerged() -> set[str]:
    return {*git("diff", "--name-only", "--relative", "--diff-filter=U").splitlines()}


def marked() -> set[str]:
    """The files with conflict markers, which stop every DVC command."""
    texts = {name: show(WORK_TREE, name) or "" for name in ("dvc.yaml", "params.yaml", "dvc.lock")}
    return {name for name, text in texts.items() if "\n<<<<<<< " in f"\n{text}"}


def conflicts() -> list[str]:
    names = ", ".join(sorted(unmerged() | marked()))
    if not names:
        check_readable(WORK_TREE)
    return [f"there is a conflict in {names}: run `uv run lifecycle resolve`"] if names else []


def changed_data() -> list[str]:
    return [
        name
        for name, changes in stages.read()[1].items()
        for change in changes
        if name.endswith(".dvc") and isinstance(change, dict) and "modified" in change.get("changed outs", {}).values()
    ]


def lost_in_merge() -> list[str]:
    """A sentence for each .dvc file that only the other branch changed and that still has our version.

    `dvc repro` during a merge, before the merged data is checked out, writes it like that.
    """
    if attempt("rev-parse", "--verify", "--quiet", "MERGE_HEAD").returncode:
        return []
    base = attempt("merge-base", "HEAD", "MERGE_HEAD").stdout.strip() or "HEAD"
    messages = []
    for name in sorted(name for name in commits.tracked("MERGE_HEAD") if name.endswith(".dvc")):
        old, ours, theirs, now = (show(revision, name) for revision in (base, "HEAD", "MERGE_HEAD", WORK_TREE))
        if old == ours == now != theirs:
            take = f"`git checkout MERGE_HEAD -- {name} && uv run dvc checkout {name}`"
            messages.append(f"{name} lost the other branch's change: {take}, then {REPRO}")
    return messages


def findings(committed: bool = False) -> list[str]:
    """Each thing that changed after the last `dvc repro`; with `committed` only what a commit would contain."""
    recorded = lock(WORK_TREE)
    if recorded is None:
        return [f"there is no dvc.lock: {REPRO} for the first results"]
    messages, reported = [], set()
    declared, changed = stages.read()
    for stage, changes in changed.items():
        for change in changes:
            for path, state in _flat(change):
                reported.add(path)
                in_git = not any(path == stored or path.startswith(f"{stored}/") for stored in recorded.stored)
                if state == "update available":  # `dvc update` takes it when somebody wants it
                    continue
                if in_git or not (committed or state in ABSENT):
                    messages.append(_message(stage, path, state, change))
    messages += [f"{path} changed after stage {stage} was last run: {REPRO}" for stage, path in inconsistent(recorded)]
    messages += unchecked.findings(recorded, declared, reported)
    return [*dict.fromkeys(messages)]  # one file may be the input of several stages


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


def _message(stage: str, path: str, state: str, change: str | dict[str, Any]) -> str:
    if stage.endswith(".dvc"):
        return f"{path} differs from {stage}: run `uv run dvc add {path}`, or to undo it `uv run dvc checkout {path}`"
    if isinstance(change, str):
        return f"dvc.yaml changed for stage {stage} ({change}): {REPRO}"
    if state == "deleted" and ": " not in path:
        return f"{path} is missing: `git checkout -- {path}`, or {REPRO}"
    if "changed outs" in change:
        return f"{path} is not what stage {stage} wrote: {REPRO}"
    return f"{path} changed after the last `dvc repro`: {REPRO}"
