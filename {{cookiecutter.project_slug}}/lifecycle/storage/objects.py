"""The objects in the DVC remote and in the cache, read as they are: the one file that calls DVC's Python.

DVC's own commands delete an object that is corrupt when they look at it, in a remote that is a folder; these only look.
"""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from lifecycle.outcome import CouldNot, NoRemote
from lifecycle.store import check_remote

CHUNK = 2**20
Result = TypeVar("Result")


@lru_cache(1)
def remote() -> Any:
    """DVC's object store in the default remote."""
    from dvc.repo import Repo  # takes half a second

    check_remote()
    return asked(lambda: Repo(".").cloud.get_remote_odb())


def asked(question: Callable[[], Result]) -> Result:
    """The remote's answer; raises NoRemote for whatever any kind of remote raises, but for a file that is not there."""
    try:
        return question()
    except (FileNotFoundError, CouldNot):
        raise
    except Exception as why:
        said = " ".join(str(why).split())[:200] or type(why).__name__
        raise NoRemote(f"the DVC remote cannot be asked ({said}): check address, network and credentials.") from None


def listing() -> dict[str, dict[str, Any]]:
    """Size and times of every object in the remote, by hash: one question, however many objects."""
    store = remote()
    try:
        found = asked(lambda: store.fs.fs.find(store.path, detail=True))
    except FileNotFoundError:
        return {}
    if not isinstance(found, dict):  # DVC's own of a folder knows no details
        found = {path: store.fs.fs.info(path) for path in found}
    parts = ((Path(path).parts[-2:], info) for path, info in found.items())
    return {"".join(two): info for two, info in parts if len(two[0]) == 2}


def content(md5: str) -> bytes:
    """An object; raises FileNotFoundError."""
    store = remote()

    def read() -> bytes:
        with store.fs.open(store.oid_to_path(md5), "rb") as file:
            return bytes(file.read())

    return asked(read)


def digest(md5: str) -> str:
    """The hash of what the remote really holds under this name, empty where it holds nothing."""
    store = remote()

    def read() -> str:
        found = hashlib.md5()
        with store.fs.open(store.oid_to_path(md5), "rb") as file:
            while chunk := file.read(CHUNK):
                found.update(chunk)
        return found.hexdigest()

    try:
        return asked(read)
    except FileNotFoundError:
        return ""


def faults(expected: dict[str, int], read: Iterable[str]) -> dict[str, str]:
    """What is wrong with objects of these hashes and sizes: missing, truncated, or corrupt, if they are to be read."""
    there = listing()
    found = {}
    for md5, size in expected.items():
        if md5 not in there:
            found[md5] = "is missing in the remote"
        elif not md5.endswith(".dir") and size and there[md5]["size"] != size:
            found[md5] = (
                f"is {there[md5]['size']:,} bytes in the remote, {size:,} in dvc.lock: truncated or overwritten"
            )
    wanted = [md5 for md5 in dict.fromkeys(read) if md5 in expected and md5 not in found]
    remote()
    with ThreadPoolExecutor(8) as pool:
        for md5, real in zip(wanted, pool.map(digest, wanted)):
            if real != md5.removesuffix(".dir"):
                found[md5] = f"has the hash {real or 'of nothing'} in the remote: corrupt"
    return found


def delete(md5s: Iterable[str]) -> None:
    """Remove objects from the remote."""
    store = remote()
    asked(lambda: store.fs.remove([store.oid_to_path(md5) for md5 in md5s]))
