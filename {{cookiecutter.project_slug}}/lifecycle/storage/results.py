"""The results of a training run: packed where a branch's code ran, and checked by main's code before they are kept.

The archive has dvc.lock, in files/ each changed output that Git tracks, and in objects/ each that DVC stores, by hash.
"""

import hashlib
import json
import posixpath
import shutil
from pathlib import Path
from typing import IO, Any, NamedTuple
from zipfile import ZipFile

from lifecycle.errors import LifecycleError, Refused
from lifecycle.git import commits
from lifecycle.project import digest, parse_yaml
from lifecycle.storage.dvc import cached
from lifecycle.storage.dvc_yaml import OUTS, declarations
from lifecycle.storage.lock import Lock, entries, lock
from lifecycle.storage.objects import folder_content

LARGEST = 10_000_000_000  # bytes of all files
LONGEST = 10_000_000  # bytes of a dvc.lock
LOCK = "dvc.lock"


class Results(NamedTuple):
    """`files`: for Git, by path, None for one that goes; `objects`: for the remote, by hash."""

    files: dict[str, Path | None]
    objects: dict[str, Path]


def pack(folder: Path) -> int:
    """Copy dvc.lock and the outputs that differ from HEAD into an empty folder; returns their number."""
    now = lock(commits.WORK_TREE)
    if now is None:
        raise LifecycleError("there is no dvc.lock: run `uv run dvc repro` first.")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "objects").mkdir(parents=True)
    shutil.copy(LOCK, folder)
    in_git, outputs = declared(commits.WORK_TREE), changed(lock("HEAD"), now.stages)
    for path, md5 in outputs.items():
        if in_git.get(path):
            target = folder / "files" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if Path(path).is_dir() else shutil.copy)(path, target)
        else:
            for name in [md5, *(folder_content(md5, path) if md5.endswith(".dir") else [])]:
                shutil.copy(cached(name), folder / "objects" / name)
    return len(outputs)


def declared(revision: str) -> dict[str, bool]:
    """The outputs in dvc.yaml, and whether Git tracks them."""
    stages = declarations(commits.show(revision, "dvc.yaml"))["stages"]
    items = [item for stage in stages.values() for key in OUTS for item in stage.get(key) or []]
    pairs = [pair for item in items for pair in (item.items() if isinstance(item, dict) else [(item, None)])]
    return {posixpath.normpath(str(path)): (options or {}).get("cache") is False for path, options in pairs}


def changed(old: Lock | None, stages: dict[str, Any]) -> dict[str, str]:
    before = {path: file.md5 for path, file in old.outputs.items()} if old else {}
    return {out["path"]: out["md5"] for out in entries(stages, "outs") if before.get(out["path"]) != out["md5"]}


def unpack(packed: IO[bytes], commit: str, folder: Path) -> Results:
    """What an archive adds to a commit; raises Refused unless it is exactly the changed outputs, with their hashes."""
    try:
        return checked(extract(packed, folder), commit)
    except LifecycleError:
        raise
    except Exception as error:  # whatever it is: anybody may have packed it
        raise Refused(f"The results cannot be read ({type(error).__name__}: {error}): train again.") from None


def checked(files: dict[str, Path], commit: str) -> Results:
    text = files[LOCK].read_text("utf-8") if files[LOCK].stat().st_size < LONGEST else ""
    outputs = changed(lock(commit), parse_yaml(text, f"{LOCK} of the results")["stages"])
    in_git, real = declared(commit), {name: digest(str(file)) for name, file in files.items()}
    if foreign := sorted(outputs.keys() - in_git.keys()):
        raise Refused(f"dvc.yaml of {commit[:9]} does not declare {', '.join(foreign)}, which the results have.")
    wanted, gone = {LOCK: real[LOCK]}, set[str]()
    for path, md5 in outputs.items():
        wanted |= (tracked if in_git[path] else stored)(path, md5, files, real)
        gone |= {name for name in commits.tracked(commit) if in_git[path] and name.startswith(f"{path}/")}
    if wrong := sorted(name for name, md5 in wanted.items() if real.get(name) != md5):
        raise Refused(f"The results do not have what their dvc.lock says: {', '.join(wrong[:3])}. Train again.")
    if extra := sorted(real.keys() - wanted.keys()):
        raise Refused(f"The results have files that no changed output needs: {', '.join(extra[:3])}.")
    result = Results({**dict.fromkeys(gone), LOCK: files[LOCK]}, {})
    for kind, name in (name.split("/", 1) for name in wanted if name != LOCK):
        (result.files if kind == "files" else result.objects)[name] = files[f"{kind}/{name}"]
    return result


def extract(packed: IO[bytes], folder: Path) -> dict[str, Path]:
    """The files of the archive under names of our own, so that a path or a link in it means nothing."""
    files = {}
    with ZipFile(packed) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if sum(info.file_size for info in infos) > LARGEST:
            raise Refused(f"The results have more than {LARGEST:,} bytes.")
        for number, info in enumerate(infos):
            file = folder / str(number)
            with archive.open(info) as source, file.open("wb") as target:
                shutil.copyfileobj(source, target)
            files[info.filename.removeprefix("results/")] = file  # GitLab keeps the folder's name
    return files


def tracked(path: str, md5: str, files: dict[str, Path], real: dict[str, str]) -> dict[str, str]:
    """What a file or folder in Git needs: a folder's hash is that of its list of files."""
    start = f"files/{path}/"
    inside = sorted((name for name in files if name.startswith(start)), key=lambda name: name.split("/"))
    listing = json.dumps([{"md5": real[n], "relpath": n.removeprefix(start)} for n in inside], sort_keys=True)
    if f"{hashlib.md5(listing.encode()).hexdigest()}.dir" == md5:
        return {name: real[name] for name in inside}
    return {f"files/{path}": md5}


def stored(_: str, md5: str, files: dict[str, Path], real: dict[str, str]) -> dict[str, str]:
    """What a file or folder in the remote needs: for a folder the list of its files, and each of them."""
    name, inside = f"objects/{md5}", []
    if md5.endswith(".dir") and real.get(name) == md5.removesuffix(".dir"):
        inside = [str(entry["md5"]) for entry in json.loads(files[name].read_bytes())]
    return {name: md5.removesuffix(".dir")} | {f"objects/{child}": child for child in inside}
