"""The log of predictions, which the service and `lifecycle predict` write: JSON lines, a file per day and process.

A line is whole or the file's last one, whatever kills the process, which Parquet cannot promise; columns may change
from version to version. A thread writes. If the disk is full, rows wait in memory, then are dropped and counted.
"""

import contextlib
import json
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOM = 64 * 2**20  # bytes of lines that wait to be written
EVERY, AGAIN = 0.05, 2.0  # seconds between two writes, and after a failed one


class PredictionLog:
    """Lines on their way to `folder`. `fault`: why nothing can be written now, empty if all is well."""

    def __init__(self, folder: Path, name: str, room: int = ROOM) -> None:
        self.folder, self.name, self.room = folder, name, room
        self.rows, self.dropped, self.fault = 0, 0, ""
        self._waiting: deque[tuple[bytes, int]] = deque()
        self._size, self._day, self._file = 0, "", -1
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="prediction log", daemon=True)
        self._thread.start()

    def has_room(self, size: int) -> bool:
        """Whether lines of this size can wait; the first ones always can."""
        return self._size == 0 or self._size + size <= self.room

    def add(self, lines: bytes, rows: int) -> bool:
        """Let whole lines wait to be written, or drop and count them if there is no room."""
        with self._lock:
            if not self.has_room(len(lines)):
                self.dropped += rows
                return False
            self._waiting.append((lines, rows))
            self._size += len(lines)
            return True

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._stop.set()
        self._thread.join()
        if self._waiting:
            lost = sum(rows for _, rows in self._waiting)
            self.dropped += lost
            print(f"prediction log: {lost} rows could not be written ({self.fault}).", file=sys.stderr)
        self._shut()

    def _run(self) -> None:
        while not self._stop.wait(AGAIN if self.fault else EVERY):
            self._write()
        self._write()

    def _write(self) -> None:
        """Write all that waits, or nothing: a part of a line is cut off again."""
        with self._lock:
            batch = list(self._waiting)
        if not batch:
            return
        content = b"".join(lines for lines, _ in batch)
        try:
            file = self._open()
            start = os.fstat(file).st_size
            try:
                view = memoryview(content)
                while view:  # a system call may take a part
                    view = view[os.write(file, view) :]
            except OSError:
                os.ftruncate(file, start)
                raise
        except OSError as error:
            if not self.fault:
                print(f"prediction log: cannot write to {self.folder} ({error.strerror}).", file=sys.stderr, flush=True)
            self.fault = error.strerror or str(error)
            self._shut()
            return
        with self._lock:
            for _ in batch:
                self._waiting.popleft()
            self._size -= len(content)
        self.fault, self.rows = "", self.rows + sum(rows for _, rows in batch)

    def _open(self) -> int:
        """The file of today, in UTC."""
        if (day := today()) != self._day:
            self._shut()
        if self._file < 0:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{day}-{self.name}.jsonl"
            self._file, self._day = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), day
        return self._file

    def _shut(self) -> None:
        if self._file >= 0:
            file, self._file = self._file, -1
            with contextlib.suppress(OSError):  # a file system without it
                os.fsync(file)
            os.close(file)


def today() -> str:
    """The day in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def read_log(folder: Path) -> Iterator[dict[str, Any]]:
    """The entries of all files of a log, from the oldest day; a last line that is cut off is left out."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield json.loads(line)
