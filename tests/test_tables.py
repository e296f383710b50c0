"""Unusual but tidy tables: each is baked, reproduced without an edit, and checked by its results."""

import functools
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.conftest import Run

pytestmark = pytest.mark.slow
Learn = Callable[..., "Results"]


class Results:
    """The outputs of a project after `dvc repro`."""

    def __init__(self, project: Path, run: Run) -> None:
        self.project = project
        run("dvc", "repro", cwd=project)
        self.train, self.test = (pd.read_parquet(project / "data" / f"{side}.parquet") for side in ("train", "test"))
        self.rows, self.card = len(self.train) + len(self.test), (project / "reports/model_card.md").read_text("utf-8")
        self.metrics: dict[str, Any] = json.loads((project / "reports/metrics.json").read_text())
        baseline = json.loads((project / "reports/intervals.json").read_text())["baseline"]
        main = "log_loss" if "log_loss" in self.metrics else "rmse"
        self.gain = 1 - self.metrics[main] / baseline[main]  # relative to the baseline's error
        self.profile: dict[str, Any] = json.loads((project / "data/profile.json").read_text())
        self.columns: dict[str, Any] = yaml.safe_load((project / "data/schema.yaml").read_text("utf-8"))["columns"]
        lines = (project / "reports/validation.md").read_text("utf-8").splitlines()
        self.warnings = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
        assert not set(self.train["__row__"]) & set(self.test["__row__"])

    def kinds(self, *names: str) -> str:
        return " ".join({f"{self.columns[name]['role']} {self.columns[name]['type']}": 0 for name in names})


@pytest.fixture
def learn(bake: Callable[..., Path], run: Run, tmp_path: Path) -> Learn:
    """Write the table, bake a project for it, and reproduce it."""

    def learn(data: Any, target: str, task: str = "classification", suffix: str = ".csv", **csv: Any) -> Results:
        file = tmp_path / f"given{suffix}"
        if isinstance(data, pa.Table):
            pq.write_table(data, file)
        else:
            file.write_bytes(data if isinstance(data, bytes) else data.to_csv(**{"index": False} | csv).encode())
        return Results(bake(tmp_path, dataset=str(file), target=target, task=task), run)

    return learn


def example_data(rows: int) -> tuple[pd.DataFrame, np.ndarray, np.random.Generator]:
    """A number, a category, a number that depends on both with noise, and the random generator."""
    rng = np.random.default_rng(rows)
    data = pd.DataFrame({"x": rng.normal(size=rows), "g": rng.choice(list("abc"), rows)})
    return data, (data["x"] + 2 * (data["g"] == "a") + rng.normal(size=rows) * 0.3).to_numpy(), rng


def first_line(thing: object) -> str:
    """The first line of a docstring that is a sentence."""
    lines = (getattr(thing, "__doc__", None) or "").strip().split("\n")
    return next((line.strip() for line in lines if line.strip().endswith(".") and line.count(" ") > 3), "")


def tables() -> Iterator[tuple[str, pd.DataFrame, float, float]]:
    """A name, the table with its target `t`, and the bounds of the gain."""
    data, y, rng = example_data(50_000)
    names = [f"shop {i}" for i in rng.integers(0, 20_000, 50_000)]
    yield "50,000 rows, text of 20,000 values, one event in 50", data.assign(shop=names, t=y > 3), 0.3, 1
    data, y = data[:2000], y[:2000]
    yield "20 classes of whole numbers", data.assign(t=pd.qcut(y, 20, labels=False)), 0.2, 1
    yield "nothing to learn", data.assign(t=rng.integers(0, 2, 2000)), -0.3, 0.05
    missing = rng.random((2000, 1)) < 0.7
    yield "one feature that most rows lack", data[["x"]].mask(missing).assign(t=data["x"] > 0), 0.1, 1
    lines = {first_line(thing): owner for owner in (np, pd.DataFrame) for thing in vars(owner).values()}
    docs = [(line, str(owner is np)) for line, owner in lines.items() if line]
    yield "what numpy and pandas say of themselves", pd.DataFrame(docs, columns=["doc", "t"]), 0.3, 1
    rare = pd.DataFrame(rng.normal(size=(10_000, 20))).add_prefix("f")
    signal = rare["f0"] + rare["f1"] + rng.normal(size=10_000)
    yield "70 events in 10,000 rows", rare.assign(t=signal.rank() > 9930), 0.1, 1
    words = pd.DataFrame({"g": data["g"], "h": [f"h{i}" for i in rng.integers(0, 90, 2000)], "t": data["g"] == "a"})
    yield "nothing but text", words, 0.8, 1
    yield "30 rows, labels 1.0 and 2.0", data[:30].assign(t=np.where(y[:30] > 0.5, 1.0, 2.0)), -1, 1
    wide = pd.DataFrame(rng.normal(size=(50, 2000))).add_prefix("f")
    yield "50 rows of 2,000 columns", wide.assign(x=np.arange(50) % 2 * 5 - wide["f0"], t=np.arange(50) % 2), 0.4, 1


