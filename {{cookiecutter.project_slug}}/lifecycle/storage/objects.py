"""The objects in the DVC remote, read as they are: the one file that calls DVC's Python.

DVC's own commands delete a corrupt object of a folder remote when they look at it; these functions only read.
"""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from lifecycle.errors import LifecycleError, RemoteError
from lifecycle.storage.dvc import check_remote

CHUNK = 2**20
Answer = TypeVar("Answer")


@lru_cache(1)
def remote() -> Any:
    from dvc.repo import Repo  # takes half a second

    check_remote()
    return ask(lambda: Repo(".").cloud.get_remote_odb())


def ask(question: Callable[[], Answer]) -> Answer:
    """The remote's answer; raises RemoteError for any error but a file that is not there."""
    try:
        return question()
    except (FileNotFoundError, LifecycleError):
        raise
    except Exception as error:  # every kind of remote has its own
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise RemoteError(f"the DVC remote cannot be read ({why}): check address, network and credentials.") from None


def listing() -> dict[str, int]:
    """The size of every object in the remote, by hash: one request, however many objects."""
    store = remote()
    try:
        found = ask(lambda: store.fs.fs.find(store.path, detail=True))
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict):  # a folder's file system in DVC has no details
        found = {path: store.fs.fs.info(path) for path in found}
    sizes = ((Path(path).parts[-2:], int(info["size"])) for path, info in found.items())
    return {"".join(parts): size for parts, size in sizes if len(parts[0]) == 2}


def content(md5: str) -> bytes:
    """An object; raises FileNotFoundError."""
    return b"".join(ask(lambda: list(_chunks(md5))))


def digest(md5: str) -> str:
    """The real hash of the object with this name, empty if there is none."""

    def read() -> str:
        real = hashlib.md5()
        for chunk in _chunks(md5):
            real.update(chunk)
        return real.hexdigest()

    try:
        return ask(read)
    except FileNotFoundError:
        return ""


def _chunks(md5: str) -> Iterable[bytes]:
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
    remote()
    with ThreadPoolExecutor(8) as pool:
        for md5, real in zip(intact, pool.map(digest, intact)):
            if real != md5.removesuffix(".dir"):
                wrong[md5] = f"has the hash {real} in the remote: corrupt" if real else "is missing in the remote"
    return wrong


def delete(md5s: Iterable[str]) -> None:
    store = remote()
    ask(lambda: store.fs.remove([store.oid_to_path(md5) for md5 in md5s]))
