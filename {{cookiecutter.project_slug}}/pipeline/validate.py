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

ADVICE = {
    "missing": "fill the values, or set missing: true in the contract",
    "range": "correct the values, or widen range in the contract",
    "values": "correct the values, or add them to values in the contract",
    "type": "correct the values, or change type in the contract",
    "absent": "restore the column, or run `python -m pipeline.describe` on the new table",
    "unknown": "drop the column, or run `python -m pipeline.describe` to add it to the contract",
}
DIFFERENT = 100  # rows; with fewer different ones a split by content is lopsided
SAMPLE = 100_000  # rows that are enough to see a leak


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


def warnings(data: pd.DataFrame, contract: Contract, leak: float) -> list[str]:
    """What keeps the contract and may still spoil the study: leaks, duplicates, a target or columns without news."""
    found = []
    target = data[contract.target].dropna()
    if target.nunique() < 2:
        found.append(f"the target `{contract.target}` is always the same: there is nothing to learn")
    copies = int(pd.util.hash_pandas_object(data[contract.content], index=False).duplicated().sum())
    if copies:
        found.append(f"{copies} rows look like others (ids and target apart): the split keeps them on one side")
    if copies and len(data) - copies < DIFFERENT:
        found.append(
            f"only {len(data) - copies} rows are different: few of them judge the model, so mistrust its metrics"
        )
    found += [
        f"`{name}` {fault}" for name in contract.columns if (fault := half_read(data[name], contract.columns[name]))
    ]
    if without := len(data) - len(target):
        found.append(f"{without} rows have no `{contract.target}`: prepare leaves them out")
    known = data.loc[target.index].iloc[:SAMPLE]
    for name, column in contract.features.items():
        values = known[name].dropna()
        if column.type in ("text", "category", "integer") and len(values) > 20 and values.is_unique:
            found.append(f"`{name}` has another value in every row: is it an id? (role: ignored)")
        elif (share := explained(known[name], known[contract.target], contract.task)) >= leak:
            found.append(
                f"`{name}` alone explains {share:.1%} of the target: was it known when the prediction is needed?"
            )
    return found


def half_read(values: pd.Series, column: Column) -> str:
    """What to say of a text column in which nearly all values are numbers: one word keeps them from being read so."""
    if column.type not in ("text", "category") or column.role == "target":
        return ""
    present = values.dropna().iloc[:SAMPLE]
    odd = present[pd.to_numeric(present, errors="coerce").isna()]
    if present.empty or not 0 < len(odd) < 0.1 * len(present):
        return ""
    return f"is taken for text, for {odd.iloc[0]!r} is no number: leave such cells empty and describe the table again"


def explained(feature: pd.Series, target: pd.Series, task: str) -> float:
    """The share of the target that one column explains out of sample, from 0 to 1.

    The column is cut into at most 256 bins; the odd rows' mean (or most frequent class) in each bin predicts the even
    rows. The share is R squared, or the share of the errors of always guessing the most frequent class that vanish.
    """
    fit = np.arange(len(target)) % 2 == 1
    if pd.api.types.is_numeric_dtype(feature) or pd.api.types.is_datetime64_any_dtype(feature):
        numbers = feature.astype("int64") if pd.api.types.is_datetime64_any_dtype(feature) else feature
        edges = np.unique(np.nanquantile(numbers[fit], np.linspace(0, 1, 257))) if numbers[fit].notna().any() else [0]
        bins = pd.Series(np.searchsorted(edges, numbers, side="right"), index=feature.index)
    else:
        bins = pd.Series(pd.factorize(feature)[0], index=feature.index)
    if task == "regression":
        guess = bins[~fit].map(target[fit].groupby(bins[fit]).mean()).fillna(target[fit].mean())
        rest, all_ = ((target[~fit] - guess) ** 2).sum(), ((target[~fit] - target[fit].mean()) ** 2).sum()
    else:
        codes = pd.Series(pd.factorize(target, sort=True)[0], index=target.index)
        common = int(codes[fit].mode().iloc[0])
        pairs = pd.DataFrame({"bin": bins[fit], "code": codes[fit]}).value_counts().reset_index()
        best = pairs.drop_duplicates("bin").set_index("bin")["code"]
        guess = bins[~fit].map(best).fillna(common)
        rest, all_ = (codes[~fit] != guess).sum(), (codes[~fit] != common).sum()
    return float(1 - rest / all_) if all_ > 0 else 0.0


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
    warned = [] if len(breaches) else warnings(data, contract, settings.leak)
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
