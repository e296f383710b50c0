"""A verb that reads a broken record says so in one sentence, soon, and names the file."""

import json
import time
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.test_life import edit

pytestmark = pytest.mark.slow

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi")
)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("params.yaml", "validate:", BOMB + "validate:"),
        ("params.yaml", "validate:", "gate: [\nvalidate:"),
        ("dvc.lock", "stages:", "stages: []\nx:"),
        ("dvc.lock", "deps:", "deps: 5\n    x:"),
        ("dvc.yaml", "artifacts:", "artifacts: [model]\nx:"),
        ("data/schema.yaml", "role: target", "role: feature"),
        ("reports/metrics.json", "{", "[{"),
        ("reports/intervals.json", '"test_rows"', '"rows"'),
    ],
)
def test_verbs_name_the_broken_file(name: str, old: str, new: str, project: Path, run: Run) -> None:
    """verify, gate and reproduce end with 1 or 2 and without a traceback, and one of them names the file."""
    edit(project / name, old, new)
    start = time.monotonic()
    verify = run("lifecycle", "verify", cwd=project, code=None)
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Broken", cwd=project)
    gate = run("lifecycle", "gate", "HEAD~1", "--report", "report", cwd=project, code=None)
    reproduce = run("lifecycle", "reproduce", "HEAD~1", cwd=project, code=None)
    printed = [done.stdout + done.stderr for done in (verify, gate, reproduce)]
    assert "Traceback" not in "".join(printed)
    assert {verify.returncode, gate.returncode, reproduce.returncode} <= {1, 2}
    assert name in "".join(printed)
    assert json.loads((project / "report" / "report.json").read_text())["verdict"] in ("fail", "not compared")
    assert time.monotonic() - start < 60


def test_check_model_names_the_broken_block(project: Path, run: Run) -> None:
    """check-model without its block of params.yaml says which block is missing."""
    edit(project / "params.yaml", "reproduce:", "reproduced:")
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Broken", cwd=project)
    assert "params.yaml of HEAD, block reproduce" in run("lifecycle", "check-model", cwd=project, code=2).stderr
