"""`publish results`: main's code stores and commits what a training run left, or refuses it and writes nothing."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.test_life import edit
from tests.training import Training

pytest_plugins = ["tests.training"]
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_results_are_stored_and_committed(platform: str, training: Training, tmp_path: Path) -> None:
    """The branch gets one commit with dvc.lock and its results, and the remote all objects; the work tree stays."""
    output, git = training.publish(platform=platform), ["git", "-C", str(training.forge.origin)]
    tip, parent = training.forge.branch("tune")
    assert (f"Pushed {tip[:9]} to tune" in output, parent) == (True, training.sha)
    names = training.run(*git, "diff", "--name-only", parent, tip, cwd=tmp_path).stdout.split()
    assert {"dvc.lock", "reports/metrics.json", "models/manifest.json"} <= {*names}
    assert all(name == "dvc.lock" or name.startswith(("models/", "reports/")) for name in names)
    assert training.run("git", "status", "--porcelain", cwd=training.main).stdout == ""
    assert training.forge.dispatched() == (["tune"] if platform == "github" else [])
    clone = tmp_path / "clone"
    training.run("git", "clone", "--quiet", "-b", "tune", str(training.forge.origin), str(clone), cwd=tmp_path)
    training.run("dvc", "remote", "modify", "--local", "storage", "url", str(training.storage), cwd=clone)
    training.run("dvc", "pull", cwd=clone)
    assert training.run("dvc", "status", cwd=clone).stdout.startswith("Data and pipelines are up to date")


def test_unchanged_results_change_nothing(training: Training) -> None:
    """A run that changed nothing packs dvc.lock alone, and nothing is pushed."""
    for folder in ("files", "objects"):
        shutil.rmtree(training.packed / folder)
    lock = training.run("git", "show", f"{training.sha}:dvc.lock", cwd=training.main).stdout
    (training.packed / "dvc.lock").write_text(lock)
    assert "Nothing changed" in training.publish()
    assert training.forge.branch("tune")[0] == training.sha


def forged_object(packed: Path) -> None:
    """A model of other bytes under the right name."""
    model = max((packed / "objects").iterdir(), key=lambda path: path.stat().st_size)
    model.write_bytes(model.read_bytes() + b"0")


def forged_metric(packed: Path) -> None:
    """Better metrics than dvc.lock has."""
    (packed / "files/reports/metrics.json").write_text('{"accuracy": 1.0}')


def renamed_object(packed: Path) -> None:
    """An object under the name of one that nobody asked for."""
    content = b"other"
    (packed / "objects" / hashlib.md5(content).hexdigest()).write_bytes(content)


def missing_object(packed: Path) -> None:
    """An object that is not there."""
    next((packed / "objects").iterdir()).unlink()


def extra_code(packed: Path) -> None:
    """A file of the program beside the results."""
    (packed / "files/lifecycle").mkdir()
    (packed / "files/lifecycle/cli.py").write_text("")


def extra_plot(packed: Path) -> None:
    """A file that the folder in dvc.lock does not have."""
    (packed / "files/reports/plots/other.csv").write_text("")


def link(packed: Path) -> None:
    """A link to a file of the machine in place of a result."""
    (packed / "files/reports/metrics.json").unlink()
    (packed / "files/reports/metrics.json").symlink_to("/etc/passwd")


def declared_code(packed: Path) -> None:
    """A dvc.lock that calls a file of the program an output."""
    code = b"print('mine')\n"
    entry = (
        f"    - path: lifecycle/cli.py\n      hash: md5\n      md5: {hashlib.md5(code).hexdigest()}\n      size: 14\n"
    )
    edit(packed / "dvc.lock", "    - path: models/model.skops\n", entry + "    - path: models/model.skops\n")
    (packed / "files/lifecycle").mkdir()
    (packed / "files/lifecycle/cli.py").write_bytes(code)


def no_lock(packed: Path) -> None:
    """No dvc.lock."""
    (packed / "dvc.lock").unlink()


FORGED: dict[Callable[[Path], None], str] = {
    forged_object: "do not have what their dvc.lock says: objects/",
    forged_metric: "do not have what their dvc.lock says: files/reports/metrics.json",
    renamed_object: "files that no changed output needs: objects/",
    missing_object: "do not have what their dvc.lock says: objects/",
    extra_code: "files that no changed output needs: files/lifecycle/cli.py",
    extra_plot: "do not have what their dvc.lock says: files/reports/plots",
    link: "do not have what their dvc.lock says: files/reports/metrics.json",
    declared_code: "does not declare lifecycle/cli.py",
    no_lock: "cannot be read",
}


@pytest.mark.parametrize("forge_results", FORGED)
def test_forged_results_are_refused(forge_results: Callable[[Path], None], training: Training) -> None:
    """Anything but the changed outputs with their hashes is refused with one message, and nothing is written."""
    before = training.objects()
    forge_results(training.packed)
    assert FORGED[forge_results] in training.publish(code=1)
    assert (training.forge.branch("tune")[0], training.objects()) == (training.sha, before)


def test_path_outside_a_folder_is_refused(training: Training) -> None:
    """A folder whose list of files, with the right hash, leads out of it is refused."""
    plots, text = training.packed / "files/reports/plots", b"on: push"
    files = {path.name: path.read_bytes() for path in plots.iterdir()}
    hashes = []
    for content in (files, files | {"../../.github/x.yml": text}):
        listing = [{"md5": hashlib.md5(content[name]).hexdigest(), "relpath": name}
                   for name in sorted(content, key=lambda name: name.split("/"))]  # fmt: skip
        hashes.append(hashlib.md5(json.dumps(listing, sort_keys=True).encode()).hexdigest())
    edit(training.packed / "dvc.lock", *hashes)
    more = {"files/reports/plots/../../.github/x.yml": text}
    assert "Git refuses a path of the results" in training.publish(code=2, more=more)
    assert training.forge.branch("tune")[0] == training.sha


def test_run_must_be_a_training_of_the_branch_tip(training: Training) -> None:
    """Another workflow, a fork, a branch that moved on, and main are refused before anything is read."""
    run, before = training.forge.runs["5"], training.objects()
    for facts, message in (
        ({"path": ".github/workflows/other.yml"}, "not a run of .github/workflows/train.yml"),
        ({"head_repository": {"full_name": "forker/repo"}}, "on a branch of this repository"),
        ({"head_sha": training.forge.branch("main")[0]}, "train it again"),
        ({"head_branch": "main", "head_sha": training.forge.branch("main")[0]}, "train it again"),
    ):
        training.forge.runs["5"] = run | facts
        assert message in training.publish(code=2)
    assert (training.forge.branch("tune")[0], training.objects()) == (training.sha, before)
