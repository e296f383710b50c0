"""Verdicts of the review follow the evidence, slices are compared, and report content is escaped."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from lifecycle.errors import LifecycleError
from lifecycle.project import ROW, UNIT, Contract, check
from lifecycle.report.audit import audit_page
from lifecycle.report.markdown import markdown, text
from lifecycle.review.bootstrap import Change, changes, pair
from lifecycle.review.limits import FAIL, INCONCLUSIVE, PASS, Gate, Metric, Reproduce, broken_limits, judge
from lifecycle.review.predictions import ROWS, sample
from lifecycle.review.slices import slices

HIGHER = Metric(better="higher", drop=0.05)
SETTINGS = Gate(metrics={"accuracy": HIGHER}, slices="all", slice_rows=20, confidence=0.95, draws=200, seed=0)


def verdict(name: str, metric: Metric | None, difference: Change) -> dict[str, str]:
    """The verdict on a change over 60 rows."""
    return judge(name, metric, difference, SETTINGS, 60)


def predictions(rows: int, wrong: float, seed: int = 0) -> pd.DataFrame:
    """Predictions of a binary classifier with a given error rate."""
    rng = np.random.default_rng(seed)
    actual = np.random.default_rng(1).choice(["no", "yes"], rows)
    errors = rng.random(rows) < wrong
    predicted = np.where(errors, np.where(actual == "no", "yes", "no"), actual)
    yes = np.where(predicted == "yes", 0.8, 0.2)
    table = {ROW: np.arange(rows, dtype="uint64"), "actual": actual, "predicted": predicted}
    return pd.DataFrame(table | {"p(no)": 1 - yes, "p(yes)": yes})


def change(old: pd.DataFrame, new: pd.DataFrame) -> Change:
    """The change in accuracy."""
    return changes(pair(old, new), "classification", 400, 0.95, 0)["accuracy"]


def test_no_difference_has_an_exact_bound() -> None:
    """Where no label differs, a difference that 200 rows cannot show remains possible, and no more than that."""
    old = predictions(200, 0.1)
    same = change(old, old.assign(**{"p(yes)": old["p(yes)"] * 0.99, "p(no)": 1 - old["p(yes)"] * 0.99}))
    bound = 1 - 0.025 ** (1 / 200)
    assert (same.low, same.high) == pytest.approx((-bound, bound))
    assert verdict("accuracy", Metric(better="higher", drop=0.02), same)["verdict"] == PASS
    assert verdict("accuracy", Metric(better="higher", drop=0.0), same)["verdict"] == INCONCLUSIVE


def test_interval_separates_signal_from_noise() -> None:
    """A large drop fails; a small one passes with many rows and is inconclusive with few."""
    worse = verdict("accuracy", HIGHER, change(predictions(2000, 0.05), predictions(2000, 0.3, 2)))
    assert (worse["verdict"], worse["evidence"]) == (FAIL, "worse")
    many = verdict("accuracy", HIGHER, change(predictions(20000, 0.1), predictions(20000, 0.11, 2)))
    assert many["verdict"] == PASS
    few = verdict("accuracy", HIGHER, change(predictions(60, 0.1), predictions(60, 0.15, 2)))
    assert (few["verdict"], few["evidence"]) == (INCONCLUSIVE, "none")
    better = verdict("accuracy", HIGHER, change(predictions(2000, 0.3), predictions(2000, 0.05, 2)))
    assert (better["verdict"], better["evidence"]) == (PASS, "better")


def test_interval_has_nominal_coverage() -> None:
    """The 95% interval excludes zero for few of 120 equal pairs; the detectable change has the expected size."""
    results = [change(predictions(300, 0.1, 2 * i + 5), predictions(300, 0.1, 2 * i + 6)) for i in range(120)]
    assert sum(result.low > 0 or result.high < 0 for result in results) <= 14
    assert np.mean([result.detectable for result in results]) == pytest.approx(2.8 * np.sqrt(2 * 0.09 / 300), rel=0.1)


def test_same_predictions_pass_however_few_rows_there_are() -> None:
    """A change that predicts the same passes; with one other probability few rows are inconclusive again."""
    old = predictions(20, 0.1)
    same = verdict("accuracy", HIGHER, change(old, old.assign(**{"p(yes)": old["p(yes)"] + 1e-12})))
    assert (same["verdict"], same["evidence"]) == (PASS, "none")
    new = old.assign(**{"p(yes)": old["p(yes)"].where(old.index > 0, 0.5)})
    assert verdict("accuracy", HIGHER, change(old, new))["verdict"] == INCONCLUSIVE


def test_gate_direction_is_respected() -> None:
    """`better` decides the direction of the verdict, and a percentage is relative to the old value."""
    increase = Change(old=1.0, new=1.5, low=0.4, high=0.6, detectable=0.1, error=0.05)
    assert verdict("rmse", Metric(better="lower", drop="10%"), increase)["verdict"] == FAIL
    assert verdict("rmse", Metric(better="lower", drop="70%"), increase)["verdict"] == PASS
    assert verdict("r2", Metric(better="higher", drop="10%"), increase)["evidence"] == "better"
    unsure = Change(old=0.9, new=0.8, low=-0.25, high=0.05, detectable=0.2, error=0.1)
    assert verdict("r2", HIGHER, unsure)["verdict"] == INCONCLUSIVE  # beyond the drop, but its interval is not
    assert verdict("r2", None, increase) == {"evidence": "changed", "verdict": PASS, "why": ""}


def test_floor_and_ceiling_are_enforced() -> None:
    """A metric beyond its floor or ceiling is reported, for a number and for the baseline."""
    assert broken_limits("r2", Metric(better="higher", floor=0.5), 0.4, {}) == ["r2 0.4 is below its floor 0.5"]
    assert (
        "above its ceiling 2 (baseline)"
        in broken_limits("rmse", Metric(better="lower", ceiling="baseline"), 3.0, {"rmse": 2})[0]
    )
    assert broken_limits("rmse", Metric(better="lower", ceiling=3.0), 3.0, {}) == []


def test_rows_are_paired_by_content() -> None:
    """Order, added rows and copies do not matter; corrected labels apply to both versions."""
    old, new = predictions(100, 0.1), predictions(120, 0.1).sample(frac=1, random_state=0)
    new = pd.concat([new, new[new[ROW] == 7]])
    new.loc[new[ROW] == 3, "actual"] = "maybe"
    new["p(maybe)"] = 0.0
    both = pair(old, new)
    assert len(both.new) == len(both.old) == 99
    assert both.relabelled == 1
    assert set(both.old.loc[both.old[ROW] == 3, "actual"]) == {"maybe"}
    assert list(both.old) == list(both.new)


def test_worse_slice_is_detected() -> None:
    """A drop in one slice that the average hides fails; an unchanged slice is not listed."""
    old = predictions(2000, 0.1)
    group = np.where(np.arange(2000) % 10 == 0, "few", "many")
    new = old.copy()
    flip = (group == "few") & (np.arange(2000) % 20 == 0)
    new.loc[flip, "predicted"] = np.where(new.loc[flip, "predicted"] == "yes", "no", "yes")
    columns = {"group": {"type": "category", "role": "feature", "missing": False, "values": ["few", "many"]}}
    columns["flag"] = {"type": "boolean", "role": "feature", "missing": False}
    target = {"actual": {"type": "category", "role": "target", "missing": False, "values": ["no", "yes"]}}
    schema = Contract.model_validate({"task": "classification", "columns": columns | target})
    assert verdict("accuracy", HIGHER, change(old, new))["verdict"] != FAIL
    test = old[[ROW]].assign(group=group, flag=np.where(group == "few", 1.0, 0.0))
    count, worse = slices(pair(old, new), test, schema, SETTINGS, {"accuracy": 0.9})
    assert count == 4
    assert [(row["value"], row["verdict"]) for row in worse] == [("few", FAIL), ("true", FAIL)]


def test_units_count_once() -> None:
    """A slice of one unit is too small to compare; a column may differ within a unit; copied rows add no evidence."""
    old, new = predictions(2000, 0.1), predictions(2000, 0.3, 2)
    unit = {UNIT: np.arange(2000, dtype="uint64") // 20}
    both = pair(old, new.assign(**unit))
    test = old[[ROW]].assign(group=np.where(both.new[UNIT] == 0, "one", "rest"), mixed=["a", "b"] * 1000)
    target = {"actual": {"type": "category", "role": "target", "missing": False, "values": ["no", "yes"]}}
    feature = {"type": "category", "role": "feature", "missing": False, "values": ["a", "b", "one", "rest"]}
    schema = Contract.model_validate(
        {"task": "classification", "columns": {"group": feature, "mixed": feature} | target}
    )
    count, worse = slices(both, test, schema, SETTINGS, {"accuracy": 0.9})
    assert (count, [row["value"] for row in worse]) == (3, ["rest", "a", "b"])
    few, copies = predictions(50, 0.1), np.repeat(np.arange(50), 20)
    copied = change(few.iloc[copies], predictions(50, 0.3, 2).iloc[copies])
    once = change(few, predictions(50, 0.3, 2))
    assert copied.high - copied.low > 0.8 * (once.high - once.low)


def test_report_content_is_escaped() -> None:
    """HTML, mentions, links, images and table borders in a report are shown as text."""
    assert "@&#8288;all" in text("@all").replace("&#64;", "@")
    escaped = text("<script>@all [x](http://y) ![](z) a|b `<b>|@me` #1\n## no")
    assert not set("<>@#[]!|\n") & set("".join(escaped.split("`")[::2]).replace("&#", ""))
    assert "://" not in escaped
    assert text("lone ` tick") == "lone ' tick"
    assert "![" not in text("`@a ![x](http://evil) ```")  # unbalanced backticks
    chart = {"title": "x\r```\r# forged", "x": "x", "y": "y", "low": 0, "high": 1, "lines": []}
    hostile = {"verdict": "pass", "messages": [], "slices_compared": "1\n# forged", "slices": [], "chart": chart}
    assert not [line for line in markdown(hostile).splitlines() if line.startswith("# ")]
    assert markdown({"verdict": "<b>", "messages": ["@all"], "name": "main", "head": "abc"}).startswith(
        "## ❓ &#60;b&#62;"
    )


def test_review_settings_are_checked() -> None:
    """The blocks of params.yaml are valid; a misspelt key and a non-numeric drop are refused by name."""
    blocks = yaml.safe_load(Path("params.yaml").read_text("utf-8"))
    check(Gate, blocks["gate"], "gate")
    check(Reproduce, blocks["reproduce"], "reproduce")
    with pytest.raises(LifecycleError, match="flor"):
        check(Metric, {"better": "higher", "flor": 1}, "gate")
    with pytest.raises(LifecycleError, match="drop"):
        check(Metric, {"better": "higher", "drop": "a lot"}, "gate")


def test_audit_page_escapes_content() -> None:
    """Content of tags and files is shown as text, and the page loads nothing."""
    hostile = "<script>alert(1)</script>"
    move = {"stage": "prod", "tag": hostile, "kind": hostile, "date": "", "by": hostile, "reason": hostile, "now": True}
    deployment = dict.fromkeys(("date", "stage", "outcome", "by", "name", "reason"), hostile)
    record = {
        **dict.fromkeys(("version", "date", "by", "gate", "commit", "lock", "model"), hostile),
        "approved_by": [hostile],
        "data": {hostile: "h"},
        "rows": 1,
        "metrics": {hostile: 0.5},
        "parameters": {hostile: {hostile: hostile}},
        "libraries": {hostile: hostile},
        "moves": [move],
        "deployments": [deployment],
        "faults": [hostile],
    }
    page = audit_page({"artifact": hostile, "stages": {"prod": hostile}, "versions": [record], "faults": [hostile]})
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not any(word in page for word in ("http:", "https:", "src=", "href=", "@import", "url("))
    assert "width=device-width" in page


def test_large_test_sets_are_sampled() -> None:
    """Of many test rows the same 20,000 are predicted again each time; of few all are."""
    assert sample(83).tolist() == list(range(83))
    chosen = sample(1_000_000)
    assert len({*chosen.tolist()}) == ROWS == 20_000
    assert (chosen == sample(1_000_000)).all()
