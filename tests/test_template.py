"""The template runs unbaked, its documents match its files, and it has few conditions."""

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
    """A copy of the generated tree before rendering, so that tools leave no files in the template."""
    return Path(shutil.copytree(SOURCE, tmp_path / "unbaked"))


def test_unbaked_tree_lints(unbaked: Path, run: Run) -> None:
    """ruff accepts the tree before rendering (RUF200 needs rendered requirements)."""
    run("ruff", "check", "--no-cache", "--ignore", "RUF200", ".", cwd=unbaked)
    run("ruff", "format", "--no-cache", "--check", ".", cwd=unbaked)


@pytest.mark.slow
def test_unbaked_tree_type_checks_and_passes_its_tests(unbaked: Path, baked: Path, run: Run) -> None:
    """mypy and pytest pass before rendering, with tests/project/, in the environment of a baked project."""
    assert baked.exists()
    shutil.copytree(TEMPLATE / "tests" / "project", unbaked / "tests", dirs_exist_ok=True)
    run("mypy", ".", cwd=unbaked)
    run("ruff", "check", "--no-cache", "--ignore", "RUF200", "tests", cwd=unbaked)
    shutil.copy(baked / "data" / "schema.yaml", unbaked / "data")  # written by the set-up
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
def test_dependency_folders_contain_only_imported_files(baked: Path, run: Run) -> None:
    """A stage imports every file of the folders that it depends on."""
    assert run("python", "-c", FOLDERS, cwd=baked).stdout == ""


def test_dvc_yaml_is_short() -> None:
    """dvc.yaml has at most 60 lines."""
    assert len((SOURCE / "dvc.yaml").read_text().splitlines()) <= 60


def test_all_template_files_are_in_git() -> None:
    """No file of the tree is excluded by the tree's own .gitignore."""
    assert {f"{SOURCE.name}/{name}" for name in files(SOURCE)} - set(TRACKED) == set()


def test_readme_lists_every_question() -> None:
    """README's table lists the questions of cookiecutter.json in order, with all choices."""
    questions = {n: d for n, d in json.loads((TEMPLATE / "cookiecutter.json").read_text()).items() if n[0] != "_"}
    readme = (TEMPLATE / "README.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", readme.split("## The questions")[1], re.MULTILINE))
    assert list(rows) == list(questions)
    for name, default in questions.items():
        if isinstance(default, list):
            assert re.findall(r"`([^`]+)`", rows[name]) == default, name


def test_generated_readme_lists_the_tree() -> None:
    """The README's tree lists exactly the top-level files and folders of a project."""
    tree = (SOURCE / "README.md").read_text().split("## What is in the box")[1].split("```")[1]
    names = [name for line in tree.splitlines() for name in re.split(r"\s{2,}(?=\S)", line.strip())]
    listed = {name.rstrip("/") for name in names if re.fullmatch(r"[\w.-]+/?", name)}
    generated = {"environment.txt", "models", "reports", "uv.lock"}
    top = {path.split("/")[0] for path in expected()} | generated
    hidden = {name for name in top if name.startswith(".") and name != ".python-version"}
    assert listed == top - hidden


def test_architecture_diagram_matches_the_folders() -> None:
    """The diagram in CONTRIBUTING.md has exactly the folders of pipeline/ and lifecycle/."""
    diagram = (TEMPLATE / "CONTRIBUTING.md").read_text().split("```mermaid")[1].split("```")[0]
    folders = {path.parent.relative_to(SOURCE).as_posix() for path in SOURCE.glob("*/*/__init__.py")}
    listed = set(re.findall(r"(?:pipeline|lifecycle)/\w+", diagram))
    assert listed == {folder for folder in folders if not folder.endswith("/tests")}


def test_hook_and_pipeline_share_their_constants() -> None:
    """Missing values and the limits of a classification are the same before and after generation."""
    for name in ("EMPTY", "INFINITE", "CLASSES", "FEW"):
        lines = [
            re.findall(rf"^{name} = (.*?)(?:  #.*)?$", path.read_text(), re.MULTILINE)
            for path in (
                TEMPLATE / "hooks/pre_gen_project.py",
                SOURCE / "pipeline/table/cells.py",
                SOURCE / "pipeline/describe/columns.py",
            )
        ]
        assert len(lines[0]) == 1
        assert lines[0] == lines[1] + lines[2]


def test_update_bot_settings_match_their_schemas(run: Run) -> None:
    """The settings of Dependabot and Renovate match their published schemas."""
    for schema, name in (("dependabot", ".github/dependabot.yml"), ("renovate", "renovate.json")):
        run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", str(SOURCE / name), cwd=TEMPLATE)


def test_template_has_few_conditions() -> None:
    """The generated tree has at most eight Jinja conditions, and none in Python or dvc.yaml."""
    conditions = {
        name: re.findall(r"\{%-? *(?:if|elif|else)|#% *(?:if|elif|else)", Path(TEMPLATE / name).read_text("utf-8"))
        for name in TRACKED
        if name.startswith("{{") and not name.endswith((".csv", ".ipynb"))
    }
    assert sum(map(len, conditions.values())) <= 8
    assert not any(matches for name, matches in conditions.items() if name.endswith((".py", "dvc.yaml")))


def test_no_registry_host_or_machine_path_is_committed() -> None:
    """Git contains no lock file with hosts, no index option, no home path and no CRLF line ending."""
    assert [name for name in TRACKED if name.endswith(("uv.lock", "pylock.toml", "package-lock.json"))] == []
    requirements = (TEMPLATE / "requirements.txt").read_text()
    assert "://" not in requirements
    assert not re.search(r"^--(?!hash)", requirements, re.MULTILINE)
    for name in TRACKED:
        text = (TEMPLATE / name).read_text("utf-8", errors="replace") if (TEMPLATE / name).exists() else ""
        assert f"{TEMPLATE.parent}/" not in text, name
        assert "\r" not in text, name


def test_documented_make_targets_exist() -> None:
    """Every make target in README.md and CONTRIBUTING.md exists."""
    targets = set(re.findall(r"^(\w+):", (TEMPLATE / "Makefile").read_text(), re.MULTILINE))
    documented = set(
        re.findall(r"`make (\w+)`", (TEMPLATE / "README.md").read_text() + (TEMPLATE / "CONTRIBUTING.md").read_text())
    )
    assert {"demo", "test", "bench"} <= documented <= targets
