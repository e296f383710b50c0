"""The monitor's stated rate of false alarms, by simulation; `make drift` simulates all cells with more windows."""

from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
CODE = """
import sys
sys.path.insert(0, "benchmarks")
import drift_windows
results = drift_windows.quiet({rows}, {columns}, {kind!r}, range(200), usual=False)
print(sum(row.p_alone for row in results))
"""


@pytest.mark.usefixtures("baked")  # which makes the environment
@pytest.mark.parametrize(("rows", "columns", "kind"), [(50, 20, "dependent"), (5000, 5, "independent")])
def test_false_alarms_are_no_more_frequent_than_stated(rows: int, columns: int, kind: str, run: Run) -> None:
    """200 windows, each with a reference of its own: at 5 %, at most 20 of them alarm (with a chance of 99.9 %)."""
    code = CODE.format(rows=rows, columns=columns, kind=kind)
    assert 0 < int(run("python", "-c", code, cwd=ROOT).stdout) <= 20
