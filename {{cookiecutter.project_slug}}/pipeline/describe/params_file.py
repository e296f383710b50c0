"""Writes values into a block of params.yaml; comments, order and all other lines stay as people wrote them."""

import re
from typing import Any

import yaml

from pipeline.run.errors import InputError
from pipeline.run.settings import parse_yaml


def write_block(block: str, values: dict[str, Any], path: str) -> None:
    """Set these values of a block; raises InputError, and writes nothing, if the file is laid out in another way."""
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    start = next((place.start() for place in re.finditer(rf"(?m)^{block}:", text)), len(text))
    end = next((place.start() for place in re.compile(r"^\w", re.MULTILINE).finditer(text, start + 1)), len(text))
    lines = text[start:end]
    for name, value in values.items():
        flow = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False)
        plain = flow.removesuffix("...\n").strip().replace("\\", r"\\")
        lines = re.sub(rf"(?m)^(  {name}:)[^\n#]*?(?=\s*(#.*)?$)", rf"\1 {plain}", lines)
    written = text[:start] + lines + text[end:]
    if parse_yaml(written, path).get(block) != (parse_yaml(text, path).get(block) or {}) | values:
        raise InputError(f"{path} has an unusual block {block}: write there yourself {values}.")
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(written)
