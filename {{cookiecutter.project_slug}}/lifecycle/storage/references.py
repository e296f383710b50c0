"""The hashes that something still needs: a branch or tag, here or on origin, a work tree, a stash, an experiment.

Whatever a dvc.lock or .dvc file there names is needed, read or written, and all that a folder among it lists.
"""

import json
import os
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from lifecycle import git, store
from lifecycle.lock import parse
from lifecycle.outcome import CouldNot
from lifecycle.versions import objects, origin
from lifecycle.versions.batch import Batch

UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")


def settled() -> None:
    """Raise CouldNot in the middle of a merge or a rebase, when nobody can say what will be needed."""
    for name in UNDER_WAY:
        if Path(git.git("rev-parse", "--git-path", name)).exists():
            raise CouldNot(f"a merge or rebase is under way ({name}): finish or abort it first.")


def refs(folder: str) -> dict[str, str]:
    """The commit of every ref here and on origin, of each work tree, and of each entry in a stash, by its name."""
    listing = ["for-each-ref", "--format=%(refname) %(objectname)"]
    rows = [(f"origin's {line}", line.split()[1]) for line in git.git(*listing, cwd=folder).splitlines()]
    rows += [(line.split()[0], line.split()[1]) for line in git.git(*listing).splitlines()]
    rows += [(f"work tree {path}", head) for path, head in worktrees().items()]
    main, heads = origin.default(folder), [row for row in rows if "refs/heads/" in row[0]]
    left = {name: git.attempt("merge-base", main, head, cwd=folder).stdout.strip() for name, head in heads}
    rows += [(f"where {name} left main", base) for name, base in left.items() if base]  # its review's base
    for name in [name for name, _ in rows if "stash" in name or name.endswith("failed")]:
        done = git.attempt("reflog", "show", "--format=%H %P", name)  # parents: the index, and what Git did not track
        rows += [(name, one) for one in done.stdout.split()]
    asked = "".join(f"{one}^{{commit}}\n" for _, one in rows)
    command = ["git", "cat-file", "--batch-check=%(objectname) %(objecttype)"]
    done = subprocess.run(command, cwd=folder, env=git.ENVIRONMENT, input=asked, capture_output=True, text=True)
    found = {}
    for (name, one), line in zip(rows, done.stdout.splitlines(), strict=True):
        if line.endswith(" commit"):
            found[f"{name} {one}"] = line.split()[0]
        elif git.attempt("cat-file", "-e", one, cwd=folder).returncode:
            raise CouldNot(f"{name} names {one[:9]}, which is not here: `git fetch --tags origin` first.")
    return found


def worktrees() -> dict[str, str]:
    """The commit of each work tree of this clone, by its folder."""
    blocks = git.git("worktree", "list", "--porcelain").split("\n\n")
    pairs = [dict(line.partition(" ")[::2] for line in block.splitlines()) for block in blocks]
    return {pair["worktree"]: pair["HEAD"] for pair in pairs if set(pair.get("HEAD", "0")) != {"0"}}


def named(folder: str, commits: Iterable[str], strict: bool = True) -> dict[str, str]:
    """Where each hash is named that files at these commits name; if `strict`, raises CouldNot for an unreadable one."""
    names = {(commit, path) for commit in commits for path in paths(folder, commit) if metafile(path)}
    batch = Batch(folder, "")
    batch.load(names)
    found: dict[str, str] = {}
    for oid, (commit, path) in {batch.named[one]: one for one in sorted(names)}.items():
        with suppress(*([] if strict else [CouldNot])):
            found |= hashes(batch.content[oid].decode("utf-8", "replace"), path, commit[:9], {*paths(folder, commit)})
    return found


@cache
def paths(folder: str, commit: str) -> list[str]:
    """All files at a commit."""
    return git.git("ls-tree", "-r", "--name-only", "-z", commit, cwd=folder).split("\0")


def edited() -> dict[str, str]:
    """The same for the files of each work tree as they are now, committed or not."""
    found: dict[str, str] = {}
    for place in filter(os.path.isdir, worktrees()):
        held = git.git("ls-files", "--cached", "--others", "--exclude-standard", cwd=place).splitlines()
        for path in held:
            if metafile(path) and Path(place, path).exists():
                text = Path(place, path).read_text("utf-8", errors="replace")
                found |= hashes(text, path, place, {*held})
    return found


def metafile(path: str) -> bool:
    """Whether DVC records hashes in a file of this name."""
    return path.endswith(".dvc") or PurePosixPath(path).name == "dvc.lock"


def hashes(text: str, path: str, where: str, held: set[str]) -> dict[str, str]:
    """What a dvc.lock or .dvc file names, and what the folders among it hold; `held`: the files that Git has there."""
    found = parse(text, f"{path} in {where}")
    entries: list[dict[str, Any]] = [found, *(found.get("stages") or {}).values()]
    listed = [one for entry in entries for side in ("outs", "deps") for one in entry.get(side) or []]
    if text.strip() and not found:
        raise CouldNot(f"{path} in {where} is no mapping, so nobody can say what it needs: correct it first.")
    names = {str(one["md5"]): str(one.get("path", "")) for one in listed if one.get("md5")}
    for md5, name in [*names.items()]:
        if md5.endswith(".dir"):
            inner = inside(md5)
            below = f"{PurePosixPath(path).parent / name}/"
            if inner is None and not any(one.startswith(below) for one in held):
                raise CouldNot(f"nobody can say what the folder {name} in {where} held: its list is nowhere stored.")
            names |= inner or {}
    return {md5: f"{name} in {where}" for md5, name in names.items()}


@cache
def inside(md5: str) -> dict[str, str] | None:
    """What a folder holds; None where no store has its list, as for a folder that Git holds itself."""
    path = Path(store.cache(), "files", "md5", md5[:2], md5[2:])
    try:
        listed = json.loads(path.read_bytes() if path.exists() else objects.content(md5))
    except (FileNotFoundError, ValueError):
        return None
    return {one["md5"]: one["relpath"] for one in listed}
