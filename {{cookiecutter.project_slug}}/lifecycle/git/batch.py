"""Many files and folders at many commits, read with few Git commands."""

import hashlib
import json
import subprocess
from functools import cache

from lifecycle.errors import LifecycleError
from lifecycle.git.run import ENVIRONMENT


class Batch:
    """The repository in `folder`; `prefix` is the project's place in it. What was read is kept."""

    def __init__(self, folder: str, prefix: str) -> None:
        self.folder, self.prefix = folder, prefix
        self.names: dict[tuple[str, str], str] = {}  # (commit, path) -> object, empty if there is none
        self.blobs: dict[str, bytes] = {}
        self.trees: dict[str, dict[str, str]] = {}  # folder -> name -> object
        self.digest_of = cache(self._digest)

    def load(self, wanted: set[tuple[str, str]]) -> None:
        """Read these (commit, path), folders with all that is in them."""
        new = sorted(wanted - self.names.keys())
        names = "".join(f"{commit}:{self.prefix}{path}\n" for commit, path in new)
        lines = self._ask("--batch-check=%(objectname)", names).decode("utf-8", "replace").splitlines()
        self.names |= {one: "" if line.endswith(" missing") else line for one, line in zip(new, lines)}
        unread = {self.names[one] for one in new} - {""}
        while unread := {oid for oid in unread if oid not in self.blobs and oid not in self.trees}:
            unread = {oid for tree in self._read(sorted(unread)) for oid in tree.values()}

    def content(self, commit: str, path: str) -> bytes | None:
        """The content of a file; None if the commit has no file of that name."""
        self.load({(commit, path)})
        return self.blobs.get(self.names[commit, path])

    def digest(self, commit: str, path: str) -> str:
        """The hash of a file or folder as dvc.lock has it; empty if the commit does not have it."""
        self.load({(commit, path)})
        oid = self.names[commit, path]
        return str(self.digest_of(oid)) if oid else ""

    def _digest(self, oid: str) -> str:
        if oid in self.blobs:
            return hashlib.md5(self.blobs[oid]).hexdigest()
        listing = [
            {"md5": self.digest_of(file), "relpath": "/".join(parts)} for parts, file in sorted(self._files(oid))
        ]
        return hashlib.md5(json.dumps(listing, sort_keys=True).encode()).hexdigest() + ".dir"

    def _files(self, oid: str) -> list[tuple[tuple[str, ...], str]]:
        """The parts of the path, and the object, of every file in a folder."""
        if oid not in self.trees:
            return [((), oid)]
        return [((name, *parts), file) for name, one in self.trees[oid].items() for parts, file in self._files(one)]

    def _read(self, oids: list[str]) -> list[dict[str, str]]:
        """Keep the content of objects; returns the folders among them."""
        answer, place, folders = self._ask("--batch", "".join(f"{oid}\n" for oid in oids)), 0, []
        for oid in oids:
            end = answer.index(b"\n", place)
            _, kind, size = answer[place:end].split()
            content = answer[end + 1 : end + 1 + int(size)]
            place = end + int(size) + 2
            if kind == b"tree":
                self.trees[oid] = _entries(content)
                folders.append(self.trees[oid])
            else:
                self.blobs[oid] = content
        return folders

    def _ask(self, how: str, names: str) -> bytes:
        command = ["git", "cat-file", how]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=ENVIRONMENT,
            input=names.encode("utf-8", "surrogateescape"),
            capture_output=True,
        )
        if done.returncode:
            raise LifecycleError(f"Git cannot read its objects: {done.stderr.decode('utf-8', 'replace').strip()}.")
        return done.stdout


def _entries(content: bytes) -> dict[str, str]:
    """Name and object of each entry of a Git tree (`mode name NUL 20 bytes`), without submodules."""
    entries, place = {}, 0
    while place < len(content):
        end = content.index(b"\0", place)
        mode, name = content[place:end].split(b" ", 1)
        if mode != b"160000":
            entries[name.decode("utf-8", "surrogateescape")] = content[end + 1 : end + 21].hex()
        place = end + 21
    return entries