@pytest.mark.parametrize("table", list(tables()), ids=lambda table: table[0])
def test_model_learns_signal_and_not_noise(table: tuple[Any, ...], learn: Learn) -> None:
    """For any shape of table the model beats the baseline only if the features explain the target."""
    _, data, least, most = table
    assert least < learn(data, "t").gain < most


def test_column_types_and_roles_are_inferred(learn: Learn, run: Run) -> None:
    """Each column gets its type and role, with any header and with gaps in features and target."""
    data, y, rng = example_data(600)
    n, when = range(600), pd.date_range("2020-01-01", periods=600, freq="31h")
    data = data.assign(**{
        'Größe "q"': data["x"] * 3 + rng.normal(size=600), "naïve, col": rng.choice(["é", "ß", "日本", 'q"x'], 600),
        "day": when.strftime("%d/%m/%Y"), "moment": when.astype(str), "zone": when.strftime("%Y-%m-%dT%H:%M:%S+02:00"),
        "clock": [f"{i % 24:02}:{i % 7}0" for i in n], "flag": rng.random(600) > 0.5, "city": [f"{i % 97}c" for i in n],
    })  # fmt: skip
    data = data.mask(rng.random(data.shape) < 0.1).assign(id=n, code=[f"u{i}" for i in n], const=1, empty=np.nan)
    data = data.assign(count=rng.poisson(3, 600), **{"ziel ü": np.where(rng.random(600) < 0.1, np.nan, y)})
    results = learn(data, "ziel ü", "regression", ".tsv", sep="\t")
    assert results.kinds("id", "code", "const", "empty") == "ignored integer ignored category"
    assert results.kinds("day", "moment", "zone", "city", "clock") == "feature datetime feature category"
    assert results.kinds("flag", "naïve, col") == "feature boolean feature category"
    assert results.kinds('Größe "q"', "count", "ziel ü") == "feature number feature integer target number"
    assert 30 < results.profile["rows_without_target"] == 600 - results.rows
    assert results.warnings == [f"{600 - results.rows} rows have no `ziel ü`: prepare leaves them out"]
    assert results.gain > 0.3
    run("pytest", cwd=results.project)


def test_special_names_and_labels_are_preserved(learn: Learn, run: Run) -> None:
    """Names and labels with a meaning in YAML, CSV, Markdown or the pipeline are kept; a rare label is reported."""
    data, y, rng = example_data(400)
    names = [*"1#~*", "on", "null", "a: b", "- x", "p(x)", "{{ x }}", "actual", "predicted", "a/b", "two\nlines", "a|b"]
    labels = ["no", "01", '(c), "d"|e/f', "null-ish"]
    data[names] = rng.normal(size=(400, len(names)))
    data["yes"] = np.array(labels, dtype=object)[np.digitize(y, [-0.5, 0.5, 1.7])]
    data.loc[3, "yes"] = "rare"
    results = learn(data.rename(columns={"x": "{% x %}"}), "yes")
    assert list(results.columns) == ["{% x %}", "g", *names, "yes"]
    assert results.columns["yes"]["values"] == sorted([*labels, "rare"], key=lambda label: (label != "01", label))
    side = "training" if "rare" in set(results.train["yes"]) else "test"
    assert f"all rows of class 'rare' are {side} rows" in results.card
    assert results.gain > 0.2
    run("pytest", cwd=results.project)  # whose small table has the same columns


def test_foreign_csv_formats_are_read(learn: Learn) -> None:
    """BOM, CRLF, `;`, decimal commas, multi-line text and an unnamed index are read; leaks are reported."""
    data, y, rng = example_data(500)
    data = data.assign(note=[f"line {i % 60}\nof, two" for i in range(500)], serial=rng.permutation(10**6)[:500])
    text = data.assign(bill=np.where(y > 0.5, 1.5, 2.5), t=y > 0.5).to_csv(sep=";", decimal=",", lineterminator="\r\n")
    results = learn(b"\xef\xbb\xbf" + text.encode(), "t")
    assert list(results.columns) == ["column_1", "x", "g", "note", "serial", "bill", "t"]
    assert results.kinds("column_1", "note", "x", "bill") == "ignored integer feature category feature number"
    assert [warning.split("`")[1] for warning in results.warnings] == ["serial", "bill"]
    assert "alone explains 100.0% of the target" in results.warnings[1]
    assert results.gain > 0.9


