"""The serving form predicts as the fitted pipeline does, from plain data, for every type of column and odd values."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.archive import model_file
from pipeline.archive.predictions import predict
from pipeline.contract.schema import Contract, parse
from pipeline.export import compare, export
from pipeline.form import frame
from pipeline.form.golden import difference
from pipeline.form.model import load
from pipeline.model import Train
from pipeline.run.errors import InputError
from pipeline.train import train

COLORS = ["red", "green", "blue", "violet"]
TEXTS = ["", "ein schneller Fuchs", "Fuchs und Hase", "no word of these", "兔子 跑 跑", "Hase Hase schneller, Fuchs!"]
FLOWERS = ["iris", "lily", "rose"]


def contract(task: str) -> Contract:
    """One column of each type."""
    kinds: dict[str, dict[str, Any]] = {
        "size": {"type": "number"},
        "count": {"type": "integer"},
        "wet": {"type": "boolean"},
        "color": {"type": "category", "values": COLORS},
        "town": {"type": "category"},
        "rank": {"type": "category", "ordered": True, "values": ["low", "mid", "high"]},
        "day": {"type": "datetime"},
        "note": {"type": "text"},
    }
    columns = {name: {"role": "feature", "missing": True, **kind} for name, kind in kinds.items()}
    target = {"type": "category", "values": FLOWERS} if task == "classification" else {"type": "number"}
    return parse({"task": task, "columns": {**columns, "y": {"role": "target", "missing": False, **target}}}, "it")


def table(count: int, task: str, seed: int, classes: int = 3) -> pd.DataFrame:
    """Typed rows, a tenth of each column missing; the town has rare values, and the target depends on all."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("1969-06-01") + pd.to_timedelta(rng.integers(0, 10**17, count), unit="ns")
    data = pd.DataFrame(
        {
            "size": rng.normal(5, 3, count),
            "count": rng.integers(0, 9, count).astype(float),
            "wet": rng.integers(0, 2, count).astype(float),
            "color": rng.choice(COLORS[:3], count),
            "town": [f"town {int(n)}" for n in rng.exponential(90, count)],
            "rank": rng.choice(["low", "mid", "high"], count),
            "day": days.astype("datetime64[us]"),
            "note": rng.choice(TEXTS, count),
        }
    ).astype({"color": "str", "town": "str", "rank": "str", "note": "str"})
    score = data["size"] + 2 * data["wet"] + 3 * (data["color"] == "red") + 4 * data["note"].str.contains("Hase")
    data = data.mask(rng.random(data.shape) < 0.1)
    places = pd.qcut(score + rng.normal(0, 1, count), classes, labels=False)
    data["y"] = [FLOWERS[place] for place in places] if task == "classification" else score * 1000
    return data


def odd(data: pd.DataFrame) -> pd.DataFrame:
    """Rows with nothing, and with values that no training row has."""
    strange = pd.DataFrame([dict.fromkeys(data.columns), dict.fromkeys(data.columns)], columns=data.columns)
    strange.loc[1, ["color", "town", "rank", "note"]] = ["violet", "nowhere", "mid", "unheard 兔"]
    strange.loc[1, ["size", "count", "wet"]] = [-1e12, 1e9, 1.0]
    strange["day"] = pd.to_datetime(["1812-02-29 23:59:59.999999", None]).astype("datetime64[us]")
    return pd.concat([data, strange.astype(data.dtypes.to_dict())], ignore_index=True)


Case = tuple[Any, Contract, pd.DataFrame, bytes]


def made(task: str, kind: str, classes: int, path: Path) -> Case:
    """A fitted model, its contract, rows, and the archive."""
    settings = Train.model_validate(
        {"model": kind, "learning_rate": 0.1, "max_iter": 15, "max_leaf_nodes": 8, "rows_per_leaf": 20}
        | {"min_samples_leaf": 5, "l2_regularization": 1.0, "seed": 0}
    )
    model = train(table(900, task, 0, classes), contract(task), settings)
    model_file.save(model, str(path / "model.skops"))
    return model, contract(task), odd(table(300, task, 1, classes)), (path / "model.skops").read_bytes()


def form_of(case: Case, golden: int = 3) -> bytes:
    """The serving form of a case."""
    model, agreed, data, archived = case
    rows = frame.cells(data, agreed)
    plain = json.loads(json.dumps(rows[:golden], default=str))
    answers = predict(model, data.head(golden), agreed).to_dict("records")
    return export(model, archived, "0" * 32, {"rows": plain, "predictions": answers}, data, rows, agreed)


TASKS = [("classification", 3), ("classification", 2), ("regression", 3)]


@pytest.fixture(scope="module", params=[(t, c, k) for t, c in TASKS for k in ("boosting", "linear")], ids=str)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Each task with each model; of three classes, or two of the contract's three."""
    task, classes, kind = request.param
    return made(task, kind, classes, tmp_path_factory.mktemp("form"))


def test_form_predicts_as_the_pipeline(case: Case, tmp_path: Path) -> None:
    """Labels are the same and numbers within 1e-9, for many rows at once and for one."""
    model, agreed, data, _ = case
    (tmp_path / "f.zip").write_bytes(form_of(case))
    form, rows = load(tmp_path / "f.zip"), frame.cells(data, agreed)
    expected = predict(model, data, agreed).to_dict("records")
    form.verify()
    assert form.kind in ("trees", "linear")
    compare(form.predict(rows), expected)
    compare([form.predict([row | {"wet": True}])[0] for row in rows if row["wet"]],
            [answer for row, answer in zip(rows, expected) if row["wet"]])  # fmt: skip


def test_form_loads_without_large_libraries(case: Case, tmp_path: Path) -> None:
    """Neither scikit-learn nor pandas nor DVC is needed to load the form and to predict."""
    (tmp_path / "f.zip").write_bytes(form_of(case))
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['sklearn', 'pandas', 'dvc', 'skops', 'pyarrow'])); "
        "from pathlib import Path; from serving.model import load; load(Path(sys.argv[1])).verify(); print('fine')"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "f.zip")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "fine\n"


def test_export_stops_at_another_prediction() -> None:
    """A label that differs, or a number beyond 1e-9, is told; a smaller difference is none."""
    old: dict[str, Any] = {"predicted": "iris", "p(iris)": 0.75}
    assert difference(old, old | {"p(iris)": 0.75 + 1e-10}) is None
    for new in ({"p(iris)": 0.75 + 1e-8}, {"predicted": "rose"}, {"p(iris)": float("nan")}):
        with pytest.raises(InputError, match="of test row 0"):
            compare([old | new], [old])


def test_rows_become_the_same_table_again() -> None:
    """Rows as a service gives them are the table that the archive predicts."""
    agreed = contract("classification")
    data = agreed.inputs(odd(table(50, "classification", 1)))
    pd.testing.assert_frame_equal(frame.table(frame.cells(data, agreed), agreed), data)
