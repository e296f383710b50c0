"""The branch rules that a project ships are ones that the platform takes, and they ask for the review."""

import json

import pytest
from jsonschema import ValidationError

from tests import openapi
from tests.conftest import SOURCE
from tests.forge import Asked
from tests.test_ci import WORKFLOWS, load

RULES = json.loads((SOURCE / ".github" / "ruleset.json").read_text())
PATH = "/repos/me/mine/rulesets"


def test_github_would_take_the_rules() -> None:
    """The body of the README's one command fits GitHub's own description, and a misspelt rule would not."""
    openapi.check(Asked("POST", PATH, RULES, ""))
    wrong = json.loads(json.dumps(RULES).replace("required_status_checks_policy", "required_policy"))
    with pytest.raises(ValidationError):
        openapi.check(Asked("POST", PATH, wrong, ""))


def test_main_waits_for_the_review() -> None:
    """Nothing is merged without the job of ci.yml by its name, up to date with main, and an approval."""
    (ci,) = (load(path) for path in WORKFLOWS if path.stem == "ci")
    rules = {rule["type"]: rule.get("parameters", {}) for rule in RULES["rules"]}
    wanted = {check["context"] for check in rules["required_status_checks"]["required_status_checks"]}
    assert wanted == {job["name"] for job in ci["jobs"].values()}
    assert rules["required_status_checks"]["strict_required_status_checks_policy"]
    assert rules["pull_request"]["required_approving_review_count"] == 1
