"""The objects in the DVC remote, read as they are: the one file that calls DVC's Python.

DVC's own commands delete a corrupt object of a folder remote when they look at it; these functions only read.
"""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from lifecycle.errors import LifecycleError, RemoteError
from lifecycle.storage.dvc import check_remote

CHUNK = 2**20


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


def faults(expected: dict[str, int], read: Iterable[str]) -> dict[str, str]:
    """What is wrong with objects of these hashes and sizes: missing, truncated or, if in `read`, corrupt."""
    sizes = listing()
    wrong = {}
    for md5, size in expected.items():
        if md5 not in sizes:
            wrong[md5] = "is missing in the remote"
        elif not md5.endswith(".dir") and size and sizes[md5] != size:
            wrong[md5] = f"is {sizes[md5]:,} bytes in the remote, {size:,} in dvc.lock: truncated or overwritten"
    intact = [md5 for md5 in dict.fromkeys(read) if md5 in expected and md5 not in wrong]
    with ThreadPoolExecutor(8) as pool:
        for md5, real in zip(intact, pool.map(digest, intact)):
            if real != md5.removesuffix(".dir"):
                wrong[md5] = f"has the hash {real} in the remote: corrupt" if real else "is missing in the remote"
    return wrong


@asking()
def delete(md5s: Iterable[str]) -> None:
    remote().fs.remove([remote().oid_to_path(md5) for md5 in md5s])
