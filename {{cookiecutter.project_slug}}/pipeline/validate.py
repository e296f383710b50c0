"""Stops the pipeline if the data breaks its contract, and warns of what could spoil a study unnoticed.

Reads data/raw.csv and data/schema.yaml; writes reports/validation.md, also when it exits with 1.
"""

import pandas as pd
from pydantic import Field

from pipeline.contract import schema
from pipeline.run.errors import InputError
from pipeline.run.files import write_text
from pipeline.run.settings import Block, params
from pipeline.run.stage import stage
from pipeline.split.settings import Prepare
from pipeline.split.split import check_columns
from pipeline.table.read import read
from pipeline.table.types import typed
from pipeline.validation.breaches import breaches, unknown_columns
from pipeline.validation.choose import disagreements
from pipeline.validation.warnings import warnings


class Validate(Block):
    """`leak`: warn if one column alone explains at least this share of the target (1 is all of it)."""

    leak: float = Field(gt=0, le=1)


def report(data: pd.DataFrame, broken: pd.DataFrame, warned: list[str]) -> str:
    """The validation report as Markdown."""
    verdict = f"breaks its contract ({len(broken)} finding(s))" if len(broken) else "keeps its contract"
    lines = ["# Data validation", "", f"The table ({len(data)} rows, {len(data.columns)} columns) {verdict}.", ""]
    if len(broken):
        cells = [broken.columns, ["---"] * len(broken.columns), *broken.astype(str).to_numpy()]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells] + [""]
    if warned:
        lines += ["## Warnings", "", *(f"- {warning}" for warning in warned), ""]
    return "\n".join(lines)


@stage
def main(table_path: str, contract_path: str, report_path: str) -> None:
    """Validate the table; raises InputError if it breaks the contract."""
    settings, prepare = params("validate", Validate), params("prepare", Prepare)
    contract = schema.load(contract_path)
    raw = read(table_path)
    data, unreadable = typed(raw, contract)
    broken = pd.concat([breaches(data, unreadable, contract), unknown_columns(raw.column_names, contract)])
    check_columns(raw, prepare)
    warned = [] if len(broken) else disagreements(raw, contract, prepare) + warnings(data, contract, settings.leak)
    text = report(data, broken, warned)
    write_text(text, report_path)
    print(text)
    if len(broken):
        raise InputError(f"{table_path} breaks {contract_path}: see the {len(broken)} finding(s) in {report_path}.")
