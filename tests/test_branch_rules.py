"""The project's branch rules match the GitHub API and require the review."""

import json

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
    """A merge requires the job of ci.yml on an up-to-date branch, and one approval."""
    (ci,) = (load(path) for path in WORKFLOWS if path.stem == "ci")
    rules = {rule["type"]: rule.get("parameters", {}) for rule in RULES["rules"]}
    required = {check["context"] for check in rules["required_status_checks"]["required_status_checks"]}
    assert required == {job["name"] for job in ci["jobs"].values()}
    assert rules["required_status_checks"]["strict_required_status_checks_policy"]
    assert rules["pull_request"]["required_approving_review_count"] == 1
