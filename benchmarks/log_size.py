"""How long the monitor reads a log, and in how much memory: `python benchmarks/log_size.py [--rows N] [--columns N]`.

Writes the log to a temporary folder first: about 8 GB for 10,000,000 rows of 20 columns. Run it with the environment of
a generated project, from its folder: it measures `lifecycle.monitoring.log`.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "{{cookiecutter.project_slug}}"))

from lifecycle.monitoring import log

UNTIL = datetime(2026, 1, 8, tzinfo=UTC)
DAYS, LINES = 7, 1000  # of the window; distinct lines


def write(folder: Path, rows: int, columns: int) -> int:
    """A log of so many rows in seven days; its bytes."""
    size = 0
    for day in range(DAYS):
        date = f"{UNTIL - timedelta(days=DAYS - day):%Y-%m-%d}"
        with (folder / f"{date}-a.jsonl").open("wb") as file:
            lines = []
            for number in range(LINES):
                row = {
                    f"column_{c}": round(number * 0.37 + c, 3) if c % 4 else f"value {number % 7}"
                    for c in range(columns)
                }
                entry = {"id": f"abcdef012345-{number}", "time": f"{date}T10:00:00.123456Z", "version": "v0.0.1",
                         "row": row, "prediction": {"predicted": "a", "p(a)": 0.75, "p(b)": 0.25}}  # fmt: skip
                lines.append(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
            block = b"".join(lines)
            for _ in range(rows // DAYS // LINES):
                size += file.write(block)
    return size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--columns", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        size = write(Path(name), options.rows, options.columns)
        before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        window = log.read(name, UNTIL - timedelta(days=DAYS), UNTIL, "v0.0.1", 5000, 0)
        seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{window.rows:,} rows, {size / 1e9:.1f} GB: {seconds:.0f} s, {(after - before) / 1024:.0f} MiB more at most")


if __name__ == "__main__":
    main()
