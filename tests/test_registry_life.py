"""The life of model versions from merge to clean-up; GTO confirms each step."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.registered import Repo, make_repo
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow


def downloaded_model(repo: Repo, name: str) -> str:
    """The hash of the model that `dvc artifacts get` downloads for prod."""
    out = repo.folder / name
    get = ["dvc", "artifacts", "get", str(repo.clone), "model", "--stage", "prod", "--out", str(out)]
    repo.run(*get, cwd=repo.folder)
    return hashlib.md5(out.read_bytes()).hexdigest()


def test_versions_are_promoted_rolled_back_audited_and_cleaned(
    reproduced: Path, baked: Path, run: Run, tmp_path: Path
) -> None:
    """Promotions, two rollbacks, an audit and a clean-up give the same stages as GTO at each step."""
    repo = make_repo(reproduced, tmp_path / "world", run, baked.parent / "storage")
    models = {"v0.0.1": repo.stored("models/model.skops")}
    first = repo.verb("promote", "--stage", "prod", "--reason", "the first")
    assert first["details"]["tags"] == ["model@v0.0.1", "model#prod#1"]
    assert repo.stages() == {"prod": "v0.0.1"}
    for version, old, new in (("v0.0.2", "0.1", "0.09"), ("v0.0.3", "0.09", "0.08")):
        repo.git("switch", "--quiet", "-c", version)  # a branch, merged like a request
        repo.retrain(f"learning_rate: {old}", f"learning_rate: {new}")
        models[version] = repo.stored("models/model.skops")
        assert f"{version} is registered" in repo.messages("promote", "--stage", "prod")
        assert repo.stages() == {"prod": version}
        assert downloaded_model(repo, version) == models[version].parent.name + models[version].name
    before = repo.tags()
    assert "already" in repo.messages("promote", "--stage", "prod")
    assert repo.tags() == before
    for step, version in enumerate(("v0.0.2", "v0.0.1")):
        outcome = repo.verb("rollback", "--stage", "prod", "--reason", "a regression")
        assert (outcome["details"]["version"], outcome["details"]["kind"]) == (version, "rollback")
        assert repo.stages() == {"prod": version}
        assert downloaded_model(repo, f"back {step}") == models[version].parent.name + models[version].name
    assert before.items() <= repo.tags().items()  # nothing was deleted
    after_rollbacks = repo.tags()
    assert "no version before v0.0.1" in repo.messages("rollback", "--stage", "prod", code=1)
    assert repo.tags() == after_rollbacks == repo.tags(repo.clone)
    check_audit(repo, models)
    check_clean(repo, models)


def check_audit(repo: Repo, models: dict[str, Path]) -> None:
    """The audit lists every version with its history and leads to its training rows."""
    details = repo.verb("audit", "--html", str(repo.folder / "audit.html"))["details"]
    assert [entry["version"] for entry in details["versions"]] == [*models]
    assert details["stages"] == {"prod": "v0.0.1"}
    for entry in details["versions"]:
        assert entry["model"] == models[entry["version"]].parent.name + models[entry["version"]].name
        assert entry["parameters"]["train"]["learning_rate"] == {"1": 0.1, "2": 0.09, "3": 0.08}[entry["version"][-1]]
        assert entry["metrics"]["log_loss"] > 0
        assert "scikit-learn" in entry["libraries"]
        assert entry["faults"] == []
    second = details["versions"][1]
    assert [move["kind"] for move in second["moves"]] == ["promotion", "rollback"]
    assert second["moves"][1]["reason"] == "a regression"
    assert "Tester" in (repo.folder / "audit.html").read_text()
    chain = repo.messages("audit", "v0.0.2")
    command = chain.split("training rows: `uv run ")[1].split("`")[0]
    repo.run(*command.split(), cwd=repo.clone)
    rows = (repo.clone / "train-v0.0.2.parquet").read_bytes()
    (repo.clone / "train-v0.0.2.parquet").unlink()
    assert (
        hashlib.md5(rows).hexdigest()
        == repo.stored("data/train.parquet").parent.name + repo.stored("data/train.parquet").name
    )


def check_clean(repo: Repo, models: dict[str, Path]) -> None:
    """Only objects of a deleted branch are removed, and only with --yes."""
    repo.git("switch", "--quiet", "-c", "tried")
    repo.retrain("learning_rate: 0.08", "learning_rate: 0.3")
    repo.git("push", "--quiet", "--no-verify", "--force", "origin", "v0.0.3:main")
    unused = repo.stored("models/model.skops")
    assert repo.verb("clean")["details"]["objects"] == []  # the branch is still here
    repo.git("switch", "--quiet", "v0.0.3")
    repo.git("branch", "--quiet", "-D", "tried")
    repo.run("dvc", "checkout", cwd=repo.clone)
    objects = repo.verb("clean")["details"]["objects"]
    assert {entry["where"] for entry in objects} == {"cache", "remote"}
    assert unused.parent.name + unused.name in {entry["md5"] for entry in objects}
    assert unused.exists()
    repo.verb("clean", "--yes")
    assert not unused.exists()
    assert all(path.exists() for path in models.values())
    assert repo.verb("clean")["details"]["objects"] == []
    repo.verb("audit", "v0.0.2")
    repo.run("dvc", "pull", cwd=repo.clone)


def test_metrics_may_be_redefined(repo: Repo) -> None:
    """After a metric got another definition, old versions still agree with the records of their time."""
    edit(repo.clone / "pipeline" / "metrics.py", "float(np.mean(recall))", "float(np.min(recall))")
    repo.run("dvc", "repro", cwd=repo.clone)
    repo.commit("The worst class counts")
    details = repo.verb("promote", "--stage", "prod")["details"]
    scores = json.loads((repo.clone / "reports" / "metrics.json").read_text())
    assert details["metrics"]["balanced_accuracy"] == scores["balanced_accuracy"]
    assert repo.verb("promote", "v0.0.1", "--stage", "staging")["details"]["version"] == "v0.0.1"
    repo.verb("audit", "--deep")
