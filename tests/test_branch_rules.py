"""The project's branch rules match the GitHub API and require the review."""

import json
import re

import pytest
from jsonschema import ValidationError

from tests import openapi
from tests.conftest import SOURCE
from tests.forge import Request
from tests.test_ci import WORKFLOWS, load

RULES = json.loads((SOURCE / ".github" / "ruleset.json").read_text())
PATH = "/repos/me/mine/rulesets"


def test_rules_match_the_github_schema() -> None:
    """The rules match GitHub's OpenAPI description, and a misspelt key does not."""
    openapi.check(Request("POST", PATH, RULES, ""))
    wrong = json.loads(json.dumps(RULES).replace("required_status_checks_policy", "required_policy"))
    with pytest.raises(ValidationError):
        openapi.check(Request("POST", PATH, wrong, ""))


def test_main_requires_the_review() -> None:
    """A merge requires an up-to-date branch, one approval, and the status that only main's report.yml sets."""
    rules = {rule["type"]: rule.get("parameters", {}) for rule in RULES["rules"]}
    required = {check["context"] for check in rules["required_status_checks"]["required_status_checks"]}
    (context,) = re.findall(r'^CONTEXT = "(\w+)"', (SOURCE / "lifecycle/forge/runs.py").read_text(), re.MULTILINE)
    assert required == {context}
    jobs = {path.stem: load(path)["jobs"] for path in WORKFLOWS}
    assert [name for name, job in jobs.items() if "statuses" in str(job)] == ["report"]
    assert context not in {job["name"] for name in jobs for job in jobs[name].values()}
    assert rules["required_status_checks"]["strict_required_status_checks_policy"]
    assert rules["pull_request"]["required_approving_review_count"] == 1
