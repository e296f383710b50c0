"""Runs stages again in a clean checkout, with the change's own code and environment, and passes on their results."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from lifecycle import code, paths, project
from lifecycle.errors import LifecycleError, RemoteError
from lifecycle.git import commits
from lifecycle.storage import dvc
from lifecycle.storage.dvc_yaml import declarations
from lifecycle.storage.lock import Lock, entries
from lifecycle.storage.version import head

UNSEEN = {"desc", "meta"}  # of a stage, on which no result depends


def edited(base: str | None) -> set[str]:
    """The stages whose entry in dvc.yaml is not that of the base."""

    def stages(revision: str) -> dict[str, Any]:
        every = declarations(commits.show(revision, "dvc.yaml"), f"dvc.yaml of {revision[:9]}")["stages"]
        return {
            name: {key: value for key, value in stage.items() if key not in UNSEEN} for name, stage in every.items()
        }

    old, new = stages(base) if base else {}, stages("HEAD")
    return {name for name, stage in new.items() if old.get(name) != stage}


def outputs(recorded: Lock, stages: list[str]) -> list[str]:
    return [entry["path"] for entry in entries({stage: recorded.stages[stage] for stage in stages}, "outs")]


def run(recorded: Lock, stages: list[str]) -> int:
    """Run stages from pulled inputs, without DVC's run cache; returns the bytes pulled."""
    chosen = {stage: recorded.stages[stage] for stage in stages}
    needed = {entry["path"] for entry in entries(chosen, "deps")} - {entry["path"] for entry in entries(chosen, "outs")}
    inputs = [
        f for path, f in recorded.stored.items() if path in needed or any(n.startswith(f"{path}/") for n in needed)
    ]
    pulled = dvc.fetch(inputs)
    hidden = ("PYTHONSAFEPATH", code.PYTHON)  # a stage finds its modules in its own folder
    environment = {name: value for name, value in dvc.environment().items() if name not in hidden}
    for stage, entry in chosen.items():
        for path in outputs(recorded, [stage]):
            remove(Path(path))
        commands = entry["cmd"] if isinstance(entry.get("cmd"), list) else [entry.get("cmd")]
        for command in commands:
            print(f"Running stage '{stage}': {command}", file=sys.stderr, flush=True)
            done = subprocess.run(str(command), shell=True, env=environment, stdout=sys.stderr)
            if done.returncode:
                why = f"{stage} ended with exit code {done.returncode}"
                raise LifecycleError(f"the stages could not be run again ({why}): see their messages above.")
    return pulled


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def predicted() -> Any:
    """What the model of this checkout predicts for the test rows; None if a stage that was run again has neither."""
    from lifecycle.review import predictions  # takes half a second

    results = head()
    model, test, stored = (Path(results.model.path), Path(results.path("test.parquet")), stored_predictions())
    if not (model.exists() and test.exists() and stored.exists()):
        return None
    return predictions.ask(project.read_table(test), results.contract, model, code.stage_python())


def stored_predictions() -> Path:
    return Path(head().path("predictions.parquet"))


def wrong_predictions(now: Any, tolerance: float) -> list[str]:
    """Where the predictions of this checkout are not those that the model gives without the target."""
    from lifecycle.review import predictions

    return [] if now is None else predictions.differ(project.read_table(stored_predictions()), now, tolerance)


def leave(folder: Path, recorded: Lock, stages: list[str], answers: Any) -> None:
    """Leave the results of stages in a folder."""
    remove(folder)
    for path in outputs(recorded, stages):
        target = folder / "outs" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if Path(path).is_dir() else shutil.copyfile)(path, target)
    if answers is not None:
        answers.to_parquet(folder / "predictions.parquet", index=False)
    paths.write(folder / "ran.json", json.dumps({"head": commits.full_hash("HEAD"), "stages": stages}) + "\n")


def take(folder: Path, recorded: Lock, stages: list[str]) -> Any:
    """Put results that another job has left into this checkout, and return its predictions; only files are taken."""
    ran = paths.read_json(folder / "ran.json")
    if ran is None:
        kind = RemoteError if os.environ.get("WITHOUT_SECRETS") == "true" else LifecycleError
        raise kind(f"{folder.name}/ has no results: the job that runs the change's code has failed, see its log.")
    if (ran.get("head"), ran.get("stages")) != (commits.full_hash("HEAD"), stages):
        raise LifecycleError(f"{folder.name}/ has the results of another commit or of other stages: run them again.")
    if links := [path for path in folder.rglob("*") if path.is_symlink()]:
        raise LifecycleError(f"{links[0].relative_to(folder.parent)} is a link, not a result: no link is followed.")
    for path in outputs(recorded, stages):
        remove(Path(path))
        source = folder / "outs" / path
        if source.exists():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, path)
    left = folder / "predictions.parquet"
    if not left.exists() and stored_predictions().exists():
        raise LifecycleError(
            f"{folder.name}/ has no predictions.parquet: the model did not predict the test rows again."
        )
    return project.read_table(left) if left.exists() else None
