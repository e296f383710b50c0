"""The laws of this house: what dvc.yaml says is what the code does."""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import evaluate, model, prepare, validate

DVC: dict[str, Any] = yaml.safe_load(Path("dvc.yaml").read_text("utf-8"))
STAGES = list(DVC["stages"])
SET = STAGES[1:]  # the stages that have settings: all but the environment


def imported(path: Path) -> set[Path]:
    """The project's modules that a file imports, and those that they import."""
    found: set[Path] = {path, Path("pipeline/__init__.py")}
    todo = [path]
    while todo:
        for node in ast.walk(ast.parse(todo.pop().read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{name}" for name in names] + [str(node.module)]
            files = {Path(name.replace(".", "/") + ".py") for name in names if name.startswith("pipeline")}
            new = {file for file in files if file.exists()} - found
            found |= new
            todo += new
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_every_imported_module_is_a_dependency(stage: str) -> None:
    """A stage runs again when any module that it imports changes, and for no other module."""
    declared = {Path(dep) for dep in DVC["stages"][stage]["deps"] if str(dep).endswith(".py")}
    assert declared == imported(Path(f"pipeline/{stage}.py"))


@pytest.mark.parametrize("stage", STAGES)
def test_every_path_of_a_command_is_declared(stage: str) -> None:
    """What a command line names is a dependency or an output, so that nothing is read or written behind DVC's back."""
    entry = DVC["stages"][stage]
    outs = [next(iter(out)) if isinstance(out, dict) else out for out in entry["outs"] + entry.get("metrics", [])]
    known = [*entry["deps"], *outs]
    for path in entry["cmd"].split()[3:]:
        assert any(each == path or each.startswith(f"{path}/") for each in known), path


def test_stage_file_and_parameters_have_one_name() -> None:
    """Each stage has a file of its name, each with settings a block, and each block a stage."""
    blocks = yaml.safe_load(Path("params.yaml").read_text("utf-8"))
    assert [stage for stage in STAGES if Path(f"pipeline/{stage}.py").exists()] == STAGES
    assert [*blocks][: len(SET)] == SET
    assert all(DVC["stages"][stage]["params"] == [stage] for stage in SET)


def test_settings_are_checked_objects() -> None:
    """Every block of params.yaml has a class of its name, with the same keys."""
    blocks = yaml.safe_load(Path("params.yaml").read_text("utf-8"))
    for kind in (validate.Validate, prepare.Prepare, model.Train, evaluate.Evaluate):
        block = blocks[kind.__name__.lower()]
        assert sorted(kind.model_fields) == sorted(block)
        kind.model_validate(block)


def test_rooms_open_one_way() -> None:
    """The pipeline knows nothing of lifecycle, whose verbs do not call each other."""
    texts = {path: path.read_text("utf-8") for room in ("pipeline", "lifecycle") for path in Path(room).rglob("*.py")}
    verbs = {".".join(path.with_suffix("").parts) for path, text in texts.items() if '__name__ == "__main__"' in text}
    for path, text in texts.items():
        names = {
            f"{node.module}.{name.name}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ImportFrom)
            for name in node.names
        }
        names |= {name.rpartition(".")[0] for name in names}
        assert not names & {verb for verb in verbs if verb.startswith("lifecycle")}, path
        assert path.parts[0] == "lifecycle" or not any(name.startswith("lifecycle") for name in names), path
