"""What dvc.yaml says is what the code does. When one of these fails, its message is the line to add."""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from pipeline.run.settings import Block, load_yaml

DVC: dict[str, Any] = load_yaml("dvc.yaml")
BLOCKS = load_yaml("params.yaml")
STAGES = {  # those that run a module of pipeline/, with the module's name
    name: stage["cmd"].split()[2].removeprefix("pipeline.")
    for name, stage in DVC["stages"].items()
    if str(stage.get("cmd", "")).startswith("python -m pipeline.")
}


def paths(stage: str, *keys: str) -> list[str]:
    """The declared paths of a stage."""
    items = [item for key in keys for item in DVC["stages"][stage].get(key) or []]
    return [str(next(iter(item)) if isinstance(item, dict) else item) for item in items]


def modules(path: Path) -> set[Path]:
    """The project's files that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(path.parts[: len(path.parts) - node.level]) if node.level else ""
            module = ".".join(filter(None, (above, node.module)))
            names |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    files = {Path(f"{name.replace('.', '/')}{end}") for name in names for end in (".py", "/__init__.py")}
    packages = {folder / "__init__.py" for file in files for folder in file.parents}
    return {file for file in files | packages if file.exists()}


def imported(path: Path) -> set[Path]:
    """The project's files that a file imports, directly or not, and the file itself."""
    found, new = {path}, {path}
    while new := {file for path in new for file in modules(path)} - found:
        found |= new
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_every_imported_module_is_a_dependency(stage: str) -> None:
    """A stage runs again when any module that it imports changes."""
    declared = [Path(path) for path in paths(stage, "deps")]
    undeclared = [
        file.as_posix()
        for file in sorted(imported(Path(f"pipeline/{STAGES[stage]}.py")))
        if not any(file == path or path in file.parents for path in declared)
    ]
    assert not undeclared, f"add to dvc.yaml, stages.{stage}.deps: {', '.join(undeclared)}"


@pytest.mark.parametrize("stage", STAGES)
def test_every_path_of_a_command_is_declared(stage: str) -> None:
    """Nothing that a command line names is read or written without DVC knowing it."""
    known = paths(stage, "deps", "outs", "metrics", "plots")
    for path in DVC["stages"][stage]["cmd"].split()[3:]:
        declared = any(one == path or one.startswith(f"{path}/") for one in known)
        assert declared, f"add to dvc.yaml, stages.{stage}.deps (if it is read) or outs (if it is written): {path}"


@pytest.mark.parametrize("stage", STAGES)
def test_stage_file_and_parameters_have_one_name(stage: str) -> None:
    """A stage runs the file of its name, with the block of its name in params.yaml."""
    assert STAGES[stage] == stage, f"write in dvc.yaml, stages.{stage}.cmd: python -m pipeline.{stage}"
    for block in [item for item in DVC["stages"][stage].get("params") or [] if isinstance(item, str)]:
        assert block.split(".")[0] in BLOCKS, f"add to params.yaml the block {block}:"


@pytest.mark.parametrize("stage", STAGES)
def test_settings_are_checked_objects(stage: str) -> None:
    """The class of a stage's settings, if it has one, has the keys of its block."""
    kind = getattr(import_module(f"pipeline.{stage}"), stage.capitalize(), None)
    if isinstance(kind, type) and issubclass(kind, Block):
        kind.model_validate(BLOCKS.get(stage, {}))


def test_pipeline_does_not_know_the_lifecycle() -> None:
    """Stages can be run, read and tested without lifecycle/."""
    for path in Path("pipeline").rglob("*.py"):
        lifecycle = [file for file in modules(path) if file.parts[0] == "lifecycle"]
        assert not lifecycle, f"{path} imports {lifecycle[0]}: remove that import"
