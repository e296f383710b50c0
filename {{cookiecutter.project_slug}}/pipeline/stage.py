"""What surrounds every stage: its block of params.yaml, its watched inputs, and one sentence when it must refuse.

Reads dvc.yaml, params.yaml and environment.txt in the working directory.
"""

import gc
import hashlib
import platform
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from pydantic import BaseModel, ConfigDict, ValidationError

import pipeline

LARGE = 16 * 2**20  # bytes; larger inputs are watched by size and time of change, which costs nothing


ROW = "__row__"  # the column with each row's content hash, by which predictions of two versions are paired


class Refused(Exception):
    """A sentence for the person at the keyboard: what is wrong and what to do next."""


class Block(BaseModel):
    """A block of settings that knows its keys and their types; anything else is refused by name."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Settings = TypeVar("Settings", bound=Block)


def checked(kind: type[Settings], values: object, where: str) -> Settings:
    """`values` as a `kind`; raises Refused naming each wrong key with `where` it stands and what is allowed."""
    try:
        return kind.model_validate(values)
    except ValidationError as wrong:
        faults = [
            f"{'.'.join(map(str, e['loc'])) or 'the block'}: {e['msg']}, not {e['input']!r}" for e in wrong.errors()
        ]
        top = any(len(e["loc"]) < 2 for e in wrong.errors())
        allowed = f"; allowed here: {', '.join(kind.model_fields)}" if top else ""
        raise Refused(f"{where} is wrong ({'; '.join(faults)}){allowed}.") from None


def load_yaml(path: str) -> dict[str, Any]:
    """The mapping in a YAML file; raises Refused when the file is missing, broken or no mapping."""
    try:
        found = yaml.load(Path(path).read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except FileNotFoundError:
        raise Refused(f"{path} does not exist: restore it with `git checkout -- {path}`.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        raise Refused(f"{path} is no valid YAML: {' '.join(str(wrong).split())}.") from None
    if not isinstance(found, dict):
        raise Refused(f"{path} must hold a mapping of names to values.")
    return found


def params(stage: str, kind: type[Settings]) -> Settings:
    """The stage's block of params.yaml, typed and checked."""
    blocks = load_yaml("params.yaml")
    if stage not in blocks:
        raise Refused(f"params.yaml has no block {stage!r}: it has {', '.join(blocks)}.")
    return checked(kind, blocks[stage], f"params.yaml, block {stage}")


def digest(path: str) -> str:
    """The MD5 of a file's bytes, as dvc.lock writes it."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def inputs(stage: str) -> list[str]:
    """The files that dvc.yaml declares as the stage's dependencies."""
    return list(load_yaml("dvc.yaml")["stages"][stage].get("deps", []))


def _state(stage: str) -> dict[str, object]:
    """What each input looks like now; DVC itself hashes inputs only after the command (treeverse/dvc#11058)."""
    state: dict[str, object] = {f"params.yaml, block {stage}": load_yaml("params.yaml").get(stage)}
    for path in inputs(stage):
        stat = Path(path).stat()
        state[path] = (stat.st_size, stat.st_mtime_ns, stat.st_ino) if stat.st_size > LARGE else digest(path)
    return state


def _edited(stage: str) -> list[str]:
    """The inputs that were written after this process began to read its code."""
    return [path for path in inputs(stage) if Path(path).stat().st_mtime_ns > pipeline.STARTED]


def libraries() -> dict[str, SpecifierSet]:
    """The locked version of Python and every library that results rest on, as it applies here."""
    lines = Path("environment.txt").read_text("utf-8").splitlines()
    locked = [Requirement(line) for line in lines if "==" in line]
    return {one.name: one.specifier for one in locked if one.marker is None or one.marker.evaluate()}


def _check_environment() -> None:
    """Refuse to compute with other versions than those that DVC will record as the stage's environment."""
    for name, wanted in libraries().items():
        try:
            found = platform.python_version() if name == "python" else metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "none"
        if found not in wanted:
            raise Refused(f"{name} {found} is installed, environment.txt says {wanted}: run `uv sync`.")


def run(stage: str, main: Callable[..., None]) -> None:
    """Run `main` with the command line's paths; exit 1 with a sentence if refused, or if an input changed meanwhile."""
    try:
        before, edited = _state(stage), _edited(stage)
        if not edited:
            _check_environment()
            main(*sys.argv[1:])
            after = _state(stage)
            edited = [name for name in before if before[name] != after.get(name)]
        gc.freeze()  # spares the half second that Python takes to clear away all that was imported
        if edited:
            raise Refused(f"{', '.join(edited)} changed while the stage ran: run `dvc repro` again.")
    except Refused as sentence:
        sys.exit(f"{stage}: {sentence}")
    except FileNotFoundError as missing:
        sys.exit(f"{stage}: {missing.filename} does not exist: run `dvc repro`, or `dvc pull` for data that is stored.")
