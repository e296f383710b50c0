"""What the review promises: verdicts rest on evidence, slices count, and a report can only display."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from lifecycle.commands.reproduce import Reproduce
from lifecycle.errors import LifecycleError
from lifecycle.project import ROW, Contract, check
from lifecycle.report.audit import audit_page
from lifecycle.report.markdown import markdown, text
from lifecycle.review.bootstrap import Change, changes, pair
from lifecycle.review.limits import FAIL, INCONCLUSIVE, PASS, Gate, Metric, broken_limits, judge
from lifecycle.review.slices import slices

HIGHER = Metric(better="higher", drop=0.05)
SETTINGS = Gate(metrics={"accuracy": HIGHER}, slices="all", slice_rows=20, confidence=0.95, draws=200, seed=0)


def verdict(name: str, metric: Metric | None, moved: Change) -> dict[str, str]:
    """The verdict on a change over 60 rows."""
    return judge(name, metric, moved, SETTINGS, 60)


def predictions(rows: int, wrong: float, seed: int = 0) -> pd.DataFrame:
    """A classifier of two labels that errs on a share of the rows."""
    rng = np.random.default_rng(seed)
    actual = np.random.default_rng(1).choice(["no", "yes"], rows)
    errs = rng.random(rows) < wrong
    predicted = np.where(errs, np.where(actual == "no", "yes", "no"), actual)
    yes = np.where(predicted == "yes", 0.8, 0.2)
    table = {ROW: np.arange(rows, dtype="uint64"), "actual": actual, "predicted": predicted}
    return pd.DataFrame(table | {"p(no)": 1 - yes, "p(yes)": yes})


def change(old: pd.DataFrame, new: pd.DataFrame) -> Change:
    """How the accuracy changed."""
    return changes(pair(old, new), "classification", 400, 0.95, 0)["accuracy"]


def test_same_predictions_change_nothing() -> None:
    """Without a difference the interval is a point, and no change passes however large the drop that is allowed."""
    same = change(predictions(200, 0.1), predictions(200, 0.1))
    assert (same.low, same.high) == (0, 0)
    assert verdict("accuracy", Metric(better="higher", drop=0.0), same)["verdict"] == PASS


def test_interval_tells_real_from_noise() -> None:
    """A clear loss fails, a small one passes on many rows, and the same small one on few rows wants a closer look."""
    worse = verdict("accuracy", HIGHER, change(predictions(2000, 0.05), predictions(2000, 0.3, 2)))
    assert (worse["verdict"], worse["evidence"]) == (FAIL, "worse")
    many = verdict("accuracy", HIGHER, change(predictions(20000, 0.1), predictions(20000, 0.11, 2)))
    assert many["verdict"] == PASS
    few = verdict("accuracy", HIGHER, change(predictions(60, 0.1), predictions(60, 0.15, 2)))
    assert (few["verdict"], few["evidence"]) == (INCONCLUSIVE, "none")
    better = verdict("accuracy", HIGHER, change(predictions(2000, 0.3), predictions(2000, 0.05, 2)))
    assert (better["verdict"], better["evidence"]) == (PASS, "better")


def test_interval_covers_as_often_as_it_says() -> None:
    """The 95% interval misses zero for few of 120 pairs of equally good models; the smallest change is its scale."""
    found = [change(predictions(300, 0.1, 2 * i + 5), predictions(300, 0.1, 2 * i + 6)) for i in range(120)]
    assert sum(one.low > 0 or one.high < 0 for one in found) <= 14
    assert np.mean([one.detectable for one in found]) == pytest.approx(2.8 * np.sqrt(2 * 0.09 / 300), rel=0.1)


def test_lower_is_better_where_the_gate_says_so() -> None:
    """The direction turns the verdict round, and a share is a share of the old value."""
    up = Change(old=1.0, new=1.5, low=0.4, high=0.6, detectable=0.1)
    assert verdict("rmse", Metric(better="lower", drop="10%"), up)["verdict"] == FAIL
    assert verdict("rmse", Metric(better="lower", drop="70%"), up)["verdict"] == PASS
    assert verdict("r2", Metric(better="higher", drop="10%"), up)["evidence"] == "better"
    unsure = Change(old=0.9, new=0.8, low=-0.25, high=0.05, detectable=0.2)
    assert verdict("r2", HIGHER, unsure)["verdict"] == INCONCLUSIVE  # beyond the drop, but not with its whole interval
    assert verdict("r2", None, up) == {"evidence": "changed", "verdict": PASS, "why": ""}


def test_floor_and_ceiling() -> None:
    """A figure beyond its bound is named with it, be it a number or the baseline's."""
    assert broken_limits("r2", Metric(better="higher", floor=0.5), 0.4, {}) == ["r2 0.4 is below its floor 0.5"]
    assert (
        "above its ceiling 2 (baseline)"
        in broken_limits("rmse", Metric(better="lower", ceiling="baseline"), 3.0, {"rmse": 2})[0]
    )
    assert broken_limits("rmse", Metric(better="lower", ceiling=3.0), 3.0, {}) == []


