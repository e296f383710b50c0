"""Every answer changes the expected files, and the generated project is complete."""

import json
import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from tests.conftest import SOURCE, TEMPLATE, Run

TABLE = "size,colour,price\n" + "".join(f"{i % 7},{'red' if i % 3 else 'blue'},{i * 1.5}\n" for i in range(60))
WORKFLOWS = {
    f".github/workflows/{name}.yml"
    for name in ("ci", "report", "train", "results", "rerun", "update", "promote", "deploy")
}
GITHUB = {".github/dependabot.yml", ".github/ruleset.json", *WORKFLOWS}
GITLAB = {".gitlab/protected-branch.json", ".gitlab-ci.yml", "renovate.json"}
RAW = {"data/raw.csv"}
# option -> answers, added files, removed files, and a file with the text that the answer adds
OPTIONS: dict[str, tuple[dict[str, str], set[str], set[str], str, str]] = {
    "project_name": ({"project_name": "Café d'été 🐧"}, set(), set(), "README.md", "# Café d'été 🐧\n"),
    "project_slug": ({"project_slug": "birds"}, set(), set(), "pyproject.toml", 'name = "birds"'),
    "description": ({"description": "It's good."}, set(), set(), "pyproject.toml", 'description = "It\'s good."'),
    "author_name": ({"author_name": "Zoë Ø"}, set(), set(), "LICENSE", "Zoë Ø"),
    "author_email": ({"author_email": "z@o.e"}, set(), set(), "pyproject.toml", 'email = "z@o.e"'),
    "dataset=csv": ({"dataset": "my table.csv", "target": "colour"}, set(), set(), "data/raw.csv", "size,colour,price"),
    "dataset=parquet": (
        {"dataset": "table.parquet", "target": "colour"},
        {"data/raw.parquet"},
        RAW,
        "dvc.yaml",
        "validate data/raw.parquet",
    ),
    "dataset=url": (
        {"dataset": "https://example.com/a.csv?b=1", "target": "x"},
        set(),
        RAW,
        "README.md",
        "column `x` of `data/raw.csv`",
    ),
    "target": ({"target": "island"}, set(), set(), "README.md", "--target 'island'"),
    "task=regression": ({"task": "regression"}, set(), set(), "dvc.yaml", "- Errors:"),
    "remote=s3": ({"remote": "s3"}, set(), set(), ".dvc/config", "url = s3://penguin-species\n"),
    "remote=gcs": ({"remote": "gcs"}, set(), set(), "pyproject.toml", "dvc[gs]>="),
    "remote=azure": ({"remote": "azure"}, set(), set(), "pyproject.toml", "dvc[azure]>="),
    "remote=ssh": ({"remote": "ssh"}, set(), set(), ".dvc/config", "url = ssh://"),
    "remote_url": ({"remote_url": "~/somewhere"}, set(), set(), ".dvc/config", "url = ~/somewhere\n"),
    "ci=gitlab": ({"ci": "gitlab"}, GITLAB, GITHUB, "README.md", "glab api"),
    "license=Apache-2.0": ({"license": "Apache-2.0"}, set(), set(), "LICENSE", "Apache License"),
    "license=BSD-3-Clause": ({"license": "BSD-3-Clause"}, set(), set(), "LICENSE", "Redistribution and use"),
    "license=Proprietary": ({"license": "Proprietary"}, set(), set(), "pyproject.toml", 'license = "LicenseRef-Prop'),
}
SET_UP = ["target", "task=regression", "remote=s3", "remote=gcs", "remote=azure", "remote=ssh", "ci=gitlab"]


def files(project: Path) -> set[str]:
    """All files of a project, except those that tools create."""
    generated = ("/.git/", "/.venv/", "__pycache__", "_cache/", "/.dvc/tmp/", "/.dvc/cache/")
    paths = {path for path in project.rglob("*") if path.is_file() and not any(part in f"{path}" for part in generated)}
    return {path.relative_to(project).as_posix() for path in paths}


def expected() -> set[str]:
    """The files of the default project: the template's without GitLab's, and the Python version."""
    return files(SOURCE) - GITLAB | {".python-version"}


def place_tables(folder: Path) -> None:
    """Write the tables used in the answers to the folder where cookiecutter runs."""
    (folder / "my table.csv").write_text(TABLE)
    pq.write_table(pa.table({"size": [1.0, 2.0] * 30, "colour": ["red", "blue", "red"] * 20}), folder / "table.parquet")


