"""The life of model versions, from the merge to the clean-up, with GTO as the witness of each step."""

import hashlib
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.registered import World, world

pytestmark = pytest.mark.slow


def model(made: World, name: str) -> str:
    """The hash of the model that `dvc artifacts get` brings for prod, from origin alone."""
    out = made.folder / name
    get = ["dvc", "artifacts", "get", str(made.clone), "model", "--stage", "prod", "--out", str(out)]
    made.run(*get, cwd=made.folder)
    return hashlib.md5(out.read_bytes()).hexdigest()


def test_life_of_versions(reproduced: Path, baked: Path, run: Run, tmp_path: Path) -> None:
    """Merge, promote, promote again, a regression, rollback twice, audit, clean: GTO agrees at each step."""
    made = world(reproduced, tmp_path / "world", run, baked.parent / "storage")
    models = {"v0.0.1": made.stored("models/model.skops")}
    first = made.verb("promote", "--stage", "prod", "--reason", "the first")
    assert first["details"]["tags"] == ["model@v0.0.1", "model#prod#1"]
    assert made.shows() == {"prod": "v0.0.1"}
    for version, old, new in (("v0.0.2", "0.1", "0.09"), ("v0.0.3", "0.09", "0.08")):
        made.git("switch", "--quiet", "-c", version)  # a branch, merged as a request would be
        made.retrain(f"learning_rate: {old}", f"learning_rate: {new}")
        models[version] = made.stored("models/model.skops")
        assert f"{version} is registered" in made.says("promote", "--stage", "prod")
        assert made.shows() == {"prod": version}
        assert model(made, version) == models[version].parent.name + models[version].name
    before = made.tags()
    assert "already" in made.says("promote", "--stage", "prod")
    assert made.tags() == before
    for step, version in enumerate(("v0.0.2", "v0.0.1")):
        said = made.verb("rollback", "--stage", "prod", "--reason", "a regression")
        assert (said["details"]["version"], said["details"]["kind"]) == (version, "rollback")
        assert made.shows() == {"prod": version}
        assert model(made, f"back {step}") == models[version].parent.name + models[version].name
    assert before.items() <= made.tags().items()  # nothing was deleted
    bottom = made.tags()
    assert "no version before v0.0.1" in made.says("rollback", "--stage", "prod", code=1)
    assert made.tags() == bottom == made.tags(made.clone)
    audited(made, models)
    cleaned(made, models)


def audited(made: World, models: dict[str, Path]) -> None:
    """The audit knows every version and its history, and leads to the rows that it was trained on."""
    found = made.verb("audit", "--html", str(made.folder / "audit.html"))["details"]
    assert [one["version"] for one in found["versions"]] == [*models]
    assert found["stages"] == {"prod": "v0.0.1"}
    for one in found["versions"]:
        assert one["model"] == models[one["version"]].parent.name + models[one["version"]].name
        assert one["parameters"]["train"]["learning_rate"] == {"1": 0.1, "2": 0.09, "3": 0.08}[one["version"][-1]]
        assert one["metrics"]["log_loss"] > 0
        assert "scikit-learn" in one["libraries"]
        assert one["faults"] == []
    second = found["versions"][1]
    assert [each["kind"] for each in second["moves"]] == ["promotion", "rollback"]
    assert second["moves"][1]["reason"] == "a regression"
    assert "Tester" in (made.folder / "audit.html").read_text()
    chain = made.says("audit", "v0.0.2")
    command = chain.split("training rows: `uv run ")[1].split("`")[0]
    made.run(*command.split(), cwd=made.clone)
    rows = (made.clone / "train-v0.0.2.parquet").read_bytes()
    (made.clone / "train-v0.0.2.parquet").unlink()
    assert (
        hashlib.md5(rows).hexdigest()
        == made.stored("data/train.parquet").parent.name + made.stored("data/train.parquet").name
    )


def cleaned(made: World, models: dict[str, Path]) -> None:
    """A branch that is gone leaves objects that nothing needs; they alone are removed, and only with --yes."""
    made.git("switch", "--quiet", "-c", "tried")
    made.retrain("learning_rate: 0.08", "learning_rate: 0.3")
    made.git("push", "--quiet", "--no-verify", "--force", "origin", "v0.0.3:main")
    loser = made.stored("models/model.skops")
    assert made.verb("clean")["details"]["objects"] == []  # the branch is still here
    made.git("switch", "--quiet", "v0.0.3")
    made.git("branch", "--quiet", "-D", "tried")
    made.run("dvc", "checkout", cwd=made.clone)
    shown = made.verb("clean")["details"]["objects"]
    assert {one["where"] for one in shown} == {"cache", "remote"}
    assert loser.parent.name + loser.name in {one["md5"] for one in shown}
    assert loser.exists()
    made.verb("clean", "--yes")
    assert not loser.exists()
    assert all(path.exists() for path in models.values())
    assert made.verb("clean")["details"]["objects"] == []
    made.verb("audit", "v0.0.2")
    made.run("dvc", "pull", cwd=made.clone)
