"""How lifecycle/ is built: one door to the pipeline, verbs that do not call each other, plain errors."""

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


def test_one_module_imports_the_pipeline() -> None:
    """project.py is the only door."""
    doors = {path.name for path in FILES if any(name.startswith("pipeline") for name in imported(path))}
    assert doors == {"project.py"}


def test_verbs_do_not_call_each_other() -> None:
    """A verb rests on the folders by subject, and nothing rests on a verb."""
    for path in FILES:
        assert not [name for name in imported(path) if name.startswith("lifecycle.commands")], path


def test_verbs_start_without_large_libraries() -> None:
    """A verb that refuses at once answers at once: pandas, scikit-learn and DVC are imported when they are used."""
    modules = [f"lifecycle.commands.{name.replace('-', '_')}" for name in cli.NAMES]
    code = f"import sys, {', '.join(modules)}; print(*sys.modules.keys() & {{'numpy', 'pandas', 'sklearn', 'dvc'}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=HERE.parent, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_verb_has_its_file_and_every_file_its_verb() -> None:
    """The command line lists what there is."""
    files = {path.stem.replace("_", "-") for path in (HERE / "commands").glob("*.py")} - {"--init--"}
    assert files == {*cli.NAMES}


@pytest.mark.parametrize(("error", "code"), [(LifecycleError("No."), 2), (ZeroDivisionError("x"), 2)])
def test_error_is_never_exit_code_1(error: Exception, code: int) -> None:
    """Expected or not, an error exits with 2 and a sentence: 1 means no."""

    def command(_: object) -> Outcome:
        raise error

    outcome = cli.run("verb", command, SimpleNamespace())  # type: ignore[arg-type]
    assert (outcome.code, len(outcome.messages)) == (code, 1)


def test_report_that_cannot_be_left_is_an_error(tmp_path: Path) -> None:
    """--report with a file in its place exits with 2."""
    (tmp_path / "file").touch()
    options = SimpleNamespace(leave=tmp_path / "file")
    outcome = cli.run("verb", lambda _: Outcome(0, []), options)  # type: ignore[arg-type]
    assert outcome.code == 2


@pytest.mark.parametrize(("typed", "nearest"), [("verfy", "verify"), ("rollbak", "rollback"), ("gates", "gate")])
def test_misspelt_verb_suggests_the_nearest(
    typed: str, nearest: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the verb that was probably meant."""
    monkeypatch.setattr(sys, "argv", ["lifecycle", typed])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 2
    assert f"did you mean `lifecycle {nearest}`?" in capsys.readouterr().err


def test_overview_lists_every_verb_with_one_line() -> None:
    """`lifecycle --help` fits a terminal."""
    lines = cli.overview().splitlines()
    for name in cli.NAMES:
        assert len([line for line in lines if line.startswith(f"  {name} ")]) == 1
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.endswith(":")] == [f"{title}:" for title in cli.VERBS]


@pytest.mark.parametrize("verb", cli.NAMES)
def test_help_of_a_verb_shows_an_example(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`lifecycle VERB --help` says what it does, and what to type."""
    monkeypatch.setattr(sys, "argv", ["lifecycle", verb, "--help"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert f"lifecycle {verb}" in text.split("usage:")[1].split("\n\n", 1)[1]
