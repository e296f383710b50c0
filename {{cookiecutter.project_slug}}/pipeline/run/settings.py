"""Settings: YAML files as mappings, and the blocks of params.yaml as typed, checked objects."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.run.errors import InputError


class Block(BaseModel):
    """A block of settings; unknown keys and wrong types are refused by name."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Settings = TypeVar("Settings", bound=Block)


def check(kind: type[Settings], values: object, where: str) -> Settings:
    """`values` as a `kind`; raises InputError that names each wrong key, and `where` it is."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        faults = [_fault(".".join(map(str, e["loc"])) or "the block", e["type"], e) for e in error.errors()]
        top_level = any(len(e["loc"]) < 2 for e in error.errors())
        allowed = f"; allowed here: {', '.join(kind.model_fields)}" if top_level else ""
        raise InputError(f"{where} is not valid ({'; '.join(faults)}){allowed}.") from None


def _fault(key: str, kind: str, error: Any) -> str:
    plain = {"extra_forbidden": f"{key} is unknown", "missing": f"{key} is missing"}
    return plain.get(kind, f"{key}: {error['msg']}, not {error['input']!r}")


def parse_yaml(text: str, name: str) -> dict[str, Any]:
    """The mapping in a YAML text, `name` for messages; raises InputError if it is not valid or not a mapping."""
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise InputError(f"{name} is not valid YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(content, dict):
        raise InputError(f"{name} must be a mapping of names to values.")
    return content


def load_yaml(path: str) -> dict[str, Any]:
    """The mapping in a YAML file; raises InputError if the file is missing or not valid."""
    try:
        text = Path(path).read_text("utf-8")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist: restore it with `git checkout -- {path}`.") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error}.") from None
    return parse_yaml(text, path)


def params(stage: str, kind: type[Settings]) -> Settings:
    """The block of params.yaml that belongs to a stage."""
    blocks = load_yaml("params.yaml")
    if stage not in blocks:
        raise InputError(f"params.yaml has no block {stage!r}: it has {', '.join(blocks)}.")
    return check(kind, blocks[stage], f"params.yaml, block {stage},")
