"""dvc.yaml matches the code. The message of a failed test is the line to add."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from lifecycle.storage.imports import imported, modules
from pipeline.run.settings import Block, load_yaml

DVC: dict[str, Any] = load_yaml("dvc.yaml")
BLOCKS = load_yaml("params.yaml")
STAGES = {  # stages that run a module of pipeline/, and the module's name
    name: stage["cmd"].split()[2].removeprefix("pipeline.")
    for name, stage in DVC["stages"].items()
    if str(stage.get("cmd", "")).startswith("python -m pipeline.")
}


def paths(stage: str, *keys: str) -> list[str]:
    """The declared paths of a stage."""
    items = [item for key in keys for item in DVC["stages"][stage].get(key) or []]
    return [str(next(iter(item)) if isinstance(item, dict) else item) for item in items]


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
def test_every_command_path_is_declared(stage: str) -> None:
    """Every path in a command is a declared dependency or output."""
    known = paths(stage, "deps", "outs", "metrics", "plots")
    for path in DVC["stages"][stage]["cmd"].split()[3:]:
        declared = any(entry == path or entry.startswith(f"{path}/") for entry in known)
        assert declared, f"add to dvc.yaml, stages.{stage}.deps (if it is read) or outs (if it is written): {path}"


@pytest.mark.parametrize("stage", STAGES)
def test_stage_file_and_parameters_share_a_name(stage: str) -> None:
    """A stage runs the file of its name and uses blocks that exist in params.yaml."""
    assert STAGES[stage] == stage, f"write in dvc.yaml, stages.{stage}.cmd: python -m pipeline.{stage}"
    for block in [item for item in DVC["stages"][stage].get("params") or [] if isinstance(item, str)]:
        assert block.split(".")[0] in BLOCKS, f"add to params.yaml the block {block}:"


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "environment"])
def test_locked_versions_are_a_dependency(stage: str) -> None:
    """A stage runs again when a library that its results depend on gets another version."""
    if Path("pipeline/run/environment.py") in imported(Path(f"pipeline/{STAGES[stage]}.py")):
        for path in paths("environment", "outs"):
            assert path in paths(stage, "deps"), f"add to dvc.yaml, stages.{stage}.deps: {path}"


@pytest.mark.parametrize("stage", STAGES)
def test_settings_match_their_class(stage: str) -> None:
    """The settings class of a stage, if there is one, is a parameter in dvc.yaml and accepts its block."""
    settings_class = getattr(import_module(f"pipeline.{stage}"), stage.capitalize(), None)
    if isinstance(settings_class, type) and issubclass(settings_class, Block):
        declared = DVC["stages"][stage].get("params") or []
        assert stage in declared, f"add to dvc.yaml, stages.{stage}.params: {stage}"
        assert stage in BLOCKS, f"add to params.yaml the block {stage}:"
        settings_class.model_validate(BLOCKS[stage])


def test_pipeline_does_not_import_lifecycle() -> None:
    """Stages can be run, read and tested without lifecycle/."""
    for path in Path("pipeline").rglob("*.py"):
        lifecycle = [file for file in modules(path) if file.parts[0] == "lifecycle"]
        assert not lifecycle, f"{path} imports {lifecycle[0]}: remove that import"
