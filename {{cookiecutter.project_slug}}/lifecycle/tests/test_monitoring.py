"""What the monitor reads from a log, what it remembers, and how it writes texts of others."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lifecycle.errors import LifecycleError
from lifecycle.monitoring import faults, history, log
from lifecycle.monitoring.settings import Monitor
from lifecycle.project import Contract, contract, logged_rows
from lifecycle.report.monitor import markdown

SETTINGS = Monitor(
    alpha=0.05, effect=0.1, alarms=2, windows=3, rows=50, sample=500, permutations=199, block=None, faults=0.01,
    silence=48, label_delay=0, seed=0,
)  # fmt: skip
UNTIL = datetime(2026, 3, 10, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=7)
CONTRACT = """
task: classification
columns:
  y: {type: category, role: target, missing: false, values: ["no", "yes"]}
  x: {type: number, role: feature, missing: true}
  price: {type: number, role: feature, missing: true, format: "1.234,50"}
  flag: {type: boolean, role: feature, missing: true}
  kind: {type: category, role: feature, missing: true}
  day: {type: datetime, role: feature, missing: true, format: "%d/%m/%Y"}
  note: {type: text, role: feature, missing: true}
"""


@pytest.fixture
def known() -> Contract:
    """A contract with a column of each type."""
    return contract(CONTRACT, "schema.yaml")


def entry(time: str, version: str = "v0.0.1", **more: Any) -> str:
    """A line of a log."""
    content = {"id": f"{time}-{version}", "time": time, "version": version, "row": {"x": 1.0}, "prediction": {}}
    return json.dumps(content | more) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log with everything that can be wrong in it."""
    lines = [
        entry("2026-03-05T10:00:00Z"), entry("2026-03-01T10:00:00Z"), entry("2026-03-11T00:00:00Z"),  # a clock
        entry("2026-03-05T11:00:00Z", "v0.0.9"), "{broken\n", '{"time": 3, "version": "v0.0.1"}\n', "[]\n", "\n",
        entry("2026-03-08T09:00:00Z"), entry("2026-03-05T12:00:00Z", row=[1]),
        json.dumps({"time": "2026-03-05T13:00:00Z", "version": "v0.0.1",
                    "refused": [{"column": "x", "kind": "range", "cells": 3}]}) + "\n",
        entry("2026-03-05T14:00:00Z")[:-20],
    ]  # fmt: skip
    (tmp_path / "2026-03-05-a.jsonl").write_text("".join(lines))
    (tmp_path / "2026-03-01-a.jsonl").write_text(entry("2026-03-05T10:00:00Z"))  # a file that is older than the window
    (tmp_path / "2026-03-06-b.jsonl").write_bytes(b"\xff\xfe\n" * 2)
    (tmp_path / "other.txt").write_text("x")
    return tmp_path


def test_log_is_read_whatever_is_in_it(folder: Path) -> None:
    """Rows of the window and version are kept; all else is counted, and nothing stops the reader."""
    window = log.read(str(folder), SINCE, UNTIL, "v0.0.1", 500, 0, {"2026-03-08T09:00:00Z-v0.0.1"})
    assert [one["time"][:10] for one in window.sample] == ["2026-03-05", "2026-03-08"]
    assert [one["time"][:10] for one in window.labelled] == ["2026-03-08"]
    assert (window.rows, window.others, window.broken) == (2, {"v0.0.9": 1}, 8)
    assert (window.refused, window.last) == ({("x", "range"): 3}, "2026-03-08T09:00:00Z")
    said = [fault.sentence() for fault in faults.log_faults(window, SETTINGS)]
    assert said == [
        "rows of v0.0.9, which are left out (1, 33.3%)", "lines of the log that cannot be read (8, 72.7%)",
        "days without a row: 2026-03-06, 2026-03-07",
    ]  # fmt: skip


def test_missing_log_is_one_sentence(tmp_path: Path) -> None:
    """A folder that is not there, and an address that nobody knows."""
    for place in (str(tmp_path / "nowhere"), "nosuch://bucket/logs"):
        with pytest.raises(LifecycleError, match="the prediction log cannot be read"):
            log.read(place, SINCE, UNTIL, "v0.0.1", 10, 0)


def test_sample_is_even_and_the_same_each_time(tmp_path: Path) -> None:
    """Every row has the same chance, wherever it is in the log."""
    (tmp_path / "2026-03-05-a.jsonl").write_text(
        "".join(entry("2026-03-05T10:00:00Z", row={"x": float(number)}) for number in range(2000))
    )
    means = []
    for seed in range(20):
        sample = log.read(str(tmp_path), SINCE, UNTIL, "v0.0.1", 100, seed).sample
        means.append(np.mean([one["row"]["x"] for one in sample]))
        assert len(sample) == 100
        assert sample == log.read(str(tmp_path), SINCE, UNTIL, "v0.0.1", 100, seed).sample
    assert abs(np.mean(means) - 999.5) < 4 * 577 / np.sqrt(2000)


