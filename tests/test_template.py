"""The laws of the template: it runs unbaked, its documents agree with its files, and it keeps few conditions."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import SOURCE, TEMPLATE, Run
from tests.test_options import expected, files

TRACKED = subprocess.run(["git", "ls-files"], cwd=TEMPLATE, capture_output=True, text=True).stdout.splitlines()


@pytest.fixture
def unbaked(tmp_path: Path) -> Path:
    """The generated tree as it stands in the template, copied so that no tool leaves anything behind in it."""
    return Path(shutil.copytree(SOURCE, tmp_path / "unbaked"))


def test_unbaked_tree_lints(unbaked: Path, run: Run) -> None:
    """The tree lints and is formatted before any rendering (RUF200 asks for rendered requirements)."""
    run("ruff", "check", "--no-cache", "--ignore", "RUF200", ".", cwd=unbaked)
    run("ruff", "format", "--no-cache", "--check", ".", cwd=unbaked)


@pytest.mark.slow
def test_unbaked_tree_type_checks_and_passes_its_tests(unbaked: Path, baked: Path, run: Run) -> None:
    """mypy and pytest pass before any rendering, in the environment of a baked project."""
    assert baked.exists()
    run("mypy", ".", cwd=unbaked)
    shutil.copy(baked / "data" / "schema.yaml", unbaked / "data")  # which the set-up writes
    assert " passed" in run("pytest", cwd=unbaked).stdout


FOLDERS = """
from pathlib import Path
from tests.test_laws import STAGES, imported, paths
for stage, module in STAGES.items():
    used = imported(Path(f"pipeline/{module}.py"))
    for folder in filter(Path.is_dir, map(Path, paths(stage, "deps"))):
        for file in folder.rglob("*.py"):
            if file not in used:
                print(f"{stage} depends on {folder} and does not import {file}")
"""


@pytest.mark.slow
def test_folder_holds_what_every_stage_that_depends_on_it_runs(baked: Path, run: Run) -> None:
    """A change in a folder runs only stages that execute what was changed."""
    assert run("python", "-c", FOLDERS, cwd=baked).stdout == ""


def test_dvc_yaml_is_short() -> None:
    """The table of contents fits a page."""
    assert len((SOURCE / "dvc.yaml").read_text().splitlines()) <= 60


def test_all_that_is_baked_is_in_git() -> None:
    """No file of the generated tree is lost to the tree's own .gitignore, as the sample nearly was."""
    assert {f"{SOURCE.name}/{name}" for name in files(SOURCE)} - set(TRACKED) == set()


def test_readme_names_every_question() -> None:
    """README's table of questions is cookiecutter.json, in its order, with all choices."""
    questions = {n: d for n, d in json.loads((TEMPLATE / "cookiecutter.json").read_text()).items() if n[0] != "_"}
    readme = (TEMPLATE / "README.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", readme.split("## The questions")[1], re.MULTILINE))
    assert list(rows) == list(questions)
    for name, default in questions.items():
        if isinstance(default, list):
            assert re.findall(r"`([^`]+)`", rows[name]) == default, name


def test_generated_readme_draws_the_tree() -> None:
    """Each top-level file and folder of a project stands in its README's drawing, and nothing else does."""
    drawing = (SOURCE / "README.md").read_text().split("## What is in the box")[1].split("```")[1]
    names = [name for line in drawing.splitlines() for name in re.split(r"\s{2,}(?=\S)", line.strip())]
    drawn = {name.rstrip("/") for name in names if re.fullmatch(r"[\w.-]+/?", name)}
    made = {"environment.txt", "models", "reports", "uv.lock"}
    top = {path.split("/")[0] for path in expected()} | made
    hidden = {name for name in top if name.startswith(".") and name != ".python-version"}
    assert drawn == top - hidden


def test_architecture_diagram_names_the_folders() -> None:
    """The diagram in CONTRIBUTING.md has exactly the folders of pipeline/ and lifecycle/."""
    diagram = (TEMPLATE / "CONTRIBUTING.md").read_text().split("```mermaid")[1].split("```")[0]
    folders = {path.parent.relative_to(SOURCE).as_posix() for path in SOURCE.glob("*/*/__init__.py")}
    drawn = set(re.findall(r"(?:pipeline|lifecycle)/\w+", diagram))
    assert drawn == {folder for folder in folders if not folder.endswith("/tests")}


def test_hook_and_pipeline_agree_on_what_is_missing() -> None:
    """The words for a missing value, and the limits of a classification, are the same before and after generation."""
    for name in ("EMPTY", "INFINITE", "CLASSES", "FEW"):
        lines = [
            re.findall(rf"^{name} = (.*?)(?:  #.*)?$", path.read_text(), re.MULTILINE)
            for path in (
                TEMPLATE / "hooks/pre_gen_project.py",
                SOURCE / "pipeline/table/read.py",
                SOURCE / "pipeline/describe/columns.py",
            )
        ]
        assert len(lines[0]) == 1
        assert lines[0] == lines[1] + lines[2]


def test_configurations_fit_their_schemas(run: Run) -> None:
    """Dependabot and Renovate would take the files that the generated project gives them."""
    for schema, name in (("dependabot", ".github/dependabot.yml"), ("renovate", "renovate.json")):
        run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", str(SOURCE / name), cwd=TEMPLATE)


def test_conditions_are_few() -> None:
    """The generated tree has eight Jinja conditions at most, and none in Python or in dvc.yaml."""
    found = {
        name: re.findall(r"\{%-? *(?:if|elif|else)|#% *(?:if|elif|else)", Path(TEMPLATE / name).read_text("utf-8"))
        for name in TRACKED
        if name.startswith("{{") and not name.endswith((".csv", ".ipynb"))
    }
    assert sum(map(len, found.values())) <= 8
    assert not any(hits for name, hits in found.items() if name.endswith((".py", "dvc.yaml")))


def test_no_registry_host_or_machine_path_is_committed() -> None:
    """No lock file with hosts, no index option and no absolute home path is in Git."""
    assert [name for name in TRACKED if name.endswith(("uv.lock", "pylock.toml", "package-lock.json"))] == []
    requirements = (TEMPLATE / "requirements.txt").read_text()
    assert "://" not in requirements
    assert not re.search(r"^--(?!hash)", requirements, re.MULTILINE)
    for name in TRACKED:
        text = (TEMPLATE / name).read_text("utf-8", errors="replace") if (TEMPLATE / name).exists() else ""
        assert f"{TEMPLATE.parent}/" not in text, name
        assert "\r" not in text, name


def test_changelog_and_readme_name_real_commands() -> None:
    """Every make target that the README names exists."""
    targets = set(re.findall(r"^(\w+):", (TEMPLATE / "Makefile").read_text(), re.MULTILINE))
    named = set(
        re.findall(r"`make (\w+)`", (TEMPLATE / "README.md").read_text() + (TEMPLATE / "CONTRIBUTING.md").read_text())
    )
    assert {"demo", "test", "bench"} <= named <= targets
