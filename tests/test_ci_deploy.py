"""The deployment in CI: who starts it, with what, and one after the other for each stage."""

from typing import Any

from tests.conftest import SOURCE
from tests.test_ci import GITLAB, load

FOLDER = SOURCE / ".github" / "workflows"
WORKFLOW, PROMOTE, LAB = load(FOLDER / "deploy.yml"), load(FOLDER / "promote.yml"), load(GITLAB)["deploy"]
JOB = WORKFLOW["jobs"]["deploy"]
MAIN = "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"


def environment(command: str) -> dict[str, Any]:
    """The variables of the step that runs a command."""
    (step,) = [step for step in JOB["steps"] if step.get("run", "").startswith(command)]
    return dict(step["env"])


def test_promotion_calls_the_deployment() -> None:
    """Where DEPLOY is yes, a promotion is followed by the deployment of the same stage, with its permissions."""
    call = PROMOTE["jobs"]["deploy"]
    assert (call["needs"], call["if"]) == ("promote", "${{ vars.DEPLOY == 'yes' }}")
    assert (call["uses"], call["secrets"]) == ("./.github/workflows/deploy.yml", "inherit")
    assert call["permissions"] == JOB["permissions"]
    (step,) = [step for step in PROMOTE["jobs"]["promote"]["steps"] if "lifecycle promote" in step.get("run", "")]
    assert call["with"]["stage"] == step["env"]["STAGE"] == "${{ inputs.stage || 'staging' }}"
    assert LAB["needs"] == [{"job": "promote", "optional": "true"}]
    assert LAB["variables"]["STAGE"] == load(GITLAB)["promote"]["variables"]["STAGE"] == "staging"


def test_deployment_can_be_started_by_hand() -> None:
    """After a rollback the same workflow or job is started for the stage, and it is always main's."""
    assert WORKFLOW["on"].keys() == {"workflow_call", "workflow_dispatch"}
    stages = [WORKFLOW["on"][how]["inputs"]["stage"]["required"] for how in WORKFLOW["on"]]
    assert stages == ["true", "true"]
    assert JOB["steps"][0]["with"]["ref"] == "main"
    assert LAB["rules"] == [
        {"if": f'{MAIN} && $TASK == "deploy"'},
        {"if": '$CI_PIPELINE_SOURCE == "schedule" || $TASK || $DEPLOY != "yes"', "when": "never"},
        {"if": f'{MAIN} && $CI_PIPELINE_SOURCE == "push"', "changes": ["dvc.lock"]},
        {"if": MAIN, "when": "manual", "allow_failure": "true"},
    ]


def test_deployments_of_a_stage_are_queued() -> None:
    """Each stage is an environment of its own, and its deployments wait for each other."""
    assert JOB["environment"] == "${{ inputs.stage }}"
    assert WORKFLOW["concurrency"] == {"group": "deploy-${{ inputs.stage }}", "cancel-in-progress": "false"}
    assert (LAB["environment"], LAB["resource_group"]) == ({"name": "$STAGE"}, "deploy-$STAGE")


def test_each_step_gets_its_own_secrets() -> None:
    """The registry's token is for the image alone; keys and tokens of the services are for the deployment alone."""
    image, deploy = environment("uv run lifecycle image"), environment("uv run lifecycle deploy")
    assert image == {
        "STAGE": "${{ inputs.stage }}",
        "IMAGE": "${{ vars.IMAGE }}",
        "REGISTRY_USER": "${{ github.actor }}",
        "REGISTRY_TOKEN": "${{ github.token }}",
        "GITHUB_TOKEN": "${{ github.token }}",
    }
    assert deploy == {
        "STAGE": "${{ inputs.stage }}",
        "DEPLOY_URLS": "${{ vars.DEPLOY_URLS }}",
        "DEPLOY_KEY": "${{ secrets.DEPLOY_KEY }}",
        "SERVE_TOKEN": "${{ secrets.SERVE_TOKEN }}",
        "GITHUB_TOKEN": "${{ github.token }}",
    }
    assert LAB["variables"]["REGISTRY_TOKEN"] == "$CI_REGISTRY_PASSWORD"
