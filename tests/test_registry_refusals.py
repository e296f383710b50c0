"""What is refused before any tag is written, by the state of the work and of the remote."""

import hashlib
import json
import zipfile
from collections.abc import Callable

import pytest

from tests.registered import World, refused
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow


def test_work_that_is_not_ready_is_refused(made: World) -> None:
    """A dirty tree, a commit that origin lacks, a stale lock, unknown stages and versions: each in a sentence."""
    refused(made, "no stage dev: params.yaml of origin's default branch has staging, prod", 1, "--stage", "dev")
    refused(made, "v0.0.9 is not registered: there are v0.0.1, v0.0.2", 1, "v0.0.9", "--stage", "prod")
    refused(made, "prod never pointed to v0.0.9", 1, "--stage", "prod", "--to", "v0.0.9", verb="rollback")
    edit(made.clone / "params.yaml", "learning_rate: 0.1", "learning_rate: 0.2")
    refused(made, "uncommitted changes (params.yaml)", 1, "--stage", "prod")
    made.commit("Never run", push=False)
    refused(made, "on no branch of origin", 1, "--stage", "prod")
    made.git("push", "--quiet", "--no-verify", "origin", "HEAD:main")
    refused(made, "params.yaml: train changed after the last `dvc repro`", 1, "--stage", "prod")
    made.git("remote", "set-url", "origin", str(made.folder / "nowhere"))
    for verb in ("promote", "rollback"):
        refused_offline = made.says(verb, "--stage", "prod", code=2)
        assert "origin cannot be reached" in refused_offline


def test_gate_that_says_no_is_obeyed(made: World) -> None:
    """A floor that the metrics do not reach refuses the first promotion to a stage, too."""
    edit(made.clone / "params.yaml", "accuracy: {better: higher, drop: 0.02}", "accuracy: {better: higher, floor: 1.0}")
    made.commit("A floor")
    refused(made, "the gate says fail", 1, "--stage", "staging")


def test_person_can_answer_for_what_cannot_be_compared(made: World) -> None:
    """With fewer test rows nothing is promoted, but by --skip-comparison with a reason, which the audit shows."""
    made.retrain("test_share: 0.2", "test_share: 0.1")
    refused(made, "test rows instead of 83", 2, "--stage", "prod")
    refused(made, "--skip-comparison needs a --reason", 1, "--stage", "prod", "--skip-comparison")
    edit(made.clone / "params.yaml", "ceiling: baseline, drop: 10%", "ceiling: 0.00001, drop: 10%")
    made.commit("A ceiling")
    refused(
        made,
        "is above its ceiling 1e-05",
        1,
        "--stage",
        "prod",
        "--skip-comparison",
        "--reason",
        "It cannot excuse that",
    )
    made.git("revert", "--no-edit", "HEAD")
    made.git("push", "--quiet", "--no-verify", "origin", "HEAD:main")
    said = made.says("promote", "--stage", "prod", "--skip-comparison", "--reason", "A new contract")
    assert "The gate's verdict was: not compared." in said
    assert "gate: not compared" in made.says("audit", "v0.0.3")
    assert "A new contract" in made.says("audit", "v0.0.3")
    (made.clone / "NEWS.md").write_text("In a hurry.\n")
    hurried = made.commit("Not merged", push=False)
    made.git("push", "--quiet", "--no-verify", "origin", "HEAD:hurry")
    remark = f"Commit {hurried[:9]} is not merged into origin's default branch"
    assert remark in made.says("promote", "--stage", "staging")


def test_older_version_is_compared_with_what_the_stage_has(made: World) -> None:
    """A promotion of a version that is worse than the stage's is refused, though the stage's was made from it."""
    made.retrain("learning_rate: 0.1", "learning_rate: 0.01")
    made.by_hand("model@v0.0.3", "model#prod#3")
    better = made.retrain("learning_rate: 0.01", "learning_rate: 0.1")
    assert "is registered" in made.says("promote", "--stage", "prod")
    refused(made, f"lifecycle gate {better[:9]} --direct", 1, "v0.0.3", "--stage", "prod")


