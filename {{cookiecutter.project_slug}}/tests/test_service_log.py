"""The log of predictions keeps whole rows, whatever happens."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.batch import prediction_log
from pipeline.batch.prediction_log import PredictionLog, read_log

LINE = json.dumps({"id": 1, "row": {"text": "x" * 200}}).encode() + b"\n"
WRITER = """
import sys, pathlib, time
from pipeline.batch.prediction_log import PredictionLog
log = PredictionLog(pathlib.Path(sys.argv[1]), sys.argv[2])
for number in range(10**9):
    while not log.has_room(1000):
        time.sleep(0.001)
    log.add(b'{"id": "%d", "text": "%s"}\\n' % (number, b"x" * 300), 1)
    if number == 1000: print("going", flush=True)
"""


def test_rows_are_in_order_and_whole_after_close(tmp_path: Path) -> None:
    """Nothing that was added is lost."""
    log = PredictionLog(tmp_path, "a")
    for number in range(5000):
        assert log.add(b'{"id": %d}\n' % number, 1)
    log.close()
    assert [entry["id"] for entry in read_log(tmp_path)] == [*range(5000)]
    assert (log.rows, log.dropped) == (5000, 0)


def test_after_kill_9_the_file_is_readable_up_to_its_last_whole_row(tmp_path: Path) -> None:
    """Ten processes that write into one folder are killed; all lines but a last one parse, in order, none is mixed."""
    for number in range(10):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), f"p{number}"], stdout=-1)
        assert process.stdout and process.stdout.readline()
        time.sleep(0.2 + 0.01 * number)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    for path in tmp_path.glob("*.jsonl"):
        *whole, _ = path.read_bytes().split(b"\n")
        assert [json.loads(line)["id"] for line in whole] == [str(number) for number in range(len(whole))]
    assert sum(1 for _ in read_log(tmp_path)) > 1000


def test_a_full_disk_leaves_no_half_row_and_what_waits_is_written_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that ends half-way is taken back; memory is bounded; rows without room are counted; it recovers."""
    monkeypatch.setattr(prediction_log, "AGAIN", 0.05)
    full, write = [True], os.write

    def half(file: int, content: memoryview) -> int:
        if full[0] and len(content) > 100:
            return write(file, content[: len(content) // 2])
        if full[0]:
            raise OSError(28, "No space left on device")
        return write(file, content)

    monkeypatch.setattr(os, "write", half)
    log = PredictionLog(tmp_path, "a", room=10 * len(LINE))
    kept = [log.add(LINE, 1) for _ in range(50)]
    time.sleep(0.5)
    kept += [log.add(LINE, 1) for _ in range(50)]
    assert log.fault == "No space left on device"
    assert (log.dropped, log.rows) == (kept.count(False), 0)
    assert kept.count(True) == 10
    assert all(path.read_bytes() == b"" for path in tmp_path.glob("*.jsonl"))
    full[0] = False
    time.sleep(0.5)
    assert not log.fault
    log.close()
    assert sum(1 for _ in read_log(tmp_path)) == log.rows == 10


def test_each_day_has_a_file_also_if_the_clock_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of a day are appended to its file."""
    log = PredictionLog(tmp_path, "a")
    for number, day in enumerate(("2026-01-01", "2026-01-02", "2026-01-01")):
        monkeypatch.setattr(prediction_log, "today", lambda day=day: day)
        log.add(b'{"id": %d}\n' % number, 1)
        time.sleep(0.2)
    log.close()
    found = {path.name: path.read_text().count("\n") for path in tmp_path.iterdir()}
    assert found == {"2026-01-01-a.jsonl": 2, "2026-01-02-a.jsonl": 1}
