"""`lifecycle monitor` on logs of real predictions: quiet, drift, faults, labels, two at once, and its page."""

import csv
import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.registered import NO_TOKENS, Repo
from tests.test_report_page import phone_widths, requests_of

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow
DAY = "2026-03-{:02}T{:02}:{:02}:00.000000Z"
ROWS = 240  # a day
Entries = list[dict[str, Any]]


class World:
    """A repository with logged predictions of the sample's rows, quiet and moved."""

    def __init__(self, repo: Repo) -> None:
        self.repo, self.log = repo, repo.clone / "days"
        with (repo.clone / "data/raw.csv").open() as file:
            rows = list(csv.DictReader(file))
        self.truth = [row["species"] for row in rows]
        self.quiet = self.predicted("quiet", rows)
        wider = [row | {"flipper_length_mm": str(int(row["flipper_length_mm"]) + 15)} for row in rows
                 if row["flipper_length_mm"].isdigit()]  # fmt: skip
        self.moved = self.predicted("moved", wider)

    def predicted(self, name: str, rows: list[dict[str, str]]) -> Entries:
        """What the version of the stage logs of these rows."""
        with (self.repo.clone / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, [column for column in rows[0] if column != "species"], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        logs = self.repo.clone / f"log_{name}"
        self.repo.verb("predict", f"{name}.csv", f"{name}_out.csv", "--stage", "prod", LOG_FOLDER=str(logs))
        (file_of,) = logs.glob("*.jsonl")
        return [json.loads(line) for line in file_of.read_text().splitlines()]

    def day(self, number: int, source: Entries, change: Callable[[dict[str, Any]], Any] = lambda _: None) -> list[int]:
        """Log a day of rows drawn from these; their places in the source."""
        self.log.mkdir(exist_ok=True)
        rng = random.Random(number)
        places = [rng.randrange(len(source)) for _ in range(ROWS)]
        lines = []
        for count, place in enumerate(places):
            entry = json.loads(json.dumps(source[place]))
            entry |= {"id": f"{number}-{count}", "time": DAY.format(number, count // 10, count % 10)}
            change(entry)
            lines.append(json.dumps(entry) + "\n")
        (self.log / f"2026-03-{number:02}-a.jsonl").write_text("".join(lines))
        return places

    def monitor(self, day: int, *more: str, code: int = 0) -> dict[str, Any]:
        """The outcome for one day."""
        until = f"2026-03-{day + 1:02}T00:00Z"
        return self.repo.verb("monitor", "--log", str(self.log), "--since", "1d", "--until", until, *more, code=code)


@pytest.fixture(scope="module")
def prepared(registered: Repo, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Predictions, but no days yet."""
    return World(registered.copy(tmp_path_factory.mktemp("monitor") / "world"))


@pytest.fixture
def world(prepared: World) -> World:
    """The same with an empty log."""
    shutil.rmtree(prepared.log, ignore_errors=True)
    return prepared


def test_drift_calls_in_the_second_window_and_the_page_shows_it(world: World, tmp_path: Path) -> None:
    """Quiet days are 0, the first one with drift is noted, the second one is an alert, and quiet days end it."""
    for day in (1, 2):
        world.day(day, world.quiet)
        assert world.monitor(day)["details"]["alarm"] is False
    for day in (3, 4):
        world.day(day, world.moved)
    first = world.monitor(3)
    assert first["details"]["alarm"]
    assert any(m.startswith("Noted: drift in flipper_length_mm") for m in first["messages"]), first["messages"]
    again = world.monitor(3)  # the same window counts once
    assert again["details"]["alarms"] == 1
    alert = world.monitor(4, "--report", "report", code=1)
    reason = alert["details"]["reasons"][0]
    assert reason.startswith("drift in flipper_length_mm")
    assert reason.endswith("in 2 of the last 3 windows")
    top = alert["details"]["movements"][0]
    assert (top["column"], top["what"], top["alarm"]) == ("flipper_length_mm", "values", True)
    assert top["p"] <= 0.001 + 1e-9
    assert top["effect"] > 0.3
    report = world.repo.clone / "report"
    assert json.loads((report / "monitor.json").read_text())["reasons"] == [reason]
    assert "the chance of any alarm is at most 5%" in (report / "monitor.md").read_text()
    for day in (5, 6):
        world.day(day, world.quiet)
    assert world.monitor(5)["details"]["reasons"] == []
    page = report / "monitor.html"
    dom, console, requests = requests_of(page, tmp_path)
    assert (console, requests) == ([], set())
    assert "prod v0.0.2: alert" in dom
    count = 2 + len(alert["details"]["histograms"])  # the ranking, and a time line
    assert dom.count("<svg") == count > 2
    width, widest, plots = phone_widths(page, tmp_path)
    assert plots == count
    assert max(width, widest) <= 375


def test_faults_call_at_once_and_are_named_with_column_and_share(world: World) -> None:
    """Missing values, refused rows, another version's columns, and a silent service."""

    def change(entry: dict[str, Any]) -> None:
        if int(entry["id"].split("-")[1]) % 3 == 0:
            entry["row"]["sex"] = None
        if int(entry["id"].split("-")[1]) % 20 == 0:
            entry["row"]["wingspan"] = 1

    world.day(1, world.quiet, change)
    refused = {"time": "2026-03-01T12:00:00Z", "version": "v0.0.2", "refused": [
        {"column": "island", "kind": "values", "cells": 60}]}  # fmt: skip
    with (world.log / "2026-03-01-b.jsonl").open("w") as file:
        file.write(
            json.dumps(refused) + "\n" + json.dumps(world.quiet[0] | {"version": "v0.0.1", "time": refused["time"]})
        )
        file.write("\n{half a li")
    said = " ".join(world.monitor(1, code=1)["messages"])
    for text in ("sex: missing values", "island: refused, values that the contract does not list (60, 20.0%)",
                 "wingspan: in rows, but not in the contract (12, 5.0%)", "rows of v0.0.1, which are left out (1, ",
                 "lines of the log that cannot be read (1, "):  # fmt: skip
        assert text in said
    assert "the service is silent: no request in the whole window" in " ".join(world.monitor(9, code=1)["messages"])


def test_few_rows_are_no_alert_and_no_log_is_exit_2(world: World) -> None:
    """Below monitor.rows nothing is said of drift; a place that cannot be read is one sentence."""
    world.day(1, world.moved)
    lines = (world.log / "2026-03-01-a.jsonl").read_text().splitlines(keepends=True)
    (world.log / "2026-03-01-a.jsonl").write_text("".join(lines[-150:]))
    assert "too few rows: 150 of v0.0.2, 200 are needed" in " ".join(world.monitor(1)["messages"])
    assert "--log takes its folder" in world.repo.messages("monitor", "--log", "nowhere", code=2)
    assert "is not a duration" in world.repo.run(
        "lifecycle", "monitor", "--log", "x", "--since", "soon", cwd=world.repo.clone, code=2).stderr  # fmt: skip


def test_labels_that_came_true_are_quiet_and_wrong_predictions_are_an_alert(world: World) -> None:
    """Metrics with intervals beside the reference's; each look counts, and labels that are not final are left out."""
    places = world.day(1, world.quiet)
    labels = world.repo.clone / "labels.csv"
    right = [f"1-{count},{world.truth[place]}" for count, place in enumerate(places)]
    labels.write_text("\n".join(["id,species", *right, "unknown-1,Adelie"]) + "\n")
    found = world.monitor(1, "--labels", "labels.csv")["details"]["performance"]
    assert (found["rows"], found["look"]) == (ROWS, 1)
    named = {row["name"]: row for row in found["metrics"]}
    assert named["accuracy"]["value"] > 0.9
    assert named["accuracy"]["low"] < named["accuracy"]["value"] <= named["accuracy"]["high"]
    other = {"Adelie": "Gentoo", "Gentoo": "Chinstrap", "Chinstrap": "Adelie"}
    places = world.day(2, world.quiet)
    wrong = [f"2-{count},{other[world.truth[place]]}" for count, place in enumerate(places)]
    labels.write_text("\n".join(["id,species", *wrong]) + "\n")
    alert = world.monitor(2, "--labels", "labels.csv", code=1)
    assert alert["details"]["performance"]["look"] == 2
    assert alert["details"]["performance"]["error_rate"] == pytest.approx(0.05 * 6 / 3.14159265**2 / 4)
    assert any(reason.startswith("accuracy is 0 (0 to ") for reason in alert["details"]["reasons"])
    again = world.monitor(2, "--labels", "labels.csv", code=1)["details"]["performance"]
    assert again["look"] == 3  # looking again at the same day is a look too
    labels.write_text("\n".join(["id,species", *wrong, wrong[0]]) + "\n")
    assert "2-0 more than once" in " ".join(world.monitor(2, "--labels", "labels.csv", code=2)["messages"])
    labels.write_text("id,species\n2-0,Emu\n")
    assert "'Emu' is not a value of species" in " ".join(world.monitor(2, "--labels", "labels.csv", code=2)["messages"])


def test_two_monitors_at_once_both_answer_and_count_as_one_window(world: World, home: dict[str, str]) -> None:
    """Neither loses the other's record."""
    world.day(1, world.moved)
    command = ["python", "-m", "lifecycle", "monitor", "--log", str(world.log), "--since", "1d", "--until",
               "2026-03-02T00:00Z"]  # fmt: skip
    place = home["UV_PROJECT_ENVIRONMENT"]
    environment = home | NO_TOKENS | {"PATH": f"{place}/bin:{home['PATH']}"}
    both = [subprocess.Popen(command, cwd=world.repo.clone, env=environment, stdout=subprocess.DEVNULL) for _ in "ab"]
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    assert len([*(world.log / "monitor").glob("*.json")]) == 2
    world.day(2, world.quiet)
    assert world.monitor(2)["details"]["alarms"] == 1
