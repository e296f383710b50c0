"""A change is checked by the code, metrics and limits of the branch that it goes into, never by its own."""

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import BAD, SLOW, change, commit, metric_row, push
from tests.test_life import edit

pytestmark = pytest.mark.slow

HOSTILE = 'import pathlib\npathlib.Path(__file__).with_name("EXECUTED").touch()\n'
PATCH = """
import threading, time
def patch():
    while True:
        try:
            import lifecycle.review.limits as limits
            limits.evidence = lambda *_: "none"
            limits.FAIL = limits.PASS
        except Exception:
            pass
        time.sleep(0.001)
threading.Thread(target=patch, daemon=True).start()
"""


def gate(project: Path, run: Run, code: int | None = None, base: str = "origin/main") -> dict[str, object]:
    """The gate's outcome, as a person runs it in the change's folder."""
    done = run("lifecycle", "gate", base, "--report", "report", "--json", cwd=project, code=code)
    return dict(json.loads(done.stdout))


def test_change_cannot_edit_its_checks(pushed: Path, run: Run) -> None:
    """A worse model fails although its branch edits and patches the gate, and brings modules to import."""
    edit(pushed / "lifecycle" / "review" / "limits.py", 'FAIL = "pass", "inconclusive", "fail"', "FAIL = ('pass',) * 3")
    with (pushed / "pipeline" / "run" / "threads.py").open("a") as file:
        file.write(PATCH)
    change(pushed, run, BAD, SLOW)
    for name in ("json.py", "sitecustomize.py", "dvc.py", "pandas.py"):
        (pushed / name).write_text(HOSTILE)
    run("git", "add", "--all", cwd=pushed)
    commit(pushed, run)
    run("git", "worktree", "add", "--quiet", "--detach", ".base", "origin/main", cwd=pushed)
    program = ("uv", "run", "--locked", "--project", ".base", "lifecycle")
    own = {"UV_PROJECT_ENVIRONMENT": str(pushed / ".base" / ".venv")}
    done = run(*program, "gate", "origin/main", "--report", "report", cwd=pushed, code=1, **own)
    assert "interval lies entirely beyond the allowed drop" in done.stdout
    assert run(*program, "verify", "origin/main", cwd=pushed, code=None, **own).returncode in (0, 1)
    assert not [*pushed.rglob("EXECUTED")]
    report = json.loads((pushed / "report" / "report.json").read_text())
    assert report["code"] == run("git", "rev-parse", "origin/main", cwd=pushed).stdout.strip()
    assert {"lifecycle/review/limits.py", "pipeline/run/threads.py"} <= {*report["edited"]}


def test_moved_and_removed_checks_are_listed(pushed: Path, run: Run) -> None:
    """A template update that leaves the results passes; the report lists what it edits, moves and removes."""
    with (pushed / "lifecycle" / "review" / "limits.py").open("a") as file:
        file.write("# newer\n")
    run("git", "mv", ".github/workflows/ci.yml", "notebooks/ci.yml", cwd=pushed)
    run("git", "rm", "--quiet", "tests/test_model.py", cwd=pushed)
    commit(pushed, run)
    outcome = gate(pushed, run, code=0)
    assert outcome["details"]["verdict"] == "pass"  # type: ignore[index]
    listed = {".github/workflows/ci.yml", "tests/test_model.py", "lifecycle/review/limits.py"}
    assert {*outcome["details"]["edited"]} == listed  # type: ignore[index]
    assert ".github/workflows/ci.yml |" in (pushed / "report" / "report.md").read_text()


def test_base_without_the_program_is_inconclusive(pushed: Path, run: Run) -> None:
    """If the base has no lifecycle/, the change's own code checks, says so first, and passes nothing."""
    git = ("git", "-c", "core.hooksPath=/dev/null")
    run(*git, "switch", "--quiet", "--orphan", "old", cwd=pushed)
    (pushed / "README.md").write_text("Old.\n")
    run("git", "add", "README.md", cwd=pushed)
    run("git", "commit", "--quiet", "--no-verify", "-m", "Old", cwd=pushed)
    run(*git, "switch", "--quiet", "change", cwd=pushed)
    run(*git, "merge", "--quiet", "--allow-unrelated-histories", "-X", "ours", "old", cwd=pushed)
    outcome = gate(pushed, run, code=0, base="old")
    assert outcome["details"]["verdict"] == "inconclusive"  # type: ignore[index]
    assert "no lifecycle/" in outcome["messages"][1]  # type: ignore[index]


def test_limits_of_the_tip_apply(pushed: Path, run: Run) -> None:
    """Limits that main got after the branch left it apply to the change."""
    change(pushed, run, ("params.yaml", "l2_regularization: 5.0", "l2_regularization: 6.0"))
    run("git", "switch", "--quiet", "main", cwd=pushed)
    edit(pushed / "params.yaml", "accuracy: {better: higher, drop: 0.02}", "accuracy: {better: higher, floor: 0.999}")
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Stricter", cwd=pushed)
    push(pushed, run)
    run("git", "switch", "--quiet", "change", cwd=pushed)
    assert "is below its floor 0.999" in " ".join(gate(pushed, run, code=1)["messages"])  # type: ignore[arg-type]


