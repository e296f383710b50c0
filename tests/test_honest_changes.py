"""Honest changes of every usual kind pass verify, reproduce and gate without a word."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.review import ALL_PASS, change, push, review
from tests.test_life import edit

pytestmark = pytest.mark.slow


def commit(project: Path, run: Run, message: str = "Change") -> None:
    """Commit everything without running a stage."""
    run("git", "add", "--all", cwd=project)
    run("git", "commit", "--quiet", "--no-verify", "-m", message, cwd=project)


def move_main(project: Path, run: Run) -> None:
    """Commit to the branch, then to main, so that they diverge."""
    (project / "notes.txt").write_text("Ours.\n")
    commit(project, run)
    run("git", "switch", "--quiet", "main", cwd=project)
    edit(project / "README.md", "# Penguin Species\n", "# Penguins of Palmer\n")
    commit(project, run, "Meanwhile")
    push(project, run)
    run("git", "switch", "--quiet", "change", cwd=project)


def readme(project: Path, run: Run) -> None:
    """Another title."""
    edit(project / "README.md", "# Penguin Species\n", "# Penguins\n")
    commit(project, run)


def comment(project: Path, run: Run) -> None:
    """A comment in the code of a stage."""
    with (project / "pipeline" / "train.py").open("a") as file:
        file.write("# The end.\n")
    change(project, run)


def reformatting(project: Path, run: Run) -> None:
    """A longer line length."""
    edit(project / "pyproject.toml", "line-length = 120", "line-length = 100")
    run("ruff", "format", "pipeline", cwd=project)
    change(project, run)


def rows(project: Path, run: Run) -> None:
    """Thirty new rows."""
    with (project / "data" / "raw.csv").open("a") as table:
        table.writelines(f"Adelie,Dream,{36 + i / 7:.2f},18.{i},19{i % 10},37{i:02},female,2009\n" for i in range(30))
    run("dvc", "add", "data/raw.csv", cwd=project)
    change(project, run)


def merge(project: Path, run: Run) -> None:
    """Main is merged into the branch."""
    move_main(project, run)
    run("git", "merge", "--quiet", "--no-verify", "--no-edit", "main", cwd=project)


def rebase(project: Path, run: Run) -> None:
    """The branch is rebased on main."""
    move_main(project, run)
    run("git", "-c", "core.hooksPath=/dev/null", "rebase", "--quiet", "main", cwd=project)


def renamed_branch(project: Path, run: Run) -> None:
    """The branch had another name."""
    run("git", "branch", "--move", "other", cwd=project)
    readme(project, run)
    run("git", "branch", "--move", "change", cwd=project)


def dev_dependency(project: Path, run: Run) -> None:
    """A library for development, on which no result depends."""
    edit(project / "pyproject.toml", '  "nbstripout>=0.9,<1",\n', '  "iniconfig",\n  "nbstripout>=0.9,<1",\n')
    run("uv", "lock", cwd=project)
    change(project, run)


def unrelated_files(project: Path, run: Run) -> None:
    """Files that no stage reads."""
    (project / "slides").mkdir()
    (project / "slides" / "talk.md").write_text("# Talk\n")
    commit(project, run)


HONEST = [readme, comment, reformatting, rows, merge, rebase, renamed_branch, dev_dependency, unrelated_files]


@pytest.mark.parametrize("honest", HONEST, ids=lambda honest: str(honest.__name__))
def test_honest_change_passes(honest: Callable[[Path, Run], None], pushed: Path, run: Run) -> None:
    """Exit code 0 from all three verbs, and no verdict worse than what few test rows allow."""
    honest(pushed, run)
    push(pushed, run)
    result = review(pushed, run)
    assert result.code == ALL_PASS
    assert result.report["verdict"] in (("pass", "inconclusive") if honest is rows else ("pass",))
