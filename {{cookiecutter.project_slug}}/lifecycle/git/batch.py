"""Many files at many commits, by two Git commands however many there are."""

import subprocess
from dataclasses import dataclass, field

from lifecycle import git
from lifecycle.outcome import CouldNot

TREE = b""  # what stands for a folder, which has no content


@dataclass
class Batch:
    """The repository in `folder`, and what was read from it: the hash of each (commit, path), the content of each."""

    folder: str
    prefix: str
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    content: dict[str, bytes] = field(default_factory=dict)

    def load(self, wanted: set[tuple[str, str]]) -> None:
        """Read these (commit, path)."""
        asked = sorted(one for one in wanted if one not in self.named)
        names = "".join(f"{commit}:{self.prefix}{path}\n" for commit, path in asked)
        for one, line in zip(asked, self._say("--batch-check", names).decode("utf-8", "replace").splitlines()):
            kind = line.rsplit(" ", 2)
            self.named[one] = "" if line.endswith(" missing") else kind[0]
            if len(kind) == 3 and kind[1] == "tree":
                self.content[kind[0]] = TREE
        new = sorted({oid for oid in self.named.values() if oid and oid not in self.content})
        said, place = self._say("--batch", "".join(f"{oid}\n" for oid in new)), 0
        for oid in new:
            end = said.index(b"\n", place)
            size = int(said[place:end].split()[2])
            self.content[oid] = said[end + 1 : end + 1 + size]
            place = end + size + 2

    def get(self, commit: str, path: str) -> bytes | None:
        """The content of a file, None where the commit has none of that name."""
        return self.content.get(self.named.get((commit, path), ""))

    def _say(self, how: str, names: str) -> bytes:
        done = subprocess.run(
            ["git", "cat-file", how], cwd=self.folder, env=git.ENVIRONMENT, input=names.encode(), capture_output=True
        )
        if done.returncode:
            raise CouldNot(f"Git cannot read its objects: {done.stderr.decode('utf-8', 'replace').strip()}.")
        return done.stdout
