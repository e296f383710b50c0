"""A disposable copy of this project, with an origin and a DVC remote of its own, in which anything may be forged."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from lifecycle.code import CODE
from lifecycle.errors import LifecycleError
from lifecycle.git.batch import Batch
from lifecycle.git.run import ENVIRONMENT, git
from lifecycle.project import digest, parse_yaml
from lifecycle.storage import dvc, objects
from lifecycle.storage.lock import Lock, entries
from lifecycle.storage.version import Version, head, versions

STAGE = "drill"  # the only stage of a release, which requires nothing
FOREIGN = ("GITHUB_", "GITLAB_", "CI_", "DVC_", "WITHOUT_SECRETS", "LIFECYCLE_", "AWS_", "AZURE_", "GOOGLE_")
WHO = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
       for what, value in (("NAME", "Drill"), ("EMAIL", "drill@example.com"))}  # fmt: skip


class World:
    """`folder` holds origin.git, storage/ and work/, a clone on the branch `change`."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self.folder, self.prefix = folder, prefix
        self.work, self.storage = folder / "work" / prefix, folder / "storage"

    @cached_property
    def version(self) -> Version:
        """The real results, before anything is forged."""
        commit = self.git("rev-parse", "main")
        results = versions(Batch(str(self.work), self.prefix), [commit])[commit]
        if results is None:
            raise LifecycleError("HEAD has no dvc.lock: run `uv run dvc repro` and commit what it writes.")
        return results

    def path(self, name: str) -> Path:
        """Where the file is that ends in `name`; `model` is the artifact."""
        return self.work / (self.version.model.path if name == "model" else self.version.path(name))

    def git(self, *arguments: str) -> str:
        return git(*arguments, cwd=str(self.work), variables=WHO)

    def yaml(self, name: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Change a YAML file."""
        content = parse_yaml((self.work / name).read_text("utf-8"), name)
        change(content)
        (self.work / name).write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")

    def json(self, name: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Change a JSON result, and cover it up."""
        path = self.path(name)
        content = json.loads(path.read_text("utf-8"))
        change(content)
        path.write_text(json.dumps(content), "utf-8")
        self.cover_up(path)

    def cover_up(self, *paths: Path) -> None:
        """Write the new hashes and sizes of files into dvc.lock, and their objects into the remote."""
        names = {str(path.relative_to(self.work)) for path in paths}

        def relock(content: dict[str, Any]) -> None:
            for entry in entries(content["stages"], "deps", "outs"):
                place = self.work / entry["path"]
                if any(name == entry["path"] or name.startswith(f"{entry['path']}/") for name in names):
                    entry["md5"] = digest(str(place))
                    entry["size"] = sum(f.stat().st_size for f in ([place] if place.is_file() else place.rglob("*")))

        self.yaml("dvc.lock", relock)
        for path in paths:
            if str(path.relative_to(self.work)) in self.version.lock.stored:
                self.store(path)

    def store(self, path: Path) -> Path:
        """Put a file into the remote; returns its object."""
        place = self.object(digest(str(path)))
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        return place

    def object(self, name: str) -> Path:
        """The object in the remote of a hash, of a stored file, or of the model."""
        file = self.version.model if name == "model" else self.version.file(name) if "." in name[:-4] else None
        md5 = file.md5 if file else name
        return self.storage / "files" / "md5" / md5[:2] / md5[2:]

    def replace(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """Replace an object, which is a link, by other bytes."""
        place = self.object(name)
        content = place.read_bytes()
        place.unlink()
        place.write_bytes(change(content))

    def append(self, name: str, text: str) -> Path:
        """Add text to a file, which is made if need be."""
        file = self.work / name
        file.parent.mkdir(exist_ok=True)
        with file.open("a", encoding="utf-8") as opened:
            opened.write(text)
        return file

    def commit(self, to: str = "change") -> str:
        """Commit everything, and push it to a branch of origin, as if it was merged if that is main."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "Forged")
        self.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{to}")
        return self.git("rev-parse", "HEAD")

    def verb(self, *arguments: str, own_code: bool = False) -> subprocess.CompletedProcess[str]:
        """The finished verb; `own_code`: with the code of the forged change itself."""
        kept = {name: value for name, value in ENVIRONMENT.items() if not name.startswith(FOREIGN)}
        kept |= WHO | {"PYTHONPATH": str(self.work if own_code else CODE)}
        command = [sys.executable, "-m", "lifecycle", *arguments]
        return subprocess.run(command, cwd=self.work, env=kept, capture_output=True, text=True, errors="replace")

    def copy(self, folder: Path) -> "World":
        """A copy that may be changed; objects are linked, so they must be replaced, not written to."""
        shutil.copytree(self.folder, folder, symlinks=True, copy_function=linked)
        return World(folder, self.prefix).connected()

    def connected(self) -> "World":
        self.git("remote", "set-url", "origin", str(self.folder / "origin.git"))
        name = dvc.default_remote()[0]
        text = f"['remote \"{name}\"']\n    url = {self.storage}\n[core]\n    site_cache_dir = {self.folder}/site\n"
        (self.work / ".dvc" / "config.local").write_text(text, "utf-8")
        return self


def linked(source: str, target: str) -> None:
    """A link for objects, which are large, a copy for all other files."""
    if f"{os.sep}md5{os.sep}" in source:
        os.link(source, target)
    else:
        shutil.copy2(source, target)


def world(folder: Path) -> World:
    """The copy of HEAD with its data; raises LifecycleError if something of it is missing."""
    lock, made = head().lock, World(folder, git("rev-parse", "--show-prefix"))
    git("init", "--quiet", "--bare", "--initial-branch", "main", str(folder / "origin.git"))
    git("push", "--quiet", str(folder / "origin.git"), "HEAD:refs/heads/main")
    git("clone", "--quiet", "--branch", "main", str(folder / "origin.git"), str(folder / "work"))
    made.connected()
    name = dvc.default_remote()[0]  # without options, such as an S3 endpoint, that a folder does not have
    text = f"[core]\n    remote = {name}\n['remote \"{name}\"']\n    url = {made.storage}\n"
    (made.work / ".dvc" / "config").write_text(text, "utf-8")
    made.git("switch", "--quiet", "--create", "change")
    fill(made, lock)
    made.yaml("params.yaml", lambda content: content.update(promote={"stages": {STAGE: {}}}))
    made.commit("main")
    made.git("branch", "--force", "main")
    return made


def fill(made: World, lock: Lock) -> None:
    """Copy the stored files of HEAD into the copy's remote, and its outputs into place."""
    for path, file in lock.stored.items():
        parts = objects.folder_content(file.md5, path) if file.md5.endswith(".dir") else {}
        for md5 in [file.md5, *parts]:
            place = made.object(md5)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                place.write_bytes(dvc.cached(md5).read_bytes() if dvc.cached(md5).exists() else objects.content(md5))
            except FileNotFoundError:
                raise LifecycleError(f"{path} is not in the remote: run `uv run dvc push`.") from None
        for name, md5 in [(path, file.md5)] if not parts else [(f"{path}/{name}", md5) for md5, name in parts.items()]:
            (made.work / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made.object(md5), made.work / name)
