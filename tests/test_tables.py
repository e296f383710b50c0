"""Any tidy table: each of these odd ones is baked for real, reproduced without an edit, and judged by what came out."""

import functools
import http.server
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.conftest import Run

pytestmark = pytest.mark.slow
RNG = np.random.default_rng(0)


class Results(NamedTuple):
    """What a reproduced project says of its table."""

    project: Path
    metrics: dict[str, Any]
    columns: dict[str, dict[str, Any]]
    warned: str
    profile: dict[str, Any]
    train: pd.DataFrame
    test: pd.DataFrame

    def gain(self, metric: str) -> float:
        """The share of the baseline's error that the model takes away."""
        return 1 - float(self.metrics[metric]) / float(self.metrics["baseline"][metric])

    def kinds(self, *names: str) -> list[str]:
        return [f"{self.columns[name]['role']} {self.columns[name]['type']}" for name in names]


def results(project: Path, run: Run) -> Results:
    run("dvc", "repro", cwd=project)
    metrics, profile = (
        json.loads((project / name).read_text()) for name in ("reports/metrics.json", "data/profile.json")
    )
    train, test = (pd.read_parquet(project / "data" / f"{side}.parquet") for side in ("train", "test"))
    assert (profile["rows"], metrics["test_rows"]) == (len(train), len(test))
    assert not set(train["__row__"]) & set(test["__row__"])
    assert (project / "models" / "model.skops").stat().st_size > 0
    columns = yaml.safe_load((project / "data" / "schema.yaml").read_text("utf-8"))["columns"]
    return Results(project, metrics, columns, (project / "reports/validation.md").read_text(), profile, train, test)


@pytest.fixture
def learn(bake: Callable[..., Path], run: Run, tmp_path: Path) -> Callable[..., Results]:
    """Write the table, bake a project around it, reproduce it."""

    def learn(
        data: pd.DataFrame | pa.Table | bytes,
        target: str,
        task: str = "classification",
        suffix: str = ".csv",
        **csv: Any,
    ) -> Results:
        file = tmp_path / f"given{suffix}"
        if isinstance(data, pa.Table):
            pq.write_table(data, file)
        else:
            file.write_bytes(data if isinstance(data, bytes) else data.to_csv(**{"index": False} | csv).encode())
        return results(bake(tmp_path, dataset=str(file), target=target, task=task), run)

    return learn


