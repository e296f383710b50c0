"""Many files and folders at many commits, read with few Git commands."""

import hashlib
import json
from functools import cache

from lifecycle.errors import LifecycleError
from lifecycle.git.run import UTF8, attempt_bytes, git


class Batch:
    """The repository in `folder`; `prefix` is the project's place in it. What was read is kept."""

    def __init__(self, folder: str, prefix: str) -> None:
        self.folder, self.prefix = folder, prefix
        self.names: dict[tuple[str, str], str] = {}  # (commit, path) -> object, empty if there is none
        self.objects: dict[str, bytes | None] = {"": None}  # the content of a file; None for a folder
        self.digest_of = cache(self._digest)

    def load(self, wanted: set[tuple[str, str]]) -> None:
        new = sorted(one for one in wanted if one not in self.names)
        lines = self._ask("--batch-check=%(objectname)", [f"{commit}:{self.prefix}{path}" for commit, path in new])
        oids = ["" if line.endswith(" missing") else line for line in lines.decode("utf-8", "replace").splitlines()]
        self.names |= dict(zip(new, oids))
        self._read(oids)

    def content(self, commit: str, path: str) -> bytes | None:
        """The content of a file; None if the commit has no file of that name."""
        self.load({(commit, path)})
        return self.objects[self.names[commit, path]]

    def digest(self, commit: str, path: str) -> str:
        """The hash of a file or folder as dvc.lock has it; empty if the commit does not have it."""
        self.load({(commit, path)})
        return str(self.digest_of(self.names[commit, path]))

    def _digest(self, oid: str) -> str:
        if not oid:
            return ""
        if (content := self.objects[oid]) is not None:
            return hashlib.md5(content).hexdigest()
        rows = [row.split("\t", 1) for row in git("ls-tree", "-r", "-z", oid, cwd=self.folder).split("\0") if row]
        files = sorted((path.split("/"), entry.split()[2]) for entry, path in rows)
        self._read([file for _, file in files])
        listing = [{"md5": self.digest_of(file), "relpath": "/".join(parts)} for parts, file in files]
        return hashlib.md5(json.dumps(listing, sort_keys=True).encode()).hexdigest() + ".dir"

    def _read(self, oids: list[str]) -> None:
        new = sorted({oid for oid in oids if oid not in self.objects})
        answer, place = self._ask("--batch", new), 0
        for oid in new:
            end = answer.index(b"\n", place)
            _, kind, size = answer[place:end].split()
            self.objects[oid] = answer[end + 1 : end + 1 + int(size)] if kind == b"blob" else None
            place = end + int(size) + 2

    def _ask(self, how: str, names: list[str]) -> bytes:
        if not names:
            return b""
        given = "".join(f"{name}\n" for name in names).encode(*UTF8)
        done = attempt_bytes("cat-file", how, cwd=self.folder, given=given)
        if done.returncode:
            raise LifecycleError(f"Git cannot read its objects: {done.stderr.decode('utf-8', 'replace').strip()}.")
        return done.stdout
