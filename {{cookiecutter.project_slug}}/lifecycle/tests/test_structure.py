"""The structure of lifecycle/: one module imports the pipeline, verbs are independent, and errors are messages."""

import ast
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from lifecycle import cli
from lifecycle.errors import LifecycleError
from lifecycle.outcome import Outcome

HERE = Path(cli.__file__).parent
FILES = [path for path in HERE.rglob("*.py") if "tests" not in path.parts]


def imported(path: Path) -> set[str]:
    """The modules that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def test_only_project_py_imports_the_pipeline() -> None:
    """Only project.py imports the pipeline."""
    importers = {path.name for path in FILES if any(name.startswith("pipeline") for name in imported(path))}
    assert importers == {"project.py"}


def test_verbs_do_not_call_each_other() -> None:
    """No module imports a verb, including the other verbs."""
    for path in FILES:
        assert not [name for name in imported(path) if name.startswith("lifecycle.commands")], path


def test_verbs_start_without_large_libraries() -> None:
    """Importing the verbs does not import NumPy, pandas, scikit-learn or DVC, so that errors appear quickly."""
    modules = [f"lifecycle.commands.{name.replace('-', '_')}" for name in cli.NAMES]
    code = f"import sys, {', '.join(modules)}; print(*sys.modules.keys() & {{'numpy', 'pandas', 'sklearn', 'dvc'}})"
    result = subprocess.run([sys.executable, "-c", code], cwd=HERE.parent, capture_output=True, text=True, check=True)
    assert result.stdout.split() == []


def test_verbs_match_their_files() -> None:
    """Each verb of the command line has a file in commands/, and each file is a verb."""
    files = {path.stem.replace("_", "-") for path in (HERE / "commands").glob("*.py")} - {"--init--"}
    assert files == {*cli.NAMES}


@pytest.mark.parametrize(("error", "code"), [(LifecycleError("No."), 2), (ZeroDivisionError("x"), 2)])
def test_error_is_never_exit_code_1(error: Exception, code: int) -> None:
    """Expected and unexpected errors exit with 2 and one message; 1 means that a check failed."""

    def command(_: object) -> Outcome:
        raise error

    outcome = cli.run("verb", command, SimpleNamespace())  # type: ignore[arg-type]
    assert (outcome.code, len(outcome.messages)) == (code, 1)


def test_unwritable_report_is_an_error(tmp_path: Path) -> None:
    """--report with the path of a file exits with 2."""
    (tmp_path / "file").touch()
    options = SimpleNamespace(leave=tmp_path / "file")
    outcome = cli.run("verb", lambda _: Outcome(0, []), options)  # type: ignore[arg-type]
    assert outcome.code == 2


@pytest.mark.parametrize(("typed", "nearest"), [("verfy", "verify"), ("rollbak", "rollback"), ("gates", "gate")])
def test_misspelt_verb_suggests_the_nearest(
    typed: str, nearest: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message suggests the most similar verb."""
    monkeypatch.setattr(sys, "argv", ["lifecycle", typed])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert f"did you mean `lifecycle {nearest}`?" in capsys.readouterr().err


def test_overview_lists_every_verb_on_one_line() -> None:
    """`lifecycle --help` lists each verb on one line of at most 80 characters."""
    lines = cli.overview().splitlines()
    for name in cli.NAMES:
        assert len([line for line in lines if line.startswith(f"  {name} ")]) == 1
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.endswith(":")] == [f"{title}:" for title in cli.VERBS]


@pytest.mark.parametrize("verb", cli.NAMES)
def test_help_of_a_verb_shows_an_example(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`lifecycle VERB --help` contains an example."""
    monkeypatch.setattr(sys, "argv", ["lifecycle", verb, "--help"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert f"lifecycle {verb}" in text.split("usage:")[1].split("\n\n", 1)[1]
