"""Settings: YAML files as mappings, and the blocks of params.yaml as typed, checked objects."""

import reprlib
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.run.errors import InputError, one_line, reading, reason

LARGEST, NODES, DEPTH = 16 * 2**20, 1_000_000, 50  # characters, values and levels of a YAML text
SHOWN = 10  # faults of a block that are listed
LONG = 64  # characters that count as one more value
PLAIN = ("null", "bool", "int", "float", "str", "seq", "map")  # the types of JSON

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(SafeLoader):
    """YAML's values that JSON has too; a date is text, as it is in a table."""

    yaml_constructors = {
        tag: constructor
        for tag, constructor in SafeLoader.yaml_constructors.items()
        if tag is None or tag.removeprefix("tag:yaml.org,2002:") in PLAIN
    }
    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":value"))]
        for first, resolvers in SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_yaml_int(self, node: Any) -> int:
        """An integer that a float can hold."""
        if len(node.value) > 100:
            raise ValueError(f"an integer of {len(node.value)} characters is too long")
        return int(super().construct_yaml_int(node))


Loader.add_constructor("tag:yaml.org,2002:int", Loader.construct_yaml_int)


class Block(BaseModel):
    """A block of settings; unknown keys and wrong types are refused by name."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Settings = TypeVar("Settings", bound=Block)


def check(kind: type[Settings], values: object, where: str) -> Settings:
    """`values` as a `kind`; raises InputError that names each wrong key, and `where` it is."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        faults = [_fault(one_line(".".join(map(str, e["loc"]))) or "the block", e["type"], e) for e in errors[:SHOWN]]
        faults += [f"and {len(errors) - SHOWN} more"] if len(errors) > SHOWN else []
        top_level = any(len(e["loc"]) < 2 for e in errors)
        allowed = f"; allowed here: {', '.join(kind.model_fields)}" if top_level else ""
        raise InputError(f"{where} is not valid ({'; '.join(faults)}){allowed}.") from None


def _fault(key: str, kind: str, error: Any) -> str:
    plain = {"extra_forbidden": f"{key} is unknown", "missing": f"{key} is missing"}
    return plain.get(kind, f"{key}: {error['msg']}, not {reprlib.repr(error['input'])}")


def parse_yaml(text: str, name: str) -> dict[str, Any]:
    """The mapping in a YAML text, `name` for messages; raises InputError if it is not valid or not a mapping."""
    try:
        _check_size(text)
        content = yaml.load(text, Loader=Loader)
    except Exception as error:  # a broken date, surrogates or very deep lists are not YAMLErrors
        raise InputError(f"{name} is not valid YAML: {reason(error)}.") from None
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise InputError(f"{name} must be a mapping of names to values.")
    return content


def _check_size(text: str) -> None:
    """Raise ValueError for a text that is too large, too deep, or becomes so when its aliases are expanded."""
    expanded, opened = NODES + 1 if len(text) > LARGEST else 0, []
    sizes: dict[str | None, int] = {}
    for event in yaml.parse(text, Loader=Loader) if not expanded else ():
        if isinstance(event, yaml.AliasEvent):
            expanded += sizes.get(event.anchor, 0)
        elif isinstance(event, yaml.NodeEvent):
            start, expanded = expanded, expanded + 1 + len(getattr(event, "value", "")) // LONG
            if event.anchor:  # a list or mapping that refers to itself has no end
                sizes[event.anchor] = expanded - start if isinstance(event, yaml.ScalarEvent) else NODES + 1
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append((event.anchor, start))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, start = opened.pop()
            sizes[anchor] = expanded - start
        if len(opened) > DEPTH:
            raise ValueError(f"it is nested more than {DEPTH} levels deep: write it flatter")
        if expanded > NODES:
            break
    if expanded > NODES:
        raise ValueError(f"it has more than {NODES:,} values, or aliases that stand for so many: make it smaller")


def load_yaml(path: str) -> dict[str, Any]:
    """The mapping in a YAML file; raises InputError if the file is missing or not valid."""
    try:
        with reading(path, "write it as a UTF-8 text file"), open(path, encoding="utf-8") as file:
            text = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist: restore it with `git checkout -- {path}`.") from None
    return parse_yaml(text, path)


def params(stage: str, kind: type[Settings]) -> Settings:
    """The block of params.yaml that belongs to a stage."""
    blocks = load_yaml("params.yaml")
    if stage not in blocks:
        raise InputError(f"params.yaml has no block {stage!r}: it has {one_line(', '.join(blocks))}.")
    return check(kind, blocks[stage], f"params.yaml, block {stage},")
