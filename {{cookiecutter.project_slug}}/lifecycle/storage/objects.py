"""The objects in the DVC remote, read as they are, through DVC's Python.

DVC's own commands delete a corrupt object of a folder remote when they look at it; the functions that read only read.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from lifecycle.errors import LifecycleError, RemoteError, reading
from lifecycle.storage.dvc import cached, check_remote
from lifecycle.storage.lock import File, Lock, entries

CHUNK = 2**20
MISSING, PUSH = "is missing in the remote", "is not in the remote: run `uv run dvc push`"
FEW = 100  # objects that are looked up one by one; more are found in a list of all


@contextmanager
def asking() -> Iterator[None]:
    """Turn every error of the remote into RemoteError, but not that a file is not there."""
    try:
        yield
    except (FileNotFoundError, LifecycleError):
        raise
    except Exception as error:  # every kind of remote has its own
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise RemoteError(f"the DVC remote cannot be read ({why}): check address, network and credentials.") from None


@cache
@asking()
def remote() -> Any:
    from dvc.repo import Repo  # takes half a second

    check_remote()
    return Repo(".").cloud.get_remote_odb()


@asking()
def listing() -> dict[str, int]:
    """The size of every object in the remote, by hash: one request, however many objects."""
    store = remote()
    try:
        listed = store.fs.fs.find(store.path, detail=True)
    except FileNotFoundError:
        return {}
    if not isinstance(listed, dict):  # a folder's file system in DVC has no details
        listed = {path: store.fs.fs.info(path) for path in listed}
    sizes = ((Path(path).parts[-2:], int(info["size"])) for path, info in listed.items())
    return {"".join(parts): size for parts, size in sizes if len(parts[0]) == 2}


@asking()
def content(md5: str) -> bytes:
    """An object; raises FileNotFoundError."""
    return b"".join(_chunks(md5))


@asking()
def digest(md5: str) -> str:
    """The real hash of the object with this name, empty if there is none."""
    real = hashlib.md5()
    try:
        for chunk in _chunks(md5):
            real.update(chunk)
    except FileNotFoundError:
        return ""
    return real.hexdigest()


def _chunks(md5: str) -> Iterator[bytes]:
    store = remote()
    with store.fs.open(store.oid_to_path(md5), "rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def faults(expected: dict[str, int], read: Iterable[str] = ()) -> dict[str, str]:
    """What is wrong with objects of these hashes and sizes: missing, truncated or, if in `read`, corrupt."""
    found = sizes(expected)
    wrong = {}
    for md5, size in expected.items():
        if md5 not in found:
            wrong[md5] = MISSING
        elif not md5.endswith(".dir") and size and found[md5] != size:
            wrong[md5] = f"is {found[md5]:,} bytes in the remote, {size:,} in dvc.lock: truncated or overwritten"
    intact = [md5 for md5 in dict.fromkeys(read) if md5 in expected and md5 not in wrong]
    with ThreadPoolExecutor(8) as pool:
        for md5, real in zip(intact, pool.map(digest, intact)):
            if real != md5.removesuffix(".dir"):
                wrong[md5] = f"has the hash {real} in the remote: corrupt" if real else MISSING
    return wrong


@asking()
def sizes(md5s: Iterable[str]) -> dict[str, int]:
    """The size of each of these objects that the remote has."""
    names = [*md5s]
    if len(names) > FEW:
        return listing()
    store = remote()

    def size(md5: str) -> int | None:
        try:
            return int(store.fs.info(store.oid_to_path(md5))["size"])
        except FileNotFoundError:
            return None

    with ThreadPoolExecutor(8) as pool:
        return {md5: known for md5, known in zip(names, pool.map(size, names)) if known is not None}


def not_stored(lock: Lock, supply: bool = False) -> list[str]:
    """A sentence for each object that dvc.lock or a .dvc file names and the remote does not have in full.

    `supply`: upload those that the cache has, which `dvc push` does not do for another commit than the work tree's.
    """
    files = {file.md5: file for file in lock.stored.values() if file.md5}
    for file in [file for file in files.values() if file.md5.endswith(".dir")]:
        content = folder_content(file.md5, file.path).items()
        files |= {md5: File(f"{file.path}/{name}", md5, 0, True) for md5, name in content}
    wrong = faults({md5: file.size for md5, file in files.items()})
    here = {md5: cached(md5) for md5, fault in wrong.items() if fault == MISSING and cached(md5).exists()}
    if supply and here:
        add(here)
        wrong = {md5: fault for md5, fault in wrong.items() if md5 not in here}
    messages = [
        f"{file.path} {PUSH if wrong[md5] == MISSING else wrong[md5]}" for md5, file in files.items() if md5 in wrong
    ]
    known = {*lock.data, *lock.outputs}
    lone = {entry["path"] for entry in entries(lock.stages, "deps")} - known - lock.in_git
    for path in lone:
        if not any(path.startswith(f"{place}/") or place.startswith(f"{path}/") for place in known):
            messages.append(f"{path} is neither in Git nor under DVC: run `uv run dvc add {path}`")
    return sorted(messages)


@cache
def folder_content(md5: str, where: str) -> dict[str, str]:
    """The relative path of each file of a folder, by its hash."""
    path = cached(md5)
    try:
        text = path.read_bytes() if path.exists() else content(md5)
    except FileNotFoundError:
        raise LifecycleError(f"the list of files of the folder {where} is stored nowhere.") from None
    with reading(f"the list of files of the folder {where}", "run `uv run dvc push` where the folder is intact"):
        return {str(item["md5"]): str(item["relpath"]) for item in json.loads(text)}


@asking()
def add(files: dict[str, Path]) -> None:
    """Upload objects whose hashes were checked; what the remote has stays as it is."""
    from dvc_objects.fs.local import localfs

    names = sorted(files, key=lambda name: name.endswith(".dir"))  # a folder after its files
    if names:
        remote().add([str(files[name]) for name in names], localfs, names)


@asking()
def delete(md5s: Iterable[str]) -> None:
    remote().fs.remove([remote().oid_to_path(md5) for md5 in md5s])