def test_rows_are_paired_by_content() -> None:
    """Neither order nor rows of one version count, nor copies that grew in number; corrected labels do, for both."""
    old, new = predictions(100, 0.1), predictions(120, 0.1).sample(frac=1, random_state=0)
    new = pd.concat([new, new[new[ROW] == 7]])
    new.loc[new[ROW] == 3, "actual"] = "maybe"
    new["p(maybe)"] = 0.0
    both = pair(old, new)
    assert len(both.new) == len(both.old) == 99
    assert both.relabelled == 1
    assert set(both.old.loc[both.old[ROW] == 3, "actual"]) == {"maybe"}
    assert list(both.old) == list(both.new)


def test_group_that_got_worse_is_seen() -> None:
    """A loss in one group that the average hides fails, and an unhurt group is not listed."""
    old = predictions(2000, 0.1)
    group = np.where(np.arange(2000) % 10 == 0, "few", "many")
    new = old.copy()
    flip = (group == "few") & (np.arange(2000) % 20 == 0)
    new.loc[flip, "predicted"] = np.where(new.loc[flip, "predicted"] == "yes", "no", "yes")
    columns = {"group": {"type": "category", "role": "feature", "missing": False, "values": ["few", "many"]}}
    target = {"actual": {"type": "category", "role": "target", "missing": False, "values": ["no", "yes"]}}
    schema = Contract.model_validate({"task": "classification", "columns": columns | target})
    assert verdict("accuracy", HIGHER, change(old, new))["verdict"] != FAIL
    count, worse = slices(pair(old, new), old[[ROW]].assign(group=group), schema, SETTINGS, {"accuracy": 0.9})
    assert count == 2
    assert [(row["value"], row["verdict"]) for row in worse] == [("few", FAIL)]


def test_rows_that_stay_together_count_once() -> None:
    """A group of one customer's rows is too few to judge, and a column that parts a customer's rows is no slice."""
    old = predictions(2000, 0.1).assign(**{ROW: np.arange(2000, dtype="uint64") // 20})
    both = pair(old, predictions(2000, 0.3, 2).assign(**{ROW: old[ROW]}))
    test = old[[ROW]].assign(group=np.where(old[ROW] == 0, "one", "rest"), mixed=["a", "b"] * 1000)
    target = {"actual": {"type": "category", "role": "target", "missing": False, "values": ["no", "yes"]}}
    feature = {"type": "category", "role": "feature", "missing": False, "values": ["a", "b", "one", "rest"]}
    schema = Contract.model_validate(
        {"task": "classification", "columns": {"group": feature, "mixed": feature} | target}
    )
    count, worse = slices(both, test, schema, SETTINGS, {"accuracy": 0.9})
    assert (count, [row["value"] for row in worse]) == (1, ["rest"])
    with pytest.raises(LifecycleError, match="'mixed' differs within rows"):
        slices(both, test, schema, SETTINGS.model_copy(update={"slices": ["mixed"]}), {"accuracy": 0.9})


def test_report_can_only_show() -> None:
    """HTML, mentions, links, images and table borders in a report are text."""
    assert "@&#8288;all" in text("@all").replace("&#64;", "@")
    shown = text("<script>@all [x](http://y) ![](z) a|b `<b>|@me` #1\n## no")
    assert not set("<>@#[]!|\n") & set("".join(shown.split("`")[::2]).replace("&#", ""))
    assert "://" not in shown
    assert text("lone ` tick") == "lone ' tick"
    assert "![" not in text("`@a ![x](http://evil) ```")  # runs of back-ticks that do not match
    chart = {"title": "x\r```\r# forged", "x": "x", "y": "y", "low": 0, "high": 1, "lines": []}
    hostile = {"verdict": "pass", "messages": [], "slices_compared": "1\n# forged", "slices": [], "chart": chart}
    assert not [line for line in markdown(hostile).splitlines() if line.startswith("# ")]
    assert markdown({"verdict": "<b>", "messages": ["@all"], "name": "main", "head": "abc"}).startswith(
        "## ❓ &#60;b&#62;"
    )


def test_settings_of_the_review_are_check() -> None:
    """The blocks of params.yaml fit, and a misspelt key or a drop that is no number is refused by name."""
    blocks = yaml.safe_load(Path("params.yaml").read_text("utf-8"))
    check(Gate, blocks["gate"], "gate")
    check(Reproduce, blocks["reproduce"], "reproduce")
    with pytest.raises(LifecycleError, match="flor"):
        check(Metric, {"better": "higher", "flor": 1}, "gate")
    with pytest.raises(LifecycleError, match="drop"):
        check(Metric, {"better": "higher", "drop": "a lot"}, "gate")


def test_audit_page_shows_text_and_runs_none() -> None:
    """Whatever a tag or a file says is displayed as it is, and nothing is loaded from elsewhere."""
    evil = "<script>alert(1)</script>"
    move = {"stage": "prod", "tag": evil, "kind": evil, "date": "", "by": evil, "reason": evil, "now": True}
    record = {
        **dict.fromkeys(("version", "date", "by", "gate", "commit", "lock", "model"), evil),
        "approved_by": [evil],
        "data": {evil: "h"},
        "rows": 1,
        "metrics": {evil: 0.5},
        "parameters": {evil: {evil: evil}},
        "libraries": {evil: evil},
        "moves": [move],
        "faults": [evil],
    }
    page = audit_page({"artifact": evil, "stages": {"prod": evil}, "versions": [record], "faults": [evil]})
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not any(word in page for word in ("http:", "https:", "src=", "href=", "@import", "url("))
    assert "width=device-width" in page