def test_parquet_types_are_mapped(learn: Learn, run: Run) -> None:
    """Parquet types are mapped to the contract's types, and copies of rows stay together."""
    data, y, _ = example_data(400)
    n, when = range(400), pd.date_range("2020", periods=400, freq="7h", tz="Europe/Berlin")
    columns = {
        "g": pa.array(data["g"]).dictionary_encode(), "dec": pa.array([i % 77 / 4 for i in n]).cast(pa.decimal64(9, 4)),
        "stamp": pa.array(when), "date": pa.array(when.date), "took": pa.array([i % 67 for i in n], pa.duration("s")),
        "flag": pa.array([None if i % 5 == 0 else i % 2 == 0 for i in n]), "bytes": pa.array([b"x", b"y"] * 200),
        "half": pa.array(data["x"].astype("float16")), "small": pa.array([i % 9 for i in n], pa.uint64()),
        "null": pa.nulls(400), "time": pa.array(when.time), "t": [None if i % 9 == 0 else y[i] > 0.5 for i in n],
    }  # fmt: skip
    results = learn(pa.concat_tables([pa.table(columns)] * 2), "t", suffix=".parquet")
    assert (
        results.warnings[0]
        == "400 rows are copies of others (apart from ids and target): see prepare.copies in params.yaml"
    )
    assert results.kinds("stamp", "date", "g", "flag") == "feature datetime feature category feature boolean"
    assert results.kinds("dec", "half", "took", "small") == "feature number feature integer"
    assert results.columns["t"]["values"] == ["false", "true"]
    assert results.profile["rows_without_target"] == 90
    assert results.gain > 0.5
    run("pytest", cwd=results.project)


def test_extreme_values_fit_their_contract(learn: Learn, run: Run) -> None:
    """A table always fits the contract written from it, even with values at the limits of their type."""
    data, y, rng = example_data(400)
    n = range(400)
    data[[f"sparse {i}" for i in range(60)]] = pd.DataFrame({i: {2 * i: 1.0, 2 * i + 1: 2.0} for i in range(60)})
    data = data.assign(
        seconds=1.6e9 + rng.random(400) * 100, end=["9999-12-31" if i % 3 else f"2020-01-0{i % 9 + 1}" for i in n],
        inf=["Infinity" if i % 9 == 0 else str(i / 3) for i in n], gap=["NAN" if i % 9 == 0 else str(i / 7) for i in n],
        long=[str(2**70 + 3 * i) for i in n], customer=[2**60 + i % 9 for i in n], vast=[(-1) ** i * 1e308 for i in n],
    )  # fmt: skip
    results = learn(pa.table(data.assign(t=1.7e9 + y)), "t", "regression", ".parquet")
    assert results.kinds("seconds", "gap", "inf", "t") == "feature number target number"
    assert results.kinds("end") == "feature datetime"
    assert results.gain > 0.5
    run("pytest", cwd=results.project)


def test_dataset_from_a_url_can_be_updated(bake: Callable[..., Path], run: Run, tmp_path: Path) -> None:
    """A URL's data is imported with its source; after the file changed, `dvc update` and `dvc repro` use it."""
    served = tmp_path / "table.csv"
    data, y, _ = example_data(400)
    data.assign(y=y).head(300).to_csv(served, index=False)
    files = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/table.csv"
        project = bake(tmp_path, dataset=url, target="y", task="regression")
        first = Results(project, run)
        data.assign(y=y).to_csv(served, index=False)
        run("dvc", "update", "data/raw.csv.dvc", cwd=project)
        second = Results(project, run)
        server.shutdown()
    assert yaml.safe_load((project / "data" / "raw.csv.dvc").read_text())["deps"][0]["path"] == url
    assert (first.rows, second.rows) == (300, 400)
    assert set(first.test["__row__"]) < set(second.test["__row__"])
    assert first.gain > 0.5 < second.gain


def test_wide_table_is_described_and_explained_briefly(learn: Learn, run: Run) -> None:
    """1,500 similar columns are one entry of the contract; importance finds the few that count, the card says so."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame(rng.normal(size=(400, 1500)).round(3)).add_prefix("pixel")
    data["t"] = data["pixel3"] + 2 * data["pixel7"] + rng.normal(size=400) * 0.1 > 0
    results = learn(data, "t")
    assert list(results.columns) == ["pixel{0..1499}", "t"] and len(results.profile["columns"]) == 1501
    ranking = pd.read_csv(results.project / "reports/plots/importance.csv")["feature"].tolist()
    assert {"pixel{0..1499}", "pixel7", "pixel3"} == {*ranking[:3]} and len(ranking) <= 31
    assert "columns that change few predictions were not shuffled by themselves" in results.card
    assert results.gain > 0.3
    run("pytest", cwd=results.project)


def test_weights_count_in_training_and_in_metrics(learn: Learn) -> None:
    """Three rows of ten weigh ten times as much: the model follows them, and the metrics are weighted."""
    rng = np.random.default_rng(0)
    heavy = rng.random(2000) < 0.3
    data = pd.DataFrame({"x": rng.normal(size=2000), "sample_weight": np.where(heavy, 10.0, 1.0)})
    found = learn(data.assign(t=np.where(heavy, "heavy", "light")), "t")
    assert found.kinds("sample_weight") == "weight number"
    predictions = pd.read_parquet(found.project / "reports/predictions.parquet")
    right, weights = predictions["predicted"] == predictions["actual"], predictions["__weight__"]
    assert (predictions["predicted"] == "heavy").mean() > 0.95
    assert found.metrics["accuracy"] == pytest.approx((right * weights).sum() / weights.sum())
    assert found.metrics["accuracy"] > 0.7 > 0.5 > right.mean()
