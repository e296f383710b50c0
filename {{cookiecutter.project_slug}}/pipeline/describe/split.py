"""Writes the split that suits the table into params.yaml; the column that says whose row it is becomes no feature."""

import re

import pyarrow as pa
import yaml

from pipeline.contract.schema import Contract
from pipeline.run.errors import InputError
from pipeline.run.settings import check, load_yaml, parse_yaml
from pipeline.split.settings import Prepare
from pipeline.validation.choose import choose


def fit_split(table: pa.Table, contract: Contract, path: str) -> tuple[Contract, str]:
    """Choose the split and write it into params.yaml; the contract without the owner as a feature, and the reason."""
    start = check(Prepare, load_yaml(path).get("prepare"), f"{path}, block prepare,")
    settings, why = choose(table, contract, start)
    write(settings, path)
    columns = dict(contract.columns)
    for name in settings.split_on:
        if len(contract.features) > 1 and columns[name].role == "feature":
            note = "it says whose row it is: prepare.split_on"
            columns[name] = columns[name].model_copy(update={"role": "ignored", "note": note})
    return contract.model_copy(update={"columns": columns}), f"{settings.split}: {why} ({path}, prepare)"


def write(settings: Prepare, path: str) -> None:
    """Write the settings into the block `prepare` of params.yaml; every comment and other line stays as it is."""
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    start = text.index("\nprepare:") + 1 if "\nprepare:" in text else 0
    end = next((place.start() for place in re.compile(r"^\w", re.MULTILINE).finditer(text, start + 1)), len(text))
    block = text[start:end]
    for name, value in settings.model_dump().items():
        line = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False)
        line = line.removesuffix("...\n").strip()
        line = line.replace("\\", r"\\")
        block = re.sub(rf"(?m)^(  {name}:)[^\n#]*?(?=\s*(#.*)?$)", rf"\1 {line}", block)
    text = text[:start] + block + text[end:]
    if parse_yaml(text, path).get("prepare") != settings.model_dump():
        raise InputError(f"{path} has an unusual block prepare: write there {settings.model_dump()}.")
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