def assert_complete(project: Path, run: Run) -> None:
    """Every file parses, passes ruff, has LF line endings and contains no Jinja."""
    for name in files(project):
        path = project / name
        if path.suffix in (".parquet",):
            continue
        text = path.read_text("utf-8")
        assert "\r" not in text, name
        if name != ".dvc/plots.html":  # Vega's own script has braces
            assert not re.search(r"(?<!\$)\{\{ |\{%|\{#|#%|cookiecutter[._]", text), name
        if path.suffix in (".yaml", ".yml"):
            yaml.safe_load(text)
        elif path.suffix in (".json", ".ipynb"):
            json.loads(text)
        elif path.suffix == ".toml":
            assert tomllib.loads(text)["project"]["requires-python"]
    run("ruff", "check", "--no-cache", ".", cwd=project)
    run("ruff", "format", "--no-cache", "--check", ".", cwd=project)


@pytest.fixture(scope="module")
def default_texts(bake: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of every file of the default project before the set-up."""
    project = bake(tmp_path_factory.mktemp("plain"), set_up="no")
    return {name: (project / name).read_text("utf-8") for name in files(project)}


def test_default_project_has_the_expected_files(bake: Callable[..., Path], run: Run, tmp_path: Path) -> None:
    """The default answers give exactly these files, and no Git repository if the set-up is skipped."""
    project = bake(tmp_path, set_up="no")
    assert files(project) == expected()
    assert not (project / ".git").exists()
    assert_complete(project, run)


def test_tool_caches_in_the_template_are_ignored(run: Run, home: dict[str, str], tmp_path: Path) -> None:
    """Binary caches of ruff and Python in the template do not stop the generation."""
    template = Path(shutil.copytree(TEMPLATE, tmp_path / "template", ignore=shutil.ignore_patterns(".*", "build")))
    for name in (".ruff_cache/0.17/1", "pipeline/__pycache__/train.cpython-311.pyc"):
        (template / SOURCE.name / name).parent.mkdir(parents=True, exist_ok=True)
        (template / SOURCE.name / name).write_bytes("déjà vu ".encode("latin-1") * 50)
    answers = ("--no-input", "set_up=no", f"remote_url={tmp_path}/storage")
    run(
        sys.executable,
        "-m",
        "cookiecutter",
        str(template),
        *answers,
        cwd=tmp_path,
        PATH=home["PATH"],
        PWD=f"{tmp_path}",
    )
    assert (tmp_path / "penguin_species" / "dvc.yaml").exists()


@pytest.mark.parametrize("option", OPTIONS)
def test_answer_changes_the_expected_files(
    option: str, bake: Callable[..., Path], default_texts: dict[str, str], run: Run, tmp_path: Path
) -> None:
    """One non-default answer gives exactly its files and its text, and the project is complete."""
    answers, added, removed, name, text = OPTIONS[option]
    place_tables(tmp_path)
    project = bake(tmp_path, set_up="no", **answers)
    assert files(project) == (expected() | added) - removed
    assert text in (project / name).read_text("utf-8")
    assert text not in default_texts.get(name, "")
    assert_complete(project, run)


def test_every_answer_is_tested() -> None:
    """Every question and every choice has a test."""
    questions = json.loads((TEMPLATE / "cookiecutter.json").read_text())
    for name, default in questions.items():
        if name.startswith("_") or name == "set_up":
            continue
        choices = [f"{name}={choice}" for choice in default[1:]] if isinstance(default, list) else [name]
        for choice in choices:
            assert any(option.startswith(choice) for option in OPTIONS), choice


def test_sample_matches_palmerpenguins() -> None:
    """The sample equals the file of the package palmerpenguins, byte for byte."""
    import palmerpenguins

    published = Path(str(palmerpenguins.__file__)).parent / "data" / "penguins.csv"
    assert (SOURCE / "data" / "raw.csv").read_bytes() == published.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("option", SET_UP)
def test_first_commit_is_complete(option: str, bake: Callable[..., Path], run: Run, tmp_path: Path) -> None:
    """After the set-up Git is clean, and a clone of the first commit contains everything that the pipeline needs."""
    project = bake(tmp_path, **OPTIONS[option][0])
    assert run("git", "status", "--porcelain", cwd=project).stdout == ""
    run("git", "switch", "--quiet", "-c", "work", cwd=project)
    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", str(project), str(clone), cwd=tmp_path)
    assert files(project) - files(clone) == {"data/raw.csv"}
    assert files(clone) - files(project) == set()
    shutil.copytree(project / ".dvc" / "cache", clone / ".dvc" / "cache")
    run("dvc", "checkout", "--allow-missing", cwd=clone)
    run("pytest", cwd=clone)
    run("pre-commit", "run", "--all-files", cwd=clone)
    assert run("git", "status", "--porcelain", cwd=clone).stdout == ""
    if option.startswith("remote"):
        # The package of the remote is installed and DVC knows its scheme; it may fail only at the address or the login
        output = run("dvc", "status", "--cloud", "--json", cwd=clone, code=None, AWS_EC2_METADATA_DISABLED="true")
        assert "is supported, but requires" not in output.stderr
