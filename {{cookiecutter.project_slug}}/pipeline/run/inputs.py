"""The inputs of a stage: what dvc.yaml declares, their hashes as dvc.lock has them, and whether one was edited."""

import hashlib
import json
from pathlib import Path

import pipeline
from pipeline.run.errors import reading
from pipeline.run.settings import load_yaml

LARGE = 16 * 2**20  # bytes; larger files are watched by size and time of change, which costs nothing
IGNORED = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}  # as .dvcignore


def inputs(stage: str) -> list[str]:
    """The files and folders that dvc.yaml declares as dependencies of a stage."""
    with reading("dvc.yaml", f"declare the stage {stage} and the list of its deps, or `git checkout -- dvc.yaml`"):
        return [str(Path(path)) for path in load_yaml("dvc.yaml")["stages"][stage].get("deps", [])]


def files(path: str) -> list[Path]:
    """The file itself, or all files of a folder in DVC's order."""
    if not Path(path).is_dir():
        return [Path(path)]
    inside = [file for file in Path(path).rglob("*") if file.is_file() and not IGNORED & {*file.parts}]
    return sorted(inside, key=lambda file: file.relative_to(path).parts)


def digest(path: str) -> str:
    """The hash of a file or folder, as dvc.lock has it: MD5; of a folder, the MD5 of its list of files plus `.dir`."""
    if not Path(path).is_dir():
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest()
    listing = [{"md5": digest(str(file)), "relpath": file.relative_to(path).as_posix()} for file in files(path)]
    return hashlib.md5(json.dumps(listing, sort_keys=True).encode()).hexdigest() + ".dir"


def state(stage: str) -> dict[str, object]:
    """What each input looks like now. DVC hashes inputs only after the command has run (treeverse/dvc#11058)."""
    current: dict[str, object] = {f"params.yaml, block {stage}": load_yaml("params.yaml").get(stage)}
    for file in (file for path in inputs(stage) for file in files(path)):
        stat = file.stat()
        current[str(file)] = (
            (stat.st_size, stat.st_mtime_ns, stat.st_ino) if stat.st_size > LARGE else digest(str(file))
        )
    return current


def edited_since_start(stage: str) -> list[str]:
    """The inputs that were written after this process began to read its code."""
    every = [file for path in inputs(stage) for file in files(path)]
    return [str(file) for file in every if file.stat().st_mtime_ns > pipeline.STARTED]