def test_metrics_of_the_base_score_both(pushed: Path, run: Run) -> None:
    """A new metric is shown but not compared; one that the change removes is still computed and can fail."""
    edit(pushed / "pipeline" / "metrics.py", '"log_loss": float(w @ loss / w.sum()),', '"shiny": 0.5,')
    edit(pushed / "params.yaml", "    log_loss: {better: lower, ceiling: baseline, drop: 10%}\n", "")
    change(pushed, run, BAD, SLOW)
    outcome = gate(pushed, run, code=1)
    assert metric_row(outcome["details"], "log_loss")["verdict"] == "fail"  # type: ignore[arg-type]
    assert metric_row(outcome["details"], "shiny")["stated"]  # type: ignore[arg-type]
    assert "Not in the base, so not compared: shiny 0.5" in (pushed / "report" / "report.md").read_text()


def test_renamed_column_is_matched_by_the_others(pushed: Path, run: Run) -> None:
    """After a renamed column and another row key, rows are paired by the other columns: at best inconclusive."""
    edit(pushed / "data" / "raw.csv", "bill_length_mm", "z_length_mm")
    edit(pushed / "data" / "schema.yaml", "bill_length_mm", "z_length_mm")
    edit(pushed / "params.yaml", "[bill_length_mm, body_mass_g,", "[body_mass_g, z_length_mm,")
    run("dvc", "add", "data/raw.csv", cwd=pushed)
    change(pushed, run)
    outcome = gate(pushed, run)
    assert outcome["details"]["verdict"] in ("inconclusive", "fail")  # type: ignore[index]
    assert "Columns changed, so rows were matched by bill_depth_mm" in " ".join(outcome["messages"])  # type: ignore[arg-type]


def test_unreadable_change_is_split_in_two(pushed: Path, run: Run) -> None:
    """If the base's code cannot read the change's results, the message says to merge the code first."""
    edit(
        pushed / "pipeline" / "contract" / "schema.py",
        "    note: str | None = None\n",
        "    note: str | None = None\n    unit: str = ''\n",
    )
    edit(
        pushed / "data" / "schema.yaml", "  sex:\n    type: category\n", "  sex:\n    unit: none\n    type: category\n"
    )
    change(pushed, run, ("params.yaml", "l2_regularization: 5.0", "l2_regularization: 6.0"))
    outcome = gate(pushed, run, code=2)
    assert "merge the code first, and the results in a second request" in " ".join(outcome["messages"])  # type: ignore[arg-type]


def test_stage_with_another_entry_runs_again(pushed: Path, run: Run) -> None:
    """A stage whose entry in dvc.yaml changed is run again, although dvc.lock has the same entry for it."""
    manifest = "models/manifest.json: {cache: false"
    edit(pushed / "dvc.yaml", f"{manifest}}}]", f"{manifest}, persist: true}}]")
    commit(pushed, run)
    done = run("lifecycle", "reproduce", "origin/main", "--json", cwd=pushed, code=None)
    assert "train" in json.loads(done.stdout)["details"]["stages"]


def test_remote_of_the_base_is_read(pushed: Path, run: Run) -> None:
    """A change that points .dvc/config elsewhere is still checked with the objects of the base's remote."""
    edit(pushed / "params.yaml", "l2_regularization: 5.0", "l2_regularization: 6.0")
    change(pushed, run)
    edit(pushed / ".dvc" / "config", "url = ", "url = elsewhere/")
    commit(pushed, run)
    shutil.rmtree(pushed / ".dvc" / "cache")
    assert gate(pushed, run, code=0)["details"]["edited"] == [".dvc/config"]  # type: ignore[index]
    run("lifecycle", "verify", "origin/main", cwd=pushed)
    assert "elsewhere" in run("lifecycle", "verify", cwd=pushed, code=2).stderr


def test_prediction_gets_neither_target_nor_secrets(pushed: Path, run: Run, tmp_path: Path) -> None:
    """The change's own code predicts from the features alone, in a process without the secrets of the run."""
    seen = tmp_path / "seen.json"
    spy = (
        f"import json, os\n        Path({str(seen)!r}).write_text(json.dumps([table.column_names, dict(os.environ)]))\n"
    )
    part = "    for table in read_parts(rows):\n"
    edit(pushed / "pipeline" / "predict.py", part, f"{part}        {spy}")
    change(pushed, run, ("params.yaml", "l2_regularization: 5.0", "l2_regularization: 6.0"))
    run("lifecycle", "reproduce", "origin/main", cwd=pushed, GITHUB_TOKEN="secret", AWS_SECRET_ACCESS_KEY="secret")
    columns, variables = json.loads(seen.read_text())
    assert "bill_length_mm" in columns
    assert not {"species", "__row__"} & {*columns}
    assert "secret" not in variables.values()
