"""Settings are chosen on held-out training rows; the gate says how often the test rows were asked."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from tests.conftest import Run
from tests.review import change, push

pytestmark = pytest.mark.slow
TUNE = ("uv", "run", "--quiet", "--group", "tune", "lifecycle", "tune", "--trials", "15", "--json")


def test_search_uses_training_rows_only(project: Path, run: Run, tmp_path: Path) -> None:
    """Without test rows, a search finds the same better settings twice; the pipeline then gives their score."""
    test = project / "data/test.parquet"
    hidden = test.rename(tmp_path / "test.parquet")
    before = (project / "params.yaml").read_text()
    found = []
    for _ in range(2):
        (project / "params.yaml").write_text(before)
        result = run(*TUNE, cwd=project, UV_PROJECT_ENVIRONMENT=str(tmp_path / "environment"))
        assert result.stderr.count("tune: ") == 15
        found.append(json.loads(result.stdout)["details"])
    assert found[0] == found[1] and found[0]["best"] < found[0]["before"]
    after = (project / "params.yaml").read_text()
    assert yaml.safe_load(after)["train"] == yaml.safe_load(before)["train"] | found[0]["parameters"]
    assert re.findall("#.*", after) == re.findall("#.*", before)
    hidden.rename(test)
    run("dvc", "repro", cwd=project)
    validation = json.loads((project / "reports/validation.json").read_text())
    assert validation["val_log_loss"] == pytest.approx(found[0]["best"], rel=1e-9)
    shown = run("dvc", "metrics", "show", cwd=project).stdout
    assert shown.index("reports/validation.json") < shown.index("reports/metrics.json")


def test_settings_that_suit_many_tables_are_tried_first(project: Path, run: Run, tmp_path: Path) -> None:
    """Before the search the first of tune.first is tried; the linear model is better, is written and can be run."""
    params = yaml.safe_load((project / "params.yaml").read_text())
    assert params["tune"]["first"][0]["model"] == "linear"
    command = [*TUNE[: TUNE.index("15")], "1", "--json"]
    result = run(*command, cwd=project, UV_PROJECT_ENVIRONMENT=str(tmp_path / "environment"))
    found = json.loads(result.stdout)["details"]
    assert found["best"] < found["before"] and found["parameters"] == params["tune"]["first"][0]
    assert yaml.safe_load((project / "params.yaml").read_text())["train"] == params["train"] | found["parameters"]
    run("dvc", "repro", cwd=project)
    validation = json.loads((project / "reports/validation.json").read_text())
    assert validation["val_log_loss"] == pytest.approx(found["best"], rel=1e-9)


def test_gate_counts_models_on_the_same_test_rows(pushed: Path, run: Run) -> None:
    """From three models on the report says what luck gains; beyond gate.most_models the verdict is inconclusive."""
    run("git", "switch", "--quiet", "main", cwd=pushed)
    change(pushed, run, ("params.yaml", "most_models: null", "most_models: 3"))
    run("git", "switch", "--quiet", "-C", "change", cwd=pushed)
    outputs, rates = [], ["0.1", "0.11", "0.12", "0.13"]
    for old, new in pairwise(rates):
        change(pushed, run, ("params.yaml", f"learning_rate: {old}", f"learning_rate: {new}"))
        outputs.append(run("lifecycle", "gate", "origin/main", cwd=pushed, code=None).stdout)
    assert "models were evaluated" not in outputs[0]
    assert re.search(r"3 models were evaluated .* equal ones gains 0\.00\d+ in log_loss by luck", outputs[1])
    assert "gate.most_models" not in outputs[1]
    assert "gate: inconclusive." in outputs[2]
    assert "4 models were evaluated on these test rows, gate.most_models is 3" in outputs[2]
    # Twice the rows, so most test rows are new: the count starts again
    rows = (pushed / "data/raw.csv").read_text().splitlines(keepends=True)
    more = [re.sub(r",(\d+)\.(\d),", r",\1.\g<2>3,", row) for row in rows[1:] * 2]
    (pushed / "data/raw.csv").write_text("".join([*rows, *more]))
    run("dvc", "add", "data/raw.csv", cwd=pushed)
    run("dvc", "repro", cwd=pushed)
    run("git", "commit", "--quiet", "--no-verify", "-am", "New rows", cwd=pushed)
    push(pushed, run)
    assert "gate.most_models" not in run("lifecycle", "gate", "origin/main", cwd=pushed, code=None).stdout