def test_name_that_is_not_the_model_is_refused(made: World) -> None:
    """A commit that gives the artifact's name to another file is not promoted, and is named where it is registered."""
    edit(made.clone / "dvc.yaml", "path: models/model.skops", "path: data/test.parquet")
    made.commit("Something else")
    refused(made, "the artifact model is data/test.parquet, which the stage train does not write", 2, "--stage", "prod")
    made.by_hand("model@v0.0.3")
    made.git("checkout", "--quiet", "HEAD~1")
    assert (
        "v0.0.3: dvc.yaml: the artifact model is data/test.parquet, which the stage train does not write"
        in made.says("audit", code=1)
    )
    refused(made, "which the stage train does not write", 2, "v0.0.3", "--stage", "prod")


def forge_golden(made: World) -> None:
    """Let the golden predictions say what the model never said, with true hashes everywhere."""
    path = made.clone / "models" / "golden.json"
    old, golden = path.read_bytes(), json.loads(path.read_text())
    golden["predictions"][0]["p(Adelie)"] += 0.01
    path.unlink()
    path.write_text(json.dumps(golden, indent=2, ensure_ascii=False) + "\n")
    lock, new = made.clone / "dvc.lock", path.read_bytes()
    edit(lock, hashlib.md5(old).hexdigest(), hashlib.md5(new).hexdigest())
    text = lock.read_text().split("path: models/golden.json")
    lock.write_text(text[0] + "path: models/golden.json" + text[1].replace(f"size: {len(old)}", f"size: {len(new)}", 1))
    made.run("dvc", "commit", "--force", "models/golden.json", cwd=made.clone, code=None)


def test_model_that_contradicts_its_golden_predictions_is_refused(made: World) -> None:
    """A stored model that predicts otherwise than was recorded with it is not promoted."""
    forge_golden(made)
    made.commit("Forged")
    refused(made, "contradicts its golden predictions: row 0, p(Adelie)", 1, "--stage", "prod")


def test_version_of_another_environment_can_be_gone_back_to(made: World) -> None:
    """A model that another scikit-learn wrote is not promoted, but its bytes are enough for a rollback in need."""
    model = made.clone / "models" / "model.skops"
    content = model.read_bytes()
    model.unlink()
    model.write_bytes(content)
    with zipfile.ZipFile(model, "a") as archive:
        archive.comment = b"scikit-learn 0.1"
    made.run("dvc", "commit", "--force", cwd=made.clone)
    made.commit("Older")
    refused(made, "was written by scikit-learn 0.1", 2, "--stage", "staging")
    made.by_hand("model@v0.0.3", "model#prod#3")
    made.verb("promote", "v0.0.1", "--stage", "prod")
    assert made.verb("rollback", "--stage", "prod")["details"]["version"] == "v0.0.3"
    assert made.shows() == {"prod": "v0.0.3"}


FAULTS: dict[str, Callable[[bytes], bytes | None]] = {
    "corrupt": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "truncated": lambda content: content[: len(content) // 2],
    "missing": lambda _: None,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_object_that_is_not_what_it_was_is_named(fault: str, made: World) -> None:
    """A model that is corrupt, truncated or missing in the remote is named, and no stage is pointed to it."""
    path = made.stored("models/model.skops")
    content = FAULTS[fault](path.read_bytes())
    mode = path.stat().st_mode
    path.unlink()
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    said = made.says("audit", code=1)
    assert "v0.0.1: models/model.skops" in said
    assert fault in said
    refused(made, "models/model.skops", 1, "--stage", "prod", verb="rollback")
    if fault == "corrupt":
        refused(made, "models/model.skops", 1, "--stage", "staging")
    assert path.exists() == (content is not None)  # whoever looks removes nothing


def test_record_that_was_edited_is_named(made: World) -> None:
    """Metrics and a manifest that the lock does not know, in a version that was tagged by hand, are named."""
    edit(made.clone / "reports" / "metrics.json", '"accuracy": 0.', '"accuracy": 1.')
    edit(made.clone / "models" / "manifest.json", '"data/train.parquet": "', '"data/train.parquet": "0')
    made.commit("Better")
    made.by_hand("model@v0.0.3")
    said = made.says("audit", "v0.0.3", code=1)
    assert "reports/metrics.json has the hash" in said
    assert "another data/train.parquet than dvc.lock" in said
    made.verb("audit", "v0.0.2")
