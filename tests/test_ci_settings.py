"""CI settings that local runners cannot show: triggers, concurrency, timeouts, artifacts and caches."""

from typing import Any

from tests.test_ci import GITLAB, WORKFLOWS, load

ALWAYS = "${{ !cancelled() }}"
STARTS: dict[str, dict[str, Any]] = {
    "ci": {"pull_request": "", "push": {"branches": ["main"]}, "workflow_dispatch": ""},
    "report": {"workflow_run": {"workflows": ["ci"], "types": ["completed"]}},
    "train": {"pull_request": {"types": ["labeled"]}, "workflow_dispatch": ""},
    "results": {"workflow_run": {"workflows": ["train"], "types": ["completed"]}},
    "rerun": {"schedule": [{"cron": "17 3 * * 1"}], "workflow_dispatch": ""},
    "update": {"schedule": [{"cron": "17 4 1 * *"}], "workflow_dispatch": ""},
}
HUB = {path.stem: load(path) for path in WORKFLOWS if path.stem in STARTS}
LAB = load(GITLAB)
REQUEST = "$CI_MERGE_REQUEST_IID"
SAME = "$CI_MERGE_REQUEST_SOURCE_PROJECT_PATH {} $CI_MERGE_REQUEST_PROJECT_PATH"
REPORT, RERUN = ({"when": "always", "paths": [name]} for name in ("report", "rerun"))


def steps(name: str, job: str | None = None) -> list[dict[str, Any]]:
    """The steps of a workflow's job, which has its name unless another is given."""
    job_steps: list[dict[str, Any]] = HUB[name]["jobs"][job or name]["steps"]
    return job_steps


def test_workflows_have_the_expected_triggers() -> None:
    """Requests and main are checked, report and results follow a run, training is manual, the others are scheduled."""
    assert {name: workflow["on"] for name, workflow in HUB.items()} == STARTS
    assert all(workflow["name"] == name for name, workflow in HUB.items())


def test_concurrent_runs_are_queued() -> None:
    """Only the check of a request is cancelled by a newer one; a run that writes is never cancelled."""
    for name, workflow in HUB.items():
        cancels = "${{ github.event_name == 'pull_request' }}" if name == "ci" else "false"
        assert workflow["concurrency"]["cancel-in-progress"] == cancels
        assert workflow["concurrency"]["group"].startswith(name)
        assert ("github." in workflow["concurrency"]["group"]) == (name not in ("rerun", "update"))
    assert LAB["train"]["resource_group"] == "train"
    assert LAB["update"]["resource_group"] == "update"
    assert LAB[".review"]["interruptible"] == "true"
    assert LAB["default"]["timeout"] == "2 hours"
    assert {LAB[name]["timeout"] for name in ("train", "rerun", "drill", "update")} == {"6 hours"}


def test_comparisons_have_the_full_history() -> None:
    """Comparisons have the full history; what follows a run or a schedule checks out main, training the very commit."""
    refs = {"report": "${{ github.event.repository.default_branch }}", "results": "main"}
    refs |= {"train": "${{ github.event.pull_request.head.sha || github.sha }}", "rerun": "main", "update": "main"}
    for name in HUB:
        for job in HUB[name]["jobs"]:
            options = steps(name, job)[0]["with"]
            assert options.get("fetch-depth") == (None if name == "report" else "0")
            assert options.get("ref") == refs.get(name)
    assert LAB["variables"]["GIT_DEPTH"] == "0"


