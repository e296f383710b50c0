"""`promote` and `rollback` refuse before any tag is written, depending on the work tree and the remote."""

import hashlib
import json
import zipfile
from collections.abc import Callable

import pytest

from tests.registered import Repo, assert_refused
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow


def test_unready_work_is_refused(repo: Repo) -> None:
    """Unknown stages and versions, uncommitted or unpushed work and a stale lock are each refused with a message."""
    assert_refused(repo, "no stage dev: params.yaml of origin's default branch has staging, prod", 1, "--stage", "dev")
    assert_refused(repo, "v0.0.9 is not registered: there are v0.0.1, v0.0.2", 1, "v0.0.9", "--stage", "prod")
    assert_refused(repo, "prod never pointed to v0.0.9", 1, "--stage", "prod", "--to", "v0.0.9", verb="rollback")
    edit(repo.clone / "params.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    assert_refused(repo, "uncommitted changes (params.yaml)", 1, "--stage", "prod")
    repo.commit("Never run", push=False)
    assert_refused(repo, "on no branch of origin", 1, "--stage", "prod")
    repo.git("push", "--quiet", "--no-verify", "origin", "HEAD:main")
    assert_refused(repo, "params.yaml: train changed after the last `dvc repro`", 1, "--stage", "prod")
    repo.git("remote", "set-url", "origin", str(repo.folder / "nowhere"))
    for verb in ("promote", "rollback"):
        messages = repo.messages(verb, "--stage", "prod", code=2)
        assert "origin cannot be reached" in messages


def test_failed_gate_refuses_promotion(repo: Repo) -> None:
    """A metric below its floor also refuses the first promotion to a stage."""
    edit(repo.clone / "params.yaml", "accuracy: {better: higher, drop: 0.02}", "accuracy: {better: higher, floor: 1.0}")
    repo.commit("A floor")
    assert_refused(repo, "the gate says fail", 1, "--stage", "staging")


def test_skip_comparison_requires_a_reason(repo: Repo) -> None:
    """With fewer test rows, promotion requires --skip-comparison and a reason; limits are still checked."""
    repo.retrain("test_share: 0.2", "test_share: 0.1")
    assert_refused(repo, "test rows instead of 75", 2, "--stage", "prod")
    assert_refused(repo, "--skip-comparison needs a --reason", 1, "--stage", "prod", "--skip-comparison")
    edit(repo.clone / "params.yaml", "ceiling: baseline, drop: 10%", "ceiling: 0.00001, drop: 10%")
    repo.commit("A ceiling")
    assert_refused(
        repo,
        "is above its ceiling 1e-05",
        1,
        "--stage",
        "prod",
        "--skip-comparison",
        "--reason",
        "It cannot excuse that",
    )
    repo.git("revert", "--no-edit", "HEAD")
    repo.git("push", "--quiet", "--no-verify", "origin", "HEAD:main")
    messages = repo.messages("promote", "--stage", "prod", "--skip-comparison", "--reason", "A new contract")
    assert "The gate's verdict was: not compared." in messages
    assert "gate: not compared" in repo.messages("audit", "v0.0.3")
    assert "A new contract" in repo.messages("audit", "v0.0.3")
    (repo.clone / "NEWS.md").write_text("In a hurry.\n")
    unmerged = repo.commit("Not merged", push=False)
    repo.git("push", "--quiet", "--no-verify", "origin", "HEAD:hurry")
    note = f"Commit {unmerged[:9]} is not merged into origin's default branch"
    assert note in repo.messages("promote", "--stage", "staging")


def test_older_version_is_compared_with_the_current_one(repo: Repo) -> None:
    """A version that is worse than the stage's current one is refused, even if it is an ancestor."""
    repo.retrain("learning_rate: 0.1", "learning_rate: 0.01")
    repo.tag_by_hand("model@v0.0.3", "model#prod#3")
    better = repo.retrain("learning_rate: 0.01", "learning_rate: 0.1")
    assert "is registered" in repo.messages("promote", "--stage", "prod")
    assert_refused(repo, f"lifecycle gate {better[:9]} --direct", 1, "v0.0.3", "--stage", "prod")


def test_artifact_that_is_not_the_model_is_refused(repo: Repo) -> None:
    """A commit whose artifact is not the trained model is not promoted, and the audit reports its version."""
    edit(repo.clone / "dvc.yaml", "path: models/model.skops", "path: data/test.parquet")
    repo.commit("Something else")
    assert_refused(
        repo, "the artifact model is data/test.parquet, which the stage train does not write", 2, "--stage", "prod"
    )
    repo.tag_by_hand("model@v0.0.3")
    repo.git("checkout", "--quiet", "HEAD~1")
    assert (
        "v0.0.3: dvc.yaml: the artifact model is data/test.parquet, which the stage train does not write"
        in repo.messages("audit", code=1)
    )
    assert_refused(repo, "which the stage train does not write", 2, "v0.0.3", "--stage", "prod")


def forge_golden(repo: Repo) -> None:
    """Change a golden prediction and make all hashes consistent."""
    path = repo.clone / "models" / "golden.json"
    old, golden = path.read_bytes(), json.loads(path.read_text())
    golden["predictions"][0]["p(Adelie)"] += 0.01
    path.unlink()
    path.write_text(json.dumps(golden, indent=2, ensure_ascii=False) + "\n")
    lock, new = repo.clone / "dvc.lock", path.read_bytes()
    edit(lock, hashlib.md5(old).hexdigest(), hashlib.md5(new).hexdigest())
    first, *entries = lock.read_text().split("path: models/golden.json")
    sized = (entry.replace(f"size: {len(old)}", f"size: {len(new)}", 1) for entry in entries)
    lock.write_text("path: models/golden.json".join([first, *sized]))
    repo.run("dvc", "commit", "--force", "models/golden.json", cwd=repo.clone, code=None)


def test_model_that_contradicts_its_golden_predictions_is_refused(repo: Repo) -> None:
    """A model whose predictions differ from its golden predictions is not promoted."""
    forge_golden(repo)
    repo.commit("Forged")
    assert_refused(repo, "contradicts its golden predictions: row 0, p(Adelie)", 1, "--stage", "prod")


def test_rollback_accepts_another_scikit_learn_version(repo: Repo) -> None:
    """A model of another scikit-learn version is not promoted, but a rollback may return to it."""
    model = repo.clone / "models" / "model.skops"
    content = model.read_bytes()
    model.unlink()
    model.write_bytes(content)
    with zipfile.ZipFile(model, "a") as archive:
        archive.comment = b"scikit-learn 0.1"
    repo.run("dvc", "commit", "--force", cwd=repo.clone)
    repo.commit("Older")
    assert_refused(repo, "was written by scikit-learn 0.1", 2, "--stage", "staging")
    repo.tag_by_hand("model@v0.0.3", "model#prod#3")
    repo.verb("promote", "v0.0.1", "--stage", "prod")
    assert repo.verb("rollback", "--stage", "prod")["details"]["version"] == "v0.0.3"
    assert repo.stages() == {"prod": "v0.0.3"}


FAULTS: dict[str, Callable[[bytes], bytes | None]] = {
    "corrupt": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "truncated": lambda content: content[: len(content) // 2],
    "missing": lambda _: None,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_damaged_object_is_reported(fault: str, repo: Repo) -> None:
    """A corrupt, truncated or missing model in the remote is reported, and no stage is pointed to it."""
    path = repo.stored("models/model.skops")
    content = FAULTS[fault](path.read_bytes())
    mode = path.stat().st_mode
    path.unlink()
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    messages = repo.messages("audit", code=1)
    assert "v0.0.1: models/model.skops" in messages
    assert fault in messages
    assert_refused(repo, "models/model.skops", 1, "--stage", "prod", verb="rollback")
    if fault == "corrupt":
        assert_refused(repo, "models/model.skops", 1, "--stage", "staging")
    assert path.exists() == (content is not None)  # the checks remove nothing


def test_damaged_serving_form_is_not_promoted(repo: Repo) -> None:
    """What a service would load is read as the model is: no stage is pointed to other bytes."""
    path = repo.stored("models/serving.zip")
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert_refused(repo, "models/serving.zip is corrupt in the remote", 1, "--stage", "staging")


def test_edited_record_is_reported(repo: Repo) -> None:
    """Metrics, a manifest and a folder of code that do not match dvc.lock are reported for a manual tag."""
    edit(repo.clone / "pipeline" / "run" / "threads.py", "SMALL = 10_000", "SMALL = 20_000")
    edit(repo.clone / "reports" / "metrics.json", '"accuracy": 0.', '"accuracy": 1.')
    edit(repo.clone / "models" / "manifest.json", '"data/train.parquet": "', '"data/train.parquet": "0')
    repo.commit("Better")
    repo.tag_by_hand("model@v0.0.3")
    messages = repo.messages("audit", "v0.0.3", code=1)
    assert "reports/metrics.json has the hash" in messages
    assert "pipeline/run has the hash" in messages
    assert "another data/train.parquet than dvc.lock" in messages
    repo.verb("audit", "v0.0.2")