def known(rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """A number and a category, and a number that they decide but for a little noise."""
    data = pd.DataFrame({"x": RNG.normal(size=rows), "g": RNG.choice(list("abc"), rows)})
    return data, (data["x"] + 2 * (data["g"] == "a") + RNG.normal(size=rows) * 0.3).to_numpy()


def test_columns_of_every_kind(learn: Callable[..., Results]) -> None:
    """Each column gets the type and the role that it deserves, under any header, with gaps in features and target."""
    data, y = known(600)
    n, when = range(600), pd.date_range("2020-01-01", periods=600, freq="31h")
    data = data.assign(**{
        'Größe (cm) "q"': data["x"] * 3 + RNG.normal(size=600), "naïve, col": RNG.choice(["é", "ß", "日本", 'q"x'], 600),
        "day": when.strftime("%d/%m/%Y"), "moment": when.astype(str), "zone": when.strftime("%Y-%m-%dT%H:%M:%S+02:00"),
        "clock": [f"{i % 24:02d}:{i % 7}0" for i in n], "flag": RNG.random(600) > 0.5, "const": 1, "empty": np.nan,
        "id": n, "code": [f"u{i}" for i in n], "city": [f"c{i % 120}" for i in n], "count": RNG.poisson(3, 600),
    })  # fmt: skip
    data = data.mask(RNG.random(data.shape) < 0.1).assign(id=n, code=data["code"], const=1)
    found = learn(data.assign(**{"ziel ü": np.where(RNG.random(600) < 0.1, np.nan, y)}), "ziel ü", "regression")
    assert found.kinds("id", "code", "const", "empty") == ["ignored integer", *["ignored text"] * 3]
    assert found.kinds("day", "moment", "zone") == ["feature datetime"] * 3
    assert found.kinds("flag", "naïve, col", "city", "clock") == [
        f"feature {k}" for k in ("boolean", "category", "text", "text")
    ]
    assert found.kinds('Größe (cm) "q"', "count", "ziel ü") == ["feature number", "feature integer", "target number"]
    dropped = found.profile["rows_without_target"]
    assert 30 < dropped == 600 - len(found.train) - len(found.test)
    assert f"{dropped} rows have no `ziel ü`" in found.warned
    assert found.metrics["r2"] > 0.6


def test_hostile_names_and_labels(learn: Callable[..., Results]) -> None:
    """Headers and class labels that YAML, CSV, Markdown or the pipeline use themselves stay what they are."""
    data, y = known(400)
    names = [
        "on",
        "null",
        "1",
        "a: b",
        "- x",
        "#",
        "p(x)",
        "{{ x }}",
        "actual",
        "predicted",
        "a/b",
        "two\nlines",
        "~",
        "a|b",
    ]
    noise = pd.DataFrame(RNG.normal(size=(400, len(names))), columns=names)
    labels = ["no", "01", '(c), "d"|e/f', "null-ish"]
    cut = np.array(labels, dtype=object)[np.digitize(y, [-0.5, 0.5, 1.7])]
    found = learn(pd.concat([data.rename(columns={"x": "{% x %}"}), noise.assign(yes=cut)], axis=1), "yes")
    assert list(found.columns) == ["{% x %}", "g", *names, "yes"]
    assert set(found.columns["yes"]["values"]) == set(labels)
    assert set(found.test["yes"]) == set(labels)
    assert found.gain("log_loss") > 0.3


def test_twenty_classes_of_whole_numbers(learn: Callable[..., Results]) -> None:
    """Labels that are numbers are classes in their own order, as many as there are."""
    data, y = known(2000)
    found = learn(data.assign(label=pd.qcut(y, 20, labels=False)), "label")
    assert found.columns["label"]["values"] == [str(i) for i in range(20)]
    assert found.metrics["roc_auc"] > 0.8
    assert found.gain("log_loss") > 0.2


def test_rare_class_is_named(learn: Callable[..., Results]) -> None:
    """A class with one row in 60 stops nothing: prepare and the card say on which side it is."""
    data, y = known(60)
    found = learn(data.assign(t=np.where(np.arange(60) == 3, "rare", np.where(y > 0, "p", "n"))), "t")
    (warning,) = found.profile["warnings"]
    side = "training" if "rare" in set(found.train["t"]) else "test"
    assert warning == f"all rows of class 'rare' are on the {side} side"
    assert warning in (found.project / "reports" / "model_card.md").read_text("utf-8")
    assert found.metrics["log_loss"] < 2


def test_fifty_rows_of_two_thousand_columns(learn: Callable[..., Results]) -> None:
    """A short, very wide table finds its signal and lists every feature's importance."""
    wide = pd.DataFrame(RNG.normal(size=(50, 2000)), columns=[f"f{i}" for i in range(2000)])
    wide["f7"] += np.where(np.arange(50) % 2, 4, -4)
    found = learn(wide.assign(y=np.where(np.arange(50) % 2, "b", "a")), "y")
    importance = pd.read_csv(found.project / "reports" / "plots" / "importance.csv")
    assert importance["feature"].iloc[0] == "f7"
    assert len(importance) == 2000
    assert found.gain("log_loss") > 0.5


def test_copies_in_a_semicolon_file(learn: Callable[..., Results]) -> None:
    """`;` and decimal comma are read as numbers; copies are counted and never stand on both sides of the split."""
    data, y = known(300)
    twice = pd.concat([data.assign(y=y)] * 2)
    found = learn(twice, "y", "regression", sep=";", decimal=",")
    assert found.kinds("x", "y") == ["feature number", "target number"]
    assert "300 rows are copies of others" in found.warned
    assert len(found.train) + len(found.test) == 600
    assert found.train.merge(found.test, on=["x", "g"]).empty
    assert found.metrics["r2"] > 0.8


def test_leak_and_all_different_column_are_named(learn: Callable[..., Results]) -> None:
    """In a TSV the column that gives the answer away and the one that never repeats are named, and no other."""
    data, y = known(500)
    data = data.assign(invoice=np.where(y > 0.5, 1.0, 2.0), serial=RNG.permutation(10**6)[:500], t=y > 0.5)
    found = learn(data, "t", suffix=".tsv", sep="\t")
    warnings = [line for line in found.warned.splitlines() if line.startswith("- ")]
    assert [line.split("`")[1] for line in warnings] == ["invoice", "serial"]
    assert "`invoice` alone explains 100.0% of the target" in found.warned
    assert found.columns["t"]["values"] == ["False", "True"]
    assert found.gain("log_loss") > 0.9


def test_noise_gains_nothing(learn: Callable[..., Results]) -> None:
    """Where nothing can be learnt the metrics say so: near the baseline, neither better nor absurd."""
    data = known(1500)[0]
    found = learn(data.assign(t=RNG.integers(0, 2, 1500)), "t")
    assert found.metrics["interval"]["roc_auc"]["low"] < 0.5 < found.metrics["interval"]["roc_auc"]["high"]
    assert -0.3 < found.gain("log_loss") < 0.05


def test_csv_of_another_system(learn: Callable[..., Results]) -> None:
    """A BOM, CRLF line ends, text of several lines and the nameless index that pandas writes are read as meant."""
    data, y = known(300)
    data["note"] = [f"line {i % 60}\nof, two" for i in range(300)]
    text = data.assign(t=y).to_csv(lineterminator="\r\n")
    found = learn(b"\xef\xbb\xbf" + text.encode(), "t", "regression")
    assert list(found.columns) == ["column_1", "x", "g", "note", "t"]
    assert found.kinds("column_1", "note") == ["ignored integer", "feature text"]
    assert found.train["note"].str.contains("\n").all()
    assert found.metrics["r2"] > 0.8


def test_parquet_of_every_type(learn: Callable[..., Results]) -> None:
    """Parquet's own types become the contract's: decimals, categories, zones, times, durations, small and large."""
    data, y = known(400)
    when = pd.date_range("2020", periods=400, freq="7h", tz="Europe/Berlin")
    columns = {
        "cat": pa.array([f"c{i % 5}" for i in range(400)]).dictionary_encode(),
        "dec": pa.array([i % 77 / 4 for i in range(400)]).cast(pa.decimal128(20, 4)), "stamp": pa.array(when),
        "date": pa.array(when.date), "time": pa.array(when.time), "took": pa.array(RNG.integers(0, 99, 400), pa.duration("s")),
        "flag": pa.array([None if i % 5 == 0 else i % 2 == 0 for i in range(400)]), "half": pa.array(data["x"].astype("float16")),
        "big": pa.array([2**64 - 1 - i % 9 for i in range(400)], pa.uint64()), "null": pa.nulls(400), "bytes": pa.array([b"x", b"y"] * 200),
        "t": pa.array([None if i % 9 == 0 else v > 0.5 for i, v in enumerate(y)]),
    }  # fmt: skip
    found = learn(pa.table({"g": data["g"]} | columns), "t", suffix=".parquet")
    assert found.kinds("stamp", "date") == ["feature datetime"] * 2
    assert found.kinds("cat", "bytes", "flag") == ["feature category"] * 2 + ["feature boolean"]
    assert found.kinds("dec", "half", "took") == ["feature number"] * 2 + ["feature integer"]
    assert found.columns["t"]["values"] == ["false", "true"]
    assert found.profile["rows_without_target"] == 45
    assert found.gain("log_loss") > 0.5


def test_fifty_thousand_rows_with_rare_events(learn: Callable[..., Results]) -> None:
    """Text of 20,000 values and events in 2 % of the rows: chances stay honest and some events are found."""
    data, y = known(50_000)
    names = [f"shop {i}" for i in RNG.integers(0, 20_000, 50_000)]
    found = learn(data.assign(shop=names, t=np.where(y > np.quantile(y, 0.98), "yes", "no")), "t")
    assert found.kinds("shop") == ["feature text"]
    assert found.metrics["accuracy"] > found.metrics["baseline"]["accuracy"] > 0.97
    assert found.metrics["roc_auc"] > 0.95


def test_one_column_mostly_missing(learn: Callable[..., Results]) -> None:
    """A single feature that most rows lack is enough to learn from, and is all that the model has."""
    x = RNG.normal(size=400)
    found = learn(pd.DataFrame({"only": np.where(RNG.random(400) < 0.7, np.nan, x), "y": x > 0}), "y")
    assert found.profile["columns"]["only"]["missing"] > 0.6
    assert found.metrics["roc_auc"] > 0.6


def test_extreme_values_keep_their_own_contract(learn: Callable[..., Results]) -> None:
    """A contract that was written from the table is never broken by it, nor by values at the edge of their type."""
    data, y = known(400)
    n = range(400)
    data = data.assign(
        seconds=1.6e9 + RNG.random(400) * 100, end=["9999-12-31" if i % 3 else f"2020-01-0{i % 9 + 1}" for i in n],
        inf=["Infinity" if i % 9 == 0 else i / 3 for i in n], gap=["NAN" if i % 9 == 0 else i / 7 for i in n],
        long=[2**70 + 3 * i for i in n], vast=[(-1) ** i * 1e308 for i in n],
    )  # fmt: skip
    found = learn(data.assign(t=1.7e9 + y), "t", "regression")
    assert found.kinds("seconds", "inf", "t") == ["feature number"] * 2 + ["target number"]
    assert found.metrics["r2"] > 0.8


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that says nothing."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def test_dataset_from_a_url_can_be_updated(bake: Callable[..., Path], run: Run, tmp_path: Path) -> None:
    """A URL's data is imported with its origin; after the served file changed, `dvc update` and `dvc repro` follow."""
    served = tmp_path / "served" / "table.csv"
    served.parent.mkdir()
    data, y = known(400)
    data.assign(y=y).head(300).to_csv(served, index=False)
    handler = functools.partial(Quiet, directory=str(served.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/table.csv"
        first = results(bake(tmp_path, dataset=url, target="y", task="regression"), run)
        data.assign(y=y).to_csv(served, index=False)
        run("dvc", "update", "data/raw.csv.dvc", cwd=first.project)
        second = results(first.project, run)
        server.shutdown()
    assert yaml.safe_load((first.project / "data" / "raw.csv.dvc").read_text())["deps"][0]["path"] == url
    assert [len(one.train) + len(one.test) for one in (first, second)] == [300, 400]
    assert set(first.test["__row__"]) < set(second.test["__row__"])
    assert first.metrics["r2"] > 0.8 < second.metrics["r2"]
