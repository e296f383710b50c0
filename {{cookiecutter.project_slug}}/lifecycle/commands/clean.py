"""Frees space in the cache and the remote; shows what it would remove, and removes it with --yes only.

Kept is all that a branch, tag or version needs, here or on origin, a work tree, a stash, an experiment; and, unless
--unnamed is given, what no commit ever named in a place that others share: it may be what a colleague is about to push.
"""

import argparse
import re
from pathlib import Path

from lifecycle import git, store
from lifecycle.outcome import CouldNot, Outcome, run
from lifecycle.versions import needed, objects, origin

GARBAGE = re.compile(r"files/md5/([0-9a-f]{2})/([0-9a-f]{30}(?:\.dir)?)\s*$", re.MULTILINE)


def clean(yes: bool, unnamed: bool) -> Outcome:
    """What would be freed, or was."""
    needed.settled()
    objects.remote()
    with origin.scratch() as folder:
        refs = needed.refs(folder)
        keep = needed.named(folder, {*refs.values()}) | needed.edited()
        known = needed.named(folder, history(), strict=False) if not unnamed else {}
        places = {"cache": cached(), "remote": {md5: int(i["size"]) for md5, i in objects.listing().items()}}
        unused = {place: {md5: size for md5, size in held.items() if md5 not in keep} for place, held in places.items()}
        doubtful = {place: {} if unnamed or not shared(place) else {m for m in unused[place] if m not in known}
                    for place in places}  # fmt: skip
        gone = {place: {m: s for m, s in unused[place].items() if m not in doubtful[place]} for place in places}
        agree({*gone["cache"], *gone["remote"]}, {*refs.values()})
        rows = [{"where": place, "md5": m, "bytes": s, "was": known.get(m, "named by no commit")}
                for place, held in gone.items() for m, s in held.items()]  # fmt: skip
        if yes:
            origin.refresh(folder)
            if needed.refs(folder) != refs:
                raise CouldNot("branches or tags changed meanwhile: nothing was removed, run this again.")
            for md5 in gone["cache"]:
                place(md5).unlink(missing_ok=True)
            if gone["remote"]:
                objects.delete(gone["remote"])
    says = [tell(place, held, len(places[place]), yes) for place, held in gone.items()]
    says += [f"{len(found)} objects in the {place} stay, which no commit here ever named: others may need them, and "
             "--unnamed takes them, too." for place, found in doubtful.items() if found]  # fmt: skip
    if rows and not yes:
        says.append("Nothing was removed: `uv run python -m lifecycle.clean --yes` does, --json lists every object.")
    return Outcome(0, says, {"removed": yes, "objects": rows, "refs": len(refs), "needed": len(keep)})


def tell(name: str, gone: dict[str, int], count: int, done: bool) -> str:
    """What is freed in one place."""
    word = "were removed" if done else "are needed by nothing"
    return f"{name}: {len(gone)} of {count} objects, {sum(gone.values()):,} bytes, {word}."


def place(md5: str) -> Path:
    """Where the cache keeps an object."""
    return Path(store.cache(), "files", "md5", md5[:2], md5[2:])


def cached() -> dict[str, int]:
    """Size of every object in the cache, by hash."""
    found = Path(store.cache(), "files", "md5").glob("??/*")
    return {
        path.parent.name + path.name: path.stat().st_size
        for path in found
        if re.fullmatch(r"[0-9a-f]{30}(\.dir)?", path.name)
    }


def shared(name: str) -> bool:
    """Whether others than this clone may keep things there."""
    home = Path(git.git("rev-parse", "--path-format=absolute", "--git-common-dir")).parent
    return name == "remote" or not Path(store.cache()).resolve().is_relative_to(home.resolve())


def history() -> set[str]:
    """Every commit that this clone knows and that touched a dvc.lock or .dvc file."""
    said = git.git("log", "--all", "--reflog", "--format=%H", "--", "*.dvc", "dvc.lock", "*/dvc.lock")
    return {*said.split()}


def agree(gone: set[str], commits: set[str]) -> None:
    """Raise CouldNot unless DVC itself would remove these, when it is shown every one of the commits."""
    with store.checkout("HEAD"):
        for number, commit in enumerate(sorted(commits)):
            git.git("update-ref", f"refs/heads/keep/{number}", commit)
        wanted = ("gc", "--workspace", "--all-branches", "--all-tags", "--cloud", "--dry", "--force")
        done = store.attempt(*wanted)
    if done.returncode:
        raise CouldNot(f"DVC cannot say what is needed ({store.last(done)}): nothing was removed.")
    theirs = {"".join(found) for found in GARBAGE.findall(done.stdout + "\n" + done.stderr)}
    if kept := gone - theirs:
        raise CouldNot(
            f"DVC would keep {len(kept)} objects, such as {min(kept)}, that seem unneeded: nothing was removed."
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lifecycle.clean", description=__doc__)
    parser.add_argument("--yes", action="store_true", help="remove what a run without it has shown")
    parser.add_argument(
        "--unnamed", action="store_true", help="also what no commit ever named, even where others share"
    )
    run("clean", parser, lambda given: clean(given.yes, given.unnamed))
