"""CI settings that local runners cannot show: triggers, concurrency, timeouts, artifacts and caches."""

from typing import Any

from tests.test_ci import GITLAB, WORKFLOWS, load

ALWAYS = "${{ !cancelled() }}"
STARTS: dict[str, dict[str, Any]] = {
    "ci": {"pull_request": "", "push": {"branches": ["main"]}, "workflow_dispatch": ""},
    "report": {"workflow_run": {"workflows": ["ci"], "types": ["completed"]}},
    "train": {"pull_request": {"types": ["labeled"]}, "workflow_dispatch": ""},
    "rerun": {"schedule": [{"cron": "17 3 * * 1"}], "workflow_dispatch": ""},
    "update": {"schedule": [{"cron": "17 4 1 * *"}], "workflow_dispatch": ""},
}
HUB = {path.stem: load(path) for path in WORKFLOWS if path.stem in STARTS}
LAB = load(GITLAB)
REQUEST = "$CI_MERGE_REQUEST_IID"
SAME = "$CI_MERGE_REQUEST_SOURCE_PROJECT_PATH {} $CI_MERGE_REQUEST_PROJECT_PATH"


def steps(name: str) -> list[dict[str, Any]]:
    """The steps of a workflow's only job."""
    (job,) = HUB[name]["jobs"].values()
    job_steps: list[dict[str, Any]] = job["steps"]
    return job_steps


def test_workflows_have_the_expected_triggers() -> None:
    """Requests and main are checked, the report follows, training is manual, the others are scheduled."""
    assert {name: workflow["on"] for name, workflow in HUB.items()} == STARTS
    assert all(workflow["name"] == name for name, workflow in HUB.items())


def test_concurrent_runs_are_queued() -> None:
    """Only the check of a request is cancelled by a newer one; a run that writes is never cancelled."""
    for name, workflow in HUB.items():
        cancels = "${{ github.event_name == 'pull_request' }}" if name == "ci" else "false"
        assert workflow["concurrency"]["cancel-in-progress"] == cancels
        assert workflow["concurrency"]["group"].startswith(name)
        assert ("github." in workflow["concurrency"]["group"]) == (name in ("ci", "report", "train"))
    assert LAB["train"]["resource_group"] == "train"
    assert LAB["update"]["resource_group"] == "update"
    assert LAB[".review"]["interruptible"] == "true"
    assert LAB["default"]["timeout"] == "2 hours"
    assert {LAB[name]["timeout"] for name in ("train", "rerun", "update")} == {"6 hours"}


def test_comparisons_have_the_full_history() -> None:
    """Comparisons have the full history; scheduled runs check out main, and the report main's code."""
    refs = {"report": "${{ github.event.repository.default_branch }}", "rerun": "main", "update": "main"}
    refs["train"] = "${{ github.head_ref || github.ref_name }}"
    for name in HUB:
        options = steps(name)[0]["with"]
        assert options.get("fetch-depth") == (None if name == "report" else "0")
        assert options.get("ref") == refs.get(name)
    assert LAB["variables"]["GIT_DEPTH"] == "0"


def test_failed_step_does_not_skip_later_steps() -> None:
    """After a failure every verb still runs and the report is kept, but untrained results are not pushed."""
    after = [step.get("if") for step in steps("ci")]
    first = next(place for place, step in enumerate(steps("ci")) if "printenv" in step.get("run", ""))
    assert set(after[first:]) == {ALWAYS}
    assert set(after[:first]) == {None}
    assert [step.get("if") for step in steps("rerun")][-1] == ALWAYS
    assert [step.get("if") for step in steps("update")][-1] == ALWAYS
    assert {step.get("if") for step in [*steps("train"), *steps("update")[:-1], *steps("rerun")[:-1]]} == {None}
    assert {LAB[name]["rules"][0]["when"] for name in ("issue", "request")} == {"always"}
    assert {rule["when"] for rule in LAB[".review"]["rules"][1:]} == {"always"}


