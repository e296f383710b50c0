"""Main's code checks a change, and nothing that a change writes reaches main's code, caches or keys."""

from typing import Any

import pytest

from tests.test_ci import GITLAB, WORKFLOWS, load, own_jobs

LAB = load(GITLAB)
FROM_BASE = 'uv run --locked --project "$RUNNER_TEMP/base" lifecycle '
BEFORE = ("git worktree add", "printenv DVC_CONFIG_LOCAL", "cat report/report.md")
CACHED = {"change", "train", "rerun", "update", "promote"}  # the rest runs main's code on what a request wrote


def jobs() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Each job on GitHub, with its workflow."""
    return {name: (load(path), job) for path in WORKFLOWS for name, job in own_jobs(path).items()}


def commands(job: str) -> list[str]:
    """The commands of a job on GitHub."""
    return [step["run"] for step in jobs()[job][1]["steps"] if "run" in step]


def inherited(name: str, key: str) -> Any:
    """The value of a key in a GitLab job or in what it extends, the last of which counts."""
    if key in LAB[name]:
        return LAB[name][key]
    extends = LAB[name].get("extends", [])
    values = [inherited(place, key) for place in ([extends] if isinstance(extends, str) else reversed(extends))]
    return next((value for value in values if value is not None), None)


def test_review_runs_no_code_of_the_change() -> None:
    """All commands of the review are of main's code in main's environment, outside the change's folder."""
    lines = {"github": commands("review")}
    lines |= {name: inherited(name, "before_script") + LAB[name]["script"] for name in ("verify", "reproduce", "gate")}
    for name, every in lines.items():
        checks = [line for line in every if not line.startswith((*BEFORE, "pip install"))]
        assert checks, name
        assert all(line.startswith(FROM_BASE) for line in checks), name
        assert 'git worktree add --detach "$RUNNER_TEMP/base" origin/main' in every
    assert LAB["comment"]["script"][-1].startswith('env --chdir="$RUNNER_TEMP/base" python3 -m lifecycle publish')


def test_request_cannot_poison_caches_of_main() -> None:
    """Main's code uses no cache beside a change's files; on GitLab requests have other cache keys than main.

    GitHub itself keeps caches apart: main never restores one that was made for a request.
    """
    caches = {
        name: step["with"]["enable-cache"]
        for name, (_, job) in jobs().items()
        for step in job["steps"]
        if "setup-uv" in step.get("uses", "")
    }
    assert {name for name, value in caches.items() if value == "true"} == CACHED
    assert not any("actions/cache" in step.get("uses", "") for _, job in jobs().values() for step in job["steps"])
    key = {"key": {"files": ["uv.lock"], "prefix": "uv-$CI_MERGE_REQUEST_IID"}, "paths": [".uv-cache"]}
    for name in ("check", "change", "train", "rerun", "drill", "update", "promote"):
        assert inherited(name, "cache") == key
    assert not any(inherited(name, "cache") for name in ("verify", "reproduce", "gate", "comment", "results", "deploy"))
    for name in ("verify", "reproduce", "gate"):  # nor files that the change commits, or that another job left
        variables = {"GIT_STRATEGY": "clone", "UV_CACHE_DIR": "$RUNNER_TEMP/uv-cache"}
        assert inherited(name, "variables") == variables
    assert LAB["variables"]["UV_CACHE_DIR"] == "$CI_PROJECT_DIR/.uv-cache"


@pytest.mark.parametrize("name", [name for name in jobs() if "DVC_CONFIG_WRITE" in str(jobs()[name])])
def test_write_key_is_for_main_alone(name: str) -> None:
    """A job with the key that can write runs main's code, in GitHub's environment `main`, and in no request."""
    workflow, job = jobs()[name]
    assert (name in ("results", "update"), job["environment"]) == (True, "main")
    assert not {"pull_request", "pull_request_target", "push"} & workflow["on"].keys()
    assert job["steps"][0]["with"]["ref"] == "main"
    assert inherited(name, "before_script")[-1] == "printenv DVC_CONFIG_WRITE > .dvc/config.local"
    (rule,) = LAB[name]["rules"]
    assert "schedule" in rule["if"] or rule["if"] == '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $TASK == "results"'


def test_write_key_is_given_to_two_jobs() -> None:
    """No other job gets the key that can write, and a request's comment has a token of its own."""
    assert {name for name, pair in jobs().items() if "DVC_CONFIG_WRITE" in str(pair[1])} == {"results", "update"}
    assert {name for name in LAB if "extends" in LAB[name] and ".write" in LAB[name]["extends"]} == {
        "results",
        "update",
    }
    assert LAB["comment"]["variables"] == {"GIT_STRATEGY": "clone", "GITLAB_TOKEN": "$COMMENT_TOKEN"}
