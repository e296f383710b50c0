"""Stops the pipeline when the data breaks its contract, and warns of what would spoil a study silently.

Reads data/raw.csv and data/schema.yaml; writes reports/validation.md, also when it exits with 1.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors
from pydantic import Field

from pipeline import contract as contracts
from pipeline import table
from pipeline.contract import Column, Contract
from pipeline.stage import Block, Refused, params, run
from pipeline.suspicions import suspicions

ADVICE = {
    "missing": "fill the values, or set missing: true in the contract",
    "range": "correct the values, or widen range in the contract",
    "values": "correct the values, or add them to values in the contract",
    "type": "correct the values, or change type in the contract",
    "absent": "restore the column, or run `python -m pipeline.describe` on the new table",
    "unknown": "drop the column, or run `python -m pipeline.describe` to add it to the contract",
}


class Validate(Block):
    """`leak`: warn from this share of the target explained by one column alone (1 is all of it)."""

    leak: float = Field(gt=0, le=1)


def validate(data: pd.DataFrame, unreadable: dict[str, pd.Series], contract: Contract) -> pd.DataFrame:
    """The breaches of the contract, one row a column and kind: column, what, how many, rows (from 1), examples."""
    breaches = [_breach(name, "type", bad.index.to_numpy(), bad.tolist()) for name, bad in unreadable.items()]
    breaches += [_breach(name, "absent", np.array([]), []) for name in contract.columns if name not in data]
    present = {name: column for name, column in contract.columns.items() if name in data and column.role != "ignored"}
    schema = pa.DataFrameSchema({name: _column(column) for name, column in present.items()})
    try:
        schema.validate(data, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        cases = cases.assign(what=cases["check"].map(lambda check: "missing" if check == "not_nullable" else check))
        for (name, what), group in cases.groupby(["column", "what"], sort=False):
            rows = group["index"].to_numpy(dtype=int)
            if what == "missing" and name in unreadable:
                rows = np.setdiff1d(rows, unreadable[name].index)
            if len(rows):
                breaches.append(_breach(name, what, rows, [] if what == "missing" else group["failure_case"].tolist()))
    return pd.DataFrame(breaches, columns=["column", "what", "how many", "rows", "examples", "what to do"])


def _column(column: Column) -> pa.Column:
    """The contract's checks of one column; its type is already checked by having been read."""
    checks = []
    if column.range:
        low, high = column.range
        checks.append(pa.Check(lambda s: s.between(low, high), name="range", error="range"))
    if column.values:
        checks.append(pa.Check(lambda s: s.isin(column.values), name="values", error="values"))
    return pa.Column(checks=checks, nullable=column.missing)


def _breach(name: str, what: str, rows: np.ndarray, values: list[object]) -> dict[str, object]:
    examples = ", ".join(dict.fromkeys(str(value) for value in values[:200]))
    shown = ", ".join(str(row + 1) for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
    keys = {"column": name, "what": what, "how many": len(rows), "rows": shown}
    return keys | {"examples": examples[:60], "what to do": ADVICE[what]}


def report(data: pd.DataFrame, breaches: pd.DataFrame, warned: list[str]) -> str:
    """The validation report as Markdown."""
    verdict = f"breaks its contract in {len(breaches)} ways" if len(breaches) else "keeps its contract"
    lines = ["# Data validation", "", f"The table ({len(data)} rows, {len(data.columns)} columns) {verdict}.", ""]
    if len(breaches):
        cells = [breaches.columns, ["---"] * len(breaches.columns), *breaches.astype(str).to_numpy()]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells] + [""]
    if warned:
        lines += ["## Warnings", "", *(f"- {warning}" for warning in warned), ""]
    return "\n".join(lines)


def main(table_path: str, contract_path: str, report_path: str) -> None:
    """Validate the table; exits with 1 when the contract is broken."""
    settings = params("validate", Validate)
    contract = contracts.load(contract_path)
    raw = table.read(table_path)
    data, unreadable = contracts.typed(raw, contract)
    breaches = validate(data, unreadable, contract)
    unknown = [_breach(name, "unknown", np.array([]), []) for name in raw.column_names if name not in contract.columns]
    breaches = pd.concat([breaches, pd.DataFrame(unknown, columns=breaches.columns)], ignore_index=True)
    warned = [] if len(breaches) else suspicions(data, contract, settings.leak)
    text = report(data, breaches, warned)
    Path(report_path).parent.mkdir(exist_ok=True)
    Path(report_path).write_text(text, "utf-8", newline="\n")
    print(text)
    if len(breaches):
        raise Refused(
            f"{table_path} breaks {contract_path} in {len(breaches)} ways: see the table above ({report_path})."
        )


if __name__ == "__main__":
    run("validate", main)
