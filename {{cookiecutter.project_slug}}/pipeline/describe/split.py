"""Writes the split that suits the table into params.yaml; the column that says whose row it is becomes no feature."""

import pyarrow as pa

from pipeline.contract.schema import Contract
from pipeline.describe.doubts import DOUBT
from pipeline.describe.params_file import write_block
from pipeline.run.settings import check, load_yaml
from pipeline.split.settings import Prepare
from pipeline.validation.choose import choose
from pipeline.validation.unfamiliar import unfamiliar


def fit_split(table: pa.Table, contract: Contract, path: str) -> tuple[Contract, str]:
    """Choose the split and write it into params.yaml; the contract without the owner as a feature, and the reason."""
    start = check(Prepare, load_yaml(path).get("prepare"), f"{path}, block prepare,")
    settings, why = choose(table, contract, start)
    write_block("prepare", settings.model_dump(), path)
    columns = dict(contract.columns)
    for name, doubt in unfamiliar(table, contract, settings).items():
        columns[name] = columns[name].model_copy(update={"note": DOUBT + doubt})
    for name in settings.split_on:
        if len(contract.features) > 1 and columns[name].role == "feature":
            note = "it says whose row it is: prepare.split_on"
            columns[name] = columns[name].model_copy(update={"role": "ignored", "note": note})
    return contract.model_copy(update={"columns": columns}), f"{settings.split}: {why} ({path}, prepare)"
