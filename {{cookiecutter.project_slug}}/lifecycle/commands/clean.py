"""Frees space in the cache and the remote. Shows what it would remove, and removes it only with --yes.

It keeps what a branch, tag, version or request needs, here or on origin, a work tree, the index, a stash or an
experiment. Unless --unnamed is given, it also keeps what no known commit refers to in shared places: a colleague may be
about to push the commit.

  uv run lifecycle clean
"""

import argparse
import re
from pathlib import Path

from lifecycle.errors import LifecycleError
from lifecycle.git import origin
from lifecycle.git.run import git
from lifecycle.outcome import Outcome
from lifecycle.storage import dvc, objects, references


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="remove what a run without it has shown")
    parser.add_argument("--unnamed", action="store_true", help="also remove what no known commit refers to")


def run(options: argparse.Namespace) -> Outcome:
    references.check_settled()
    objects.remote()
    with origin.scratch(*references.REQUESTS) as folder:
        refs = references.refs(folder)
        needed = references.needed_by(folder, {*refs.values()}) | references.needed_by_work_trees()
        known = references.needed_by(folder, history(), strict=False) if not options.unnamed else {}
        places = {"cache": cache(), "remote": objects.listing()}
        unused = {place: {m: s for m, s in held.items() if m not in needed} for place, held in places.items()}
        kept = {p: {m for m in unused[p] if not options.unnamed and is_shared(p) and m not in known} for p in places}
        gone = {place: {m: s for m, s in unused[place].items() if m not in kept[place]} for place in places}
        if options.yes:
            remove(gone, folder, refs)
    messages = [summary(place, held, len(places[place]), options.yes) for place, held in gone.items()]
    messages += [
        f"Kept {len(unnamed)} object(s) in the {place} that no known commit refers to; `--unnamed` removes them too."
        for place, unnamed in kept.items()
        if unnamed
    ]
    rows = [{"where": place, "md5": md5, "bytes": size, "was": known.get(md5, "no known commit refers to it")}
            for place, held in gone.items() for md5, size in held.items()]  # fmt: skip
    if rows and not options.yes:
        messages.append("Nothing was removed: `uv run lifecycle clean --yes` does, --json lists every object.")
    return Outcome(0, messages, {"removed": options.yes, "objects": rows, "refs": len(refs), "needed": len(needed)})


def summary(place: str, gone: dict[str, int], count: int, done: bool) -> str:
    state = "were removed" if done else "are not needed"
    return f"{place}: {len(gone)} of {count} objects, {sum(gone.values()):,} bytes, {state}."


def remove(gone: dict[str, dict[str, int]], folder: str, refs: dict[str, str]) -> None:
    origin.refresh(folder)
    if references.refs(folder) != refs:
        raise LifecycleError("branches or tags changed meanwhile: nothing was removed, run this again.")
    for md5 in gone["cache"]:
        dvc.cached(md5).unlink(missing_ok=True)
    if gone["remote"]:
        objects.delete(gone["remote"])


def cache() -> dict[str, int]:
    paths = Path(dvc.cache_folder(), "files", "md5").glob("??/*")
    return {
        path.parent.name + path.name: path.stat().st_size
        for path in paths
        if re.fullmatch(r"[0-9a-f]{30}(\.dir)?", path.name)
    }


def is_shared(place: str) -> bool:
    clone = Path(git("rev-parse", "--path-format=absolute", "--git-common-dir")).parent
    return place == "remote" or not Path(dvc.cache_folder()).resolve().is_relative_to(clone.resolve())


def history() -> set[str]:
    """Every commit known to this clone that changed a dvc.lock or .dvc file."""
    return {*git("log", "--all", "--reflog", "--format=%H", "--", "*.dvc", "dvc.lock", "*/dvc.lock").split()}
