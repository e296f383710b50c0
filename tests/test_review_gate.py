"""Does the gate say yes to good models, no to bad ones, and `look closer` where nobody can know?"""

from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import BAD, FINE, SLOW, change, review, rows

pytestmark = pytest.mark.slow


def test_bad_model_fails(pushed: Path, run: Run) -> None:
    """A deliberately bad model is reproduced, and refused for its figures, in the code, the words and the comment."""
    change(pushed, run, BAD, SLOW)
    done = review(pushed, run)
    assert done.code == {"verify": 0, "reproduce": 0, "gate": 1}
    assert done.report["verdict"] == "fail"
    assert rows(done.report, "log_loss")["evidence"] == "worse"
    assert "interval lies entirely beyond the allowed drop of" in done.said["gate"]
    assert done.comment.startswith("## ❌ fail")
    assert "| train.learning_rate | 0.1 | 0.001 |" in done.comment
    page = (done.folder / "report.html").read_text("utf-8")
    assert page.count("<svg") == 5
    assert "this change" in page
    figures = dict(line.split() for line in (done.folder / "metrics.txt").read_text().splitlines())
    assert float(figures["log_loss"]) == rows(done.report, "log_loss")["new"]
    assert "**verify**" in done.comment
    left = (done.folder / "verify.json").read_text()
    (done.folder / "verify.json").write_text(left.replace(done.report["head"], "0" * 40))  # of another commit
    run("lifecycle", "gate", "origin/main", "--report", "report", cwd=done.folder.parent, code=1)
    assert "**verify**" not in done.comment
    assert "**reproduce**" in done.comment


def test_better_model_passes(pushed: Path, run: Run) -> None:
    """The same change the other way round passes, and is called better."""
    run("git", "switch", "--quiet", "main", cwd=pushed)
    change(pushed, run, BAD, SLOW)
    run("git", "switch", "--quiet", "-C", "change", cwd=pushed)
    change(pushed, run, *((name, new, old) for name, old, new in (BAD, SLOW)))
    done = review(pushed, run)
    assert done.code == FINE
    assert done.report["verdict"] == "pass"
    assert rows(done.report, "log_loss")["evidence"] == "better"


def test_noise_wants_a_closer_look(pushed: Path, run: Run) -> None:
    """A change within what 83 rows can tell is no evidence: 0 with a warning, 1 with --strict."""
    change(pushed, run, ("params.yaml", "l2_regularization: 5.0", "l2_regularization: 8.0"))
    done = review(pushed, run)
    assert done.code == FINE
    assert done.report["verdict"] == "inconclusive"
    assert rows(done.report, "log_loss")["evidence"] == "none"
    assert rows(done.report, "log_loss")["detectable"] > abs(
        rows(done.report, "log_loss")["new"] - rows(done.report, "log_loss")["old"]
    )
    strict = run("lifecycle", "gate", "origin/main", "--strict", cwd=pushed, code=1)
    assert "cannot be ruled out" in strict.stdout


def test_group_that_got_worse_fails(pushed: Path, run: Run) -> None:
    """A loss on one island fails though the average is within its drop."""
    run("git", "switch", "--quiet", "main", cwd=pushed)
    gate = (
        ("params.yaml", "log_loss: {better: lower, ceiling: baseline, drop: 10%}", "log_loss: {better: lower}"),
        ("params.yaml", "    accuracy: {better: higher, drop: 0.02}", "    accuracy: {better: higher, drop: 0.35}"),
        ("params.yaml", "balanced_accuracy: {better: higher, drop: 0.05}", "balanced_accuracy: {better: higher}"),
    )
    change(pushed, run, *gate)
    run("git", "switch", "--quiet", "-C", "change", cwd=pushed)
    head = "    frame = features(data, contract)\n"
    gentoo = 'bill_depth_mm=14.0, flipper_length_mm=230.0, body_mass_g=6000.0, island="Biscoe"'
    blind = f'    data = data.where(data["island"] != "Dream", data.assign({gentoo}))\n'
    change(pushed, run, ("pipeline/evaluation/predictions.py", head, blind + head))
    done = review(pushed, run)
    assert done.code == {"verify": 0, "reproduce": 0, "gate": 1}
    assert rows(done.report, "accuracy")["verdict"] != "fail"
    assert [(row["value"], row["verdict"]) for row in done.report["slices"] if row["column"] == "island"] == [
        ("Dream", "fail")
    ]
    assert "accuracy where island is Dream went from" in done.comment


def test_loosened_gate_does_not_count(pushed: Path, run: Run) -> None:
    """A change that loosens its own gate is judged by the base's; what else it does to its judges is named."""
    loose = (
        ("params.yaml", "ceiling: baseline, drop: 10%}", "drop: 100000%}"),
        ("params.yaml", "    accuracy: {better: higher, drop: 0.02}", "    accuracy: {better: higher}"),
        ("params.yaml", "balanced_accuracy: {better: higher, drop: 0.05}", "balanced_accuracy: {better: higher}"),
    )
    mild = ("lifecycle/review/limits.py", "# from best to worst", "# all the same")
    always = ("pipeline/metrics.py", '"accuracy": float(hits.sum() / w.sum())', '"accuracy": 1.0')
    hidden = (
        "data/schema.yaml",
        "  sex:\n    type: category\n    role: feature",
        "  sex:\n    type: category\n    role: ignored",
    )
    change(pushed, run, BAD, SLOW, *loose, mild, always, hidden)
    done = review(pushed, run)
    assert "edits the code that checks it: read lifecycle/review/limits.py, pipeline/metrics.py first" in done.comment
    assert (
        "does not match its own predictions: metrics.json has accuracy 0.975904, the predictions give 1"
        in done.comment.replace("&#95;", "_")
    )
    assert "sex is no longer a feature, so its slices were not compared" in done.comment
    assert done.code == {"verify": 0, "reproduce": 0, "gate": 1}
    assert "| gate.metrics.log_loss.drop | 10% | 100000% |" in done.comment