def test_base_is_the_target_of_the_change() -> None:
    """The base is the request's base, main before a push, or on GitHub origin/main for dispatched runs."""
    base = {"BASE": "$CI_MERGE_REQUEST_DIFF_BASE_SHA"}
    assert [(rule["if"], rule.get("variables")) for rule in LAB[".review"]["rules"]] == [
        ('$CI_PIPELINE_SOURCE == "schedule"', None),
        (f"{REQUEST} && {SAME.format('!=')}", base | {"WITHOUT_SECRETS": "true"}),
        (REQUEST, base),
        ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", {"BASE": "$CI_COMMIT_BEFORE_SHA"}),
    ]
    github_base = HUB["ci"]["jobs"]["review"]["env"]["BASE"]
    assert github_base == "${{ github.event.pull_request.base.sha || github.event.before || 'origin/main' }}"


def test_reports_are_uploaded_and_packages_cached() -> None:
    """Both providers upload the artifact `report`; GitLab shows it with its metrics in the request."""
    assert steps("ci")[-1]["with"] == {"name": "report", "path": "report"}
    kept = {"when": "always", "paths": ["report"]}
    assert [LAB[name]["artifacts"] for name in (".review", "rerun", "update")] == [kept, kept, kept]
    assert LAB["gate"]["artifacts"] == kept | {"expose_as": "report", "reports": {"metrics": "report/metrics.txt"}}
    caches = [
        step["with"]["enable-cache"] for name in HUB for step in steps(name) if "setup-uv" in step.get("uses", "")
    ]
    assert caches == ["true"] * 4
    assert LAB[".uv"]["cache"] == {"key": {"files": ["uv.lock"]}, "paths": [".uv-cache"]}
    assert LAB["variables"]["UV_CACHE_DIR"] == "$CI_PROJECT_DIR/.uv-cache"


def test_jobs_have_required_read_permissions() -> None:
    """In addition to the write permissions in test_ci.py, jobs read the code, and the report reads its artifact."""
    read = {
        name: {scope for scope, level in job["permissions"].items() if level == "read"}
        for name, workflow in HUB.items()
        for job in workflow["jobs"].values()
    }
    code = {"contents"}
    assert read == {"ci": code, "report": {"contents", "actions"}, "train": set(), "rerun": code, "update": set()}


def test_gitlab_jobs_run_in_order() -> None:
    """The report passes from job to job; training is manual and needs no other job."""
    order: dict[str, Any] = {"check": None, "verify": None, "reproduce": ["verify"], "gate": ["verify", "reproduce"]}
    order |= {
        "comment": ["gate"],
        "train": [],
        "rerun": None,
        "issue": ["rerun"],
        "update": None,
        "request": ["update"],
    }
    assert {name: LAB[name].get("needs") for name in order} == order
    both = [".uv", ".review"]
    kinds: dict[str, Any] = {
        "check": both,
        "verify": both,
        "reproduce": both,
        "gate": both,
        "comment": ".review",
        "train": ".uv",
    }
    kinds |= {"rerun": ".uv", "issue": None, "update": ".uv", "request": None}
    assert {name: LAB[name].get("extends") for name in kinds} == kinds
    manual = {"if": f"{REQUEST} && {SAME.format('==')}", "when": "manual", "allow_failure": "true"}
    assert LAB["train"]["rules"] == [manual]
    assert LAB["train"]["variables"] == {"BRANCH": "$CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"}


def test_uv_is_installed_first() -> None:
    """GitLab's image and GitHub's runner come without uv."""
    assert LAB["default"]["image"] == "python:3.11"
    assert LAB[".uv"]["before_script"][0] == LAB["check"]["before_script"][0] == "pip install --quiet uv"
    for name in HUB:
        first = next(step["run"] for step in steps(name) if "run" in step)
        assert ("setup-uv" in steps(name)[1].get("uses", "")) == (first == "uv sync --locked")