def test_silent_service_is_an_alert() -> None:
    """No request in the last hours of the window, or none at all."""
    for last, said in (("", "in the whole window"), ("2026-03-06T00:00:00Z", "since 2026-03-06 00:00 UTC")):
        fault = next(faults.log_faults(log.Window(SINCE, UNTIL, last=last), SETTINGS))
        assert fault.alert
        assert fault.sentence().endswith(said)


def test_logged_rows_have_the_types_of_the_contract(known: Contract) -> None:
    """As they were sent to the service, as a batch logs them, and with values that do not fit."""
    sent = {"x": "2.5", "price": "1.234,50", "flag": True, "kind": 3.0, "day": "03/02/2024", "note": "abc"}
    batch = {"x": 2.5, "price": 1234.5, "flag": 1.0, "kind": "3", "day": "2024-02-03 00:00:00", "note": "abc"}
    odd = {"x": "many", "price": [1], "flag": "maybe", "kind": None, "day": "32/01/2024", "more": 1}
    wild = {"x": 10**400, "price": float("inf"), "flag": {}, "kind": "\ud800", "day": 1e300, "note": "x" * 10**6}
    rows = logged_rows([sent, batch, odd, wild], known)
    assert rows.iloc[0].equals(rows.iloc[1])
    assert rows.iloc[0].to_dict() == {
        "x": 2.5, "price": 1234.5, "flag": 1.0, "kind": "3", "day": pd.Timestamp("2024-02-03"), "note": "abc",
    }  # fmt: skip
    assert rows.iloc[2].isna().all()
    assert rows.iloc[3].notna().tolist() == [False, False, False, True, False, True]


def test_columns_of_another_version_and_new_values_are_named(known: Contract) -> None:
    """A column that was not sent, one that the contract lacks, and a value that no training row has."""
    row = {"x": 1.0, "price": 1.0, "flag": True, "kind": "a", "day": "03/02/2024", "note": ""}
    window = log.Window(SINCE, UNTIL, rows=2, sample=[{"row": {**row, "more": 1}}, {"row": {**row, "kind": "new"}}])
    del window.sample[1]["row"]["x"]
    named = [(fault.column, fault.count, fault.alert) for fault in faults.columns(window, known, 0.01)]
    assert named == [("x", 1, True), ("more", 1, True)]
    now, before = pd.DataFrame({"kind": ["a", "new"]}), pd.DataFrame({"kind": ["a", "a"]})
    new = [*faults.unseen(now, {"kind": {"shares": {"a": 1.0}, "distinct": 1}}, before, 0.01)]
    assert [fault.sentence() for fault in new] == ["kind: values that no training row has: new (1, 50.0%)"]


def test_history_counts_windows_that_overlap_once(tmp_path: Path) -> None:
    """Looking twice at a week does not make two windows of it; files that are half written are left out."""
    for days in (21, 14, 13, 7, 6, 0):
        until = UNTIL - timedelta(days=days)
        since, moment = (until - timedelta(days=7)).isoformat(), until.isoformat()
        history.keep(str(tmp_path), {"stage": "prod", "since": since, "until": moment, "alarm": days == 7})
    (tmp_path / "monitor" / "2026-x.json").write_text('{"stage": "prod"')
    (tmp_path / "monitor" / "2026-y.json").write_text("[]")
    earlier = history.separate(history.past(str(tmp_path), "prod"), SINCE)
    assert [(UNTIL - datetime.fromisoformat(one["until"])).days for one in earlier] == [7, 14, 21]
    assert [one["alarm"] for one in earlier] == [True, False, False]
    assert history.past(str(tmp_path), "staging") == []


def test_texts_of_others_are_escaped_in_the_report(reported: dict[str, Any]) -> None:
    """A column or value that looks like HTML or a link is displayed as it is."""
    text = markdown(reported)
    assert "<script>" not in text
    assert "](http" not in text
    assert "&#60;script&#62;" in text


@pytest.fixture
def reported() -> dict[str, Any]:
    """The details of a window whose column has a hostile name."""
    name = "<script>alert(1)</script> [x](http://example.com)"
    move = {"column": name, "what": "values", "effect": 0.5, "p": 0.005, "alarm": True}
    return {
        "stage": "prod", "version": "v0.0.1", "since": SINCE.isoformat(), "until": UNTIL.isoformat(), "rows": 100,
        "compared": 100, "reference_rows": 50, "permuted": "rows", "blocks": 150, "p": 0.005, "effect": 0.5,
        "alarm": True, "alert": True, "reasons": [f"drift in {name}"], "chance": 0.075, "chance_if_independent": 0.007,
        "alarms": 2, "earlier": [], "performance": None, "movements": [move], "histograms": [],
        "settings": SETTINGS.model_dump(),
        "faults": [{"column": name, "what": name, "count": 3, "share": 0.03, "alert": True}],
    }  # fmt: skip
