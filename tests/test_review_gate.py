"""The gate passes good models, fails bad ones, and is inconclusive if the evidence is too weak."""

import json
import re
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import ALL_PASS, BAD, SLOW, SMALL, change, metric_row, review

pytestmark = pytest.mark.slow


def test_bad_model_fails(pushed: Path, run: Run) -> None:
    """A worse model is reproduced but fails for its metrics, in exit code, output, comment and page."""
    change(pushed, run, BAD, SLOW)
    result = review(pushed, run)
    assert result.code == {"verify": 0, "reproduce": 0, "gate": 1}
    assert result.report["verdict"] == "fail"
    assert metric_row(result.report, "log_loss")["evidence"] == "worse"
    assert "interval lies entirely beyond the allowed drop of" in result.output["gate"]
    assert result.comment.startswith("## ❌ fail")
    assert "| train.learning_rate | 0.1 | 0.001 |" in result.comment
    page = (result.folder / "report.html").read_text("utf-8")
    assert page.count("<svg") == 5
    assert "this change" in page
    metrics = dict(line.split() for line in (result.folder / "metrics.txt").read_text().splitlines())
    assert float(metrics["log_loss"]) == metric_row(result.report, "log_loss")["new"]
    assert "**verify**" in result.comment
    outcome = (result.folder / "verify.json").read_text()
    other_commit = outcome.replace(result.report["head"], "0" * 40)
    (result.folder / "verify.json").write_text(other_commit)
    run("lifecycle", "gate", "origin/main", "--report", "report", cwd=result.folder.parent, code=1)
    assert "**verify**" not in result.comment
    assert "**reproduce**" in result.comment


def test_better_model_passes(pushed: Path, run: Run) -> None:
    """The reverse change passes with the evidence `better`."""
    run("git", "switch", "--quiet", "main", cwd=pushed)
    change(pushed, run, BAD, SLOW)
    run("git", "switch", "--quiet", "-C", "change", cwd=pushed)
    change(pushed, run, *((name, new, old) for name, old, new in (BAD, SLOW)))
    result = review(pushed, run)
    assert result.code == ALL_PASS
    assert result.report["verdict"] == "pass"
    assert metric_row(result.report, "log_loss")["evidence"] == "better"


def test_power_says_how_many_rows_are_needed(pushed: Path, run: Run) -> None:
    """Before there are two versions it states an upper bound; then it uses their paired differences."""
    first = json.loads(run("lifecycle", "power", "--json", cwd=pushed).stdout)["details"]
    assert "an upper bound" in first["source"]
    change(pushed, run, SMALL)
    then = json.loads(run("lifecycle", "power", "--json", cwd=pushed).stdout)["details"]
    assert json.loads(run("lifecycle", "power", "main", "--json", cwd=pushed).stdout)["details"] == then
    for before, after in zip(first["metrics"], then["metrics"], strict=True):
        assert (after["detectable"] > after["allowed_drop"]) == (after["needed"] > then["units"] == 75)
        assert before["allowed_drop"] == pytest.approx(after["allowed_drop"])  # of the old model, which is the first
    assert then["metrics"][0]["name"] == "log_loss"
    assert then["metrics"][0]["detectable"] < first["metrics"][0]["detectable"]
    same = run("lifecycle", "power", "HEAD", cwd=pushed, code=2).stderr
    assert "HEAD has the same predictions as HEAD" in same


def test_noise_is_inconclusive(pushed: Path, run: Run) -> None:
    """A change below the minimum detectable change is inconclusive: exit code 0, or 1 with --strict."""
    change(pushed, run, ("params.yaml", "l2_regularization: 5.0", "l2_regularization: 8.0"))
    result = review(pushed, run)
    assert result.code == ALL_PASS
    assert result.report["verdict"] == "inconclusive"
    assert metric_row(result.report, "log_loss")["evidence"] == "none"
    assert metric_row(result.report, "log_loss")["detectable"] > abs(
        metric_row(result.report, "log_loss")["new"] - metric_row(result.report, "log_loss")["old"]
    )
    strict = run("lifecycle", "gate", "origin/main", "--strict", cwd=pushed, code=1)
    assert "cannot be ruled out" in strict.stdout


def test_worse_slice_fails(pushed: Path, run: Run) -> None:
    """A drop on one island fails although the average is within its limit."""
    run("git", "switch", "--quiet", "main", cwd=pushed)
    gate = (
        ("params.yaml", "log_loss: {better: lower, ceiling: baseline, drop: 10%}", "log_loss: {better: lower}"),
        ("params.yaml", "    accuracy: {better: higher, drop: 0.02}", "    accuracy: {better: higher, drop: 0.35}"),
        ("params.yaml", "balanced_accuracy: {better: higher, drop: 0.05}", "balanced_accuracy: {better: higher}"),
    )
    change(pushed, run, *gate)
    run("git", "switch", "--quiet", "-C", "change", cwd=pushed)
    target = "    target = data[contract.target]\n"  # the model learns that all penguins of Dream are Gentoos
    wrong = '    target = data[contract.target].where(data["island"] != "Dream", "Gentoo")\n'
    change(pushed, run, ("pipeline/train.py", target, wrong))
    result = review(pushed, run)
    assert result.code == {"verify": 0, "reproduce": 0, "gate": 1}
    assert metric_row(result.report, "accuracy")["verdict"] != "fail"
    assert [(row["value"], row["verdict"]) for row in result.report["slices"] if row["column"] == "island"] == [
        ("Dream", "fail")
    ]
    assert "accuracy where island is Dream went from" in result.comment
    log_loss, accuracy = (re.search(rf"^\| {name} .*", result.comment, re.M) for name in ("log_loss", "accuracy"))
    assert log_loss and log_loss[0].endswith("| no limit |") and accuracy and "no limit" not in accuracy[0]


def test_loosened_gate_is_ignored(pushed: Path, run: Run) -> None:
    """A change is compared with the base's gate, and its edits to code and data that check it are reported."""
    loose = (
        ("params.yaml", "ceiling: baseline, drop: 10%}", "drop: 100000%}"),
        ("params.yaml", "    accuracy: {better: higher, drop: 0.02}", "    accuracy: {better: higher}"),
        ("params.yaml", "balanced_accuracy: {better: higher, drop: 0.05}", "balanced_accuracy: {better: higher}"),
    )
    limits_edit = ("lifecycle/review/limits.py", "# from best to worst", "# all the same")
    metrics_edit = ("pipeline/metrics.py", '"accuracy": float(hits.sum() / w.sum())', '"accuracy": 1.0')
    schema_edit = (
        "data/schema.yaml",
        "  sex:\n    type: category\n    role: feature",
        "  sex:\n    type: category\n    role: ignored",
    )
    change(pushed, run, BAD, SLOW, *loose, limits_edit, metrics_edit, schema_edit)
    result = review(pushed, run)
    assert "edits files that check changes; the base's were used: lifecycle/review/limits.py" in result.comment
    assert "| pipeline/metrics.py |" in result.comment.replace("&#95;", "_")
    stated = "Scored by another pipeline/metrics.py: metrics.json has accuracy 1, the predictions give 0.44"
    assert stated in result.comment.replace("&#95;", "_")
    base = run("git", "rev-parse", "origin/main", cwd=pushed).stdout[:9]
    assert f"Checked by the code of commit {base}" in result.comment
    assert "sex is no longer a feature, so its slices were not compared" in result.comment
    assert result.code == {"verify": 0, "reproduce": 0, "gate": 1}
    assert "| gate.metrics.log_loss.drop | 10% | 100000% |" in result.comment
