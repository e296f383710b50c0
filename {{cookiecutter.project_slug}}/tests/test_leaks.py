"""validate names the columns that give the target away, alone or together, and does not accuse honest tables."""

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from pipeline.contract.schema import Contract
from pipeline.validation.warnings import warnings

N = 1000
RNG = np.random.default_rng(0)
DATA = pd.DataFrame(
    {
        "units": RNG.poisson(8, N) + 1.0,
        "price": RNG.lognormal(3, 1, N).round(2),
        "start": pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 300, N), "D"),
        "late": RNG.integers(0, 2, N).astype(float),
        "paid": pd.Series(RNG.choice(["yes", "no"], N), dtype="str"),
        "x": RNG.normal(size=N),
        "z": RNG.normal(size=N),
    }
)
DATA["end"] = DATA["start"] + pd.to_timedelta(RNG.integers(0, 60, N), "D")
KINDS = {"M": "datetime", "O": "category", "f": "number"}


def leaks(data: pd.DataFrame, target: pd.Series) -> str:
    """The columns that are reported, and whether they explain the target alone or together."""
    classes = target.dtype.kind != "f"
    role = {"type": "category" if classes else "number", "role": "target", "missing": False}
    columns = {n: {"type": KINDS[data[n].dtype.kind], "role": "feature", "missing": False} for n in data}
    task = "classification" if classes else "regression"
    contract = Contract.model_validate({"task": task, "columns": {**columns, "target": role}})
    found = [line for line in warnings(data.assign(target=target), contract, 0.98) if "explain" in line]
    return "; ".join(line.split(" explain")[0].replace("`", "") for line in found)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (DATA["units"] * DATA["price"], "units and price together"),
        (DATA["units"] * DATA["price"] * np.exp(0.02 * DATA["x"]), "units and price together"),
        (DATA["price"] / DATA["units"], "units and price together"),
        (3 * DATA["x"] - DATA["z"], "x and z together"),
        (DATA["x"] + 2 * DATA["z"] + DATA["units"], "units, x and z together"),
        ((DATA["end"] - DATA["start"]).dt.days.astype(float), "start and end together"),
        ((DATA["late"] == 1) ^ (DATA["paid"] == "yes"), "late and paid together"),
        (DATA["units"] * DATA["price"] > 150, "units and price together"),
        (np.log(DATA["price"]) / 7, "price alone"),
        (DATA["price"] ** 3, "price alone"),
        (DATA["x"] + DATA["z"] * DATA["units"] / 3, ""),
        (pd.Series(RNG.normal(size=N)), ""),
        (pd.Series(RNG.integers(0, 3, N).astype(str)), ""),
    ],
)
def test_leaks_through_one_or_more_columns_are_named(target: pd.Series, expected: str) -> None:
    """Sums, products, ratios, differences of dates, XOR and copies in another form are found, and nothing else."""
    assert leaks(DATA, target) == expected


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_honest_tables_are_not_accused(name: str) -> None:
    """Columns that separate classes almost perfectly, as petals do, are good features."""
    data, target = getattr(datasets, f"load_{name}")(return_X_y=True, as_frame=True)
    assert leaks(data, target.astype(float if name == "diabetes" else str)) == ""


@pytest.mark.parametrize(("kind", "count"), [("text", 0), ("category", 1)])
def test_free_text_is_not_taken_for_an_id(kind: str, count: int) -> None:
    """Texts that are all different are expected of free text, not of a category."""
    columns = {"text": {"type": kind, "role": "feature"}, "y": {"type": "number", "role": "target"}}
    plain = {"task": "regression", "columns": {name: entry | {"missing": False} for name, entry in columns.items()}}
    data = pd.DataFrame({"text": [f"word {i}" for i in range(50)], "y": RNG.normal(size=50)})
    found = [line for line in warnings(data, Contract.model_validate(plain), 0.98) if "is it an id?" in line]
    assert len(found) == count


def test_order_and_copies_of_rows_tell_nothing() -> None:
    """Copies of rows do not explain each other, and a code that changes with every row is found in any order."""
    noise = pd.Series(RNG.normal(size=N))
    four_times = np.repeat(np.arange(N), 4)
    assert leaks(DATA.iloc[four_times].reset_index(drop=True), noise.iloc[four_times].reset_index(drop=True)) == ""
    code = pd.Series(np.arange(N) % 2)
    assert leaks(DATA.assign(x=code * 1.0), code.map({0: "a", 1: "b"})) == "x alone"