def test_failed_step_does_not_skip_later_steps() -> None:
    """After a failure the later verbs still run and their reports are kept, but untrained results are not packed."""
    change = [step.get("if") for step in steps("ci", "change")]
    first = next(place for place, step in enumerate(steps("ci", "change")) if "printenv" in step.get("run", ""))
    assert (set(change[:first]), set(change[first:])) == ({None}, {ALWAYS})
    review = steps("ci", "review")
    first = next(place for place, step in enumerate(review) if "verify" in step.get("run", ""))
    assert ({step.get("if") for step in review[: first + 1]}, {step["if"] for step in review[first + 1 :]}) == (
        {None},
        {ALWAYS},
    )
    assert (HUB["ci"]["jobs"]["review"]["needs"], HUB["ci"]["jobs"]["review"]["if"]) == ("change", ALWAYS)
    assert [step["continue-on-error"] for step in review if "download" in step.get("uses", "")] == ["true"]
    assert [step.get("if") for step in steps("report")] == [None, None, ALWAYS]
    assert [step.get("if") for step in steps("rerun")][-2:] == [ALWAYS, ALWAYS]
    assert [step.get("if") for step in steps("update")][-1] == ALWAYS
    others = [*steps("train"), *steps("results"), *steps("update")[:-1], *steps("rerun")[:-2]]
    assert {step.get("if") for step in others} == {None}
    assert {LAB[name]["rules"][0]["when"] for name in ("issue", "request")} == {"always"}
    assert {rule["when"] for rule in LAB[".review"]["rules"][1:]} == {"always"}


def test_base_is_the_tip_of_main() -> None:
    """A request is compared with main's tip, whatever branch it names; a push to main with main before it."""
    base = {"BASE": "origin/main"}
    assert [(rule["if"], rule.get("variables")) for rule in LAB[".review"]["rules"]] == [
        ('$CI_PIPELINE_SOURCE == "schedule" || $TASK', None),
        (f"{REQUEST} && {SAME.format('!=')}", base | {"WITHOUT_SECRETS": "true"}),
        (REQUEST, base),
        ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", {"BASE": "$CI_COMMIT_BEFORE_SHA"}),
    ]
    assert HUB["ci"]["env"]["BASE"] == "${{ github.event_name == 'push' && github.event.before || 'origin/main' }}"


def test_artifacts_are_kept() -> None:
    """Both providers keep the report, what a change ran again, and training results; GitLab shows the metrics."""
    kept = {"review": "report", "change": "rerun", "train": "results"}
    jobs = {job: steps(name, job) for name in ("ci", "train") for job in HUB[name]["jobs"]}
    assert {job: jobs[job][-1]["with"] for job in jobs} == {
        job: {"name": name, "path": name} for job, name in kept.items()
    }
    assert [LAB[name]["artifacts"] for name in (".review", "rerun", "drill", "update")] == [REPORT] * 4
    assert (LAB["change"]["artifacts"], LAB["train"]["artifacts"]) == (RERUN, {"paths": ["results"]})
    assert LAB["gate"]["artifacts"] == REPORT | {"expose_as": "report", "reports": {"metrics": "report/metrics.txt"}}


def test_jobs_have_required_read_permissions() -> None:
    """In addition to the write permissions in test_ci.py, jobs read the code, and the report reads its artifact."""
    read = {
        job: {scope for scope, level in content["permissions"].items() if level == "read"}
        for workflow in HUB.values()
        for job, content in workflow["jobs"].items()
    }
    code = {job: {"contents"} for job in ("change", "review", "train", "rerun")}
    assert read == code | {"report": {"contents", "actions"}, "results": set(), "update": set()}


def test_gitlab_jobs_run_in_order() -> None:
    """Results and report pass from job to job; training is manual and needs no other job."""
    order: dict[str, Any] = {"check": None, "change": None, "verify": None, "reproduce": ["change", "verify"]}
    order |= {"gate": ["verify", "reproduce"], "comment": ["gate"], "train": [], "results": None}
    order |= {"rerun": None, "drill": None, "issue": ["rerun", "drill"], "update": None, "request": ["update"]}
    assert {name: LAB[name].get("needs") for name in order} == order
    manual = {"if": f"{REQUEST} && {SAME.format('==')}", "when": "manual", "allow_failure": "true"}
    assert LAB["train"]["rules"] == [manual]


def test_uv_is_installed_first() -> None:
    """GitLab's image and GitHub's runner come without uv."""
    assert LAB["default"]["image"] == "python:3.11"
    for place in (".uv", ".main", ".write", "check"):
        assert LAB[place]["before_script"][0] == "pip install --quiet uv"
    for name in HUB:
        for job in HUB[name]["jobs"]:
            uses_uv = any(step.get("run", "").startswith("uv ") for step in steps(name, job))
            assert ("setup-uv" in steps(name, job)[1].get("uses", "")) == uses_uv
