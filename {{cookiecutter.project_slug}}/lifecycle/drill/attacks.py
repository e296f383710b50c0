"""The attacks: each forges one thing in a copy of the project, and names the verb and the words that must catch it."""

import io
import json
import zipfile
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lifecycle import project
from lifecycle.drill.world import STAGE, World
from lifecycle.git import origin
from lifecycle.registry.read import read
from lifecycle.registry.write import point
from lifecycle.review import verdict
from lifecycle.storage.dvc_yaml import TRAIN

EVALUATE = "predictions.parquet"
ARGUMENTS = {  # the attack is on the branch `change`, or for a promotion and the audit on main
    "verify": ("verify", "main"),
    "reproduce": ("reproduce", "main"),
    "gate": ("gate", "main"),
    "promote": ("promote", "--stage", STAGE),
    "audit": ("audit", "--deep"),
}


@dataclass(frozen=True)
class Attack:
    verb: str
    caught: str  # words of the message that says no
    forge: Callable[[World], object]
    own_code: bool = False  # the verb is called in the forged change itself, with its code

    @property
    def name(self) -> str:
        return self.forge.__name__.replace("_", " ")


ATTACKS: list[Attack] = []


def attack(verb: str, caught: str, own_code: bool = False) -> Callable[[Callable[[World], object]], Any]:
    def add(forge: Callable[[World], object]) -> Callable[[World], object]:
        ATTACKS.append(Attack(verb, caught, forge, own_code))
        return forge

    return add


def of_train(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
    return lambda content: change(content["stages"][TRAIN])


def option(world: World, name: str, **options: object) -> None:
    """Give an output of dvc.yaml options."""
    path = str(world.path(name).relative_to(world.work))

    def change(content: dict[str, Any]) -> None:
        for stage in content["stages"].values():
            stage["outs"] = [{path: options} if path in (item, *item) else item for item in stage.get("outs") or []]

    world.yaml("dvc.yaml", change)


def predictions(world: World, change: Callable[[pd.DataFrame], pd.DataFrame], metrics: bool = True) -> None:
    """Forge the predictions and, to match them, the metrics."""
    path, task = world.path(EVALUATE), world.version.contract.task
    forged = change(project.read_table(path))
    forged.to_parquet(path, index=False)
    world.cover_up(path)
    if metrics:
        world.json("metrics.json", lambda content: content.update(verdict.metrics(forged, task)))


def perfect(frame: pd.DataFrame) -> pd.DataFrame:
    """Predictions that are always right."""
    right = {name: (frame["actual"] == name[2:-1]).astype(float) for name in frame if name.startswith("p(")}
    return frame.assign(predicted=frame["actual"], **right)


def useless(frame: pd.DataFrame) -> pd.DataFrame:
    """Predictions of other rows: a much worse model."""
    names = [name for name in frame if name not in (project.ROW, "actual")]
    other = np.random.default_rng(0).permutation(len(frame))
    return frame.assign(**{name: frame[name].to_numpy()[other] for name in names})


def scaled(content: bytes) -> bytes:
    """A model archive with other numbers in its largest array, or other bytes if it is no archive of arrays."""
    target = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
            new.comment = old.comment
            arrays = [part for part in old.infolist() if part.filename.endswith(".npy")]
            for part in old.infolist():
                data = old.read(part)
                if part in sorted(arrays, key=lambda part: part.file_size)[-20:]:
                    array = np.load(io.BytesIO(data), allow_pickle=False)
                    for column in [array[name] for name in array.dtype.names or ()] or [array]:
                        if column.dtype.kind == "f":
                            column *= 1.5
                    buffer = io.BytesIO()
                    np.save(buffer, array)
                    data = buffer.getvalue()
                new.writestr(part, data)
    except (zipfile.BadZipFile, ValueError):
        return content + b"\0"
    return target.getvalue()


def swap_model(world: World) -> None:
    """Another model, with manifest and dvc.lock edited to match."""
    path = world.path("model")
    path.write_bytes(scaled(path.read_bytes()))
    world.cover_up(path)
    world.json("manifest.json", lambda content: content["model"].update(md5=project.digest(str(path))))


def forge_a_metric(world: World) -> None:
    def change(content: dict[str, Any]) -> None:
        name = next(name for name, value in content.items() if isinstance(value, float))
        content[name] = content[name] * 1.05 + 0.001

    world.json("metrics.json", change)


def registered(world: World, *kinds: str) -> None:
    """Write the tags of promotions of new versions to the stage, and of rollbacks to the first one, unchecked."""
    name = world.version.artifact.name
    for kind in kinds:
        commit = world.commit("main") if kind == "promotion" else ""
        with chdir(world.work), origin.scratch() as folder:
            known = read(folder, name)
            first = next(iter(known.versions.values()), None)
            version = known.next_version("patch") if commit or first is None else first.version
            commit = commit or (first.commit if first else "")
            content = {"kind": kind, "stage": STAGE, "version": version, "commit": commit, "reason": ""}
            content |= {"lock": project.digest("dvc.lock")}
            point(folder, known, content, signed=False)


def delete(world: World, end: str) -> None:
    world.git("push", "--quiet", "origin", f":refs/tags/{world.version.artifact.name}{end}")
    world.git("tag", "--delete", world.version.artifact.name + end)


# What verify must see: results that are stale, hidden or not stored


@attack("verify", "is not what stage")
def edit_a_metric(world: World) -> None:
    world.path("metrics.json").write_text("{}\n")


@attack("verify", "changed after the last")
def change_code_without_running_it(world: World) -> None:
    file = world.work / "pipeline" / f"{TRAIN}.py"
    file.write_text(file.read_text("utf-8") + "# later\n", "utf-8")


@attack("verify", f"params.yaml: {TRAIN}")
def change_a_parameter_without_running(world: World) -> None:
    world.yaml("params.yaml", lambda content: content[TRAIN].update(forged=1))


@attack("verify", "is frozen")
def freeze_a_stage(world: World) -> None:
    world.yaml("dvc.yaml", of_train(lambda stage: stage.update(frozen=True)))


@attack("verify", "runs in another folder")
def move_a_stage_to_another_folder(world: World) -> None:
    world.yaml("dvc.yaml", of_train(lambda stage: stage.update(wdir="pipeline")))


@attack("verify", "is never pushed")
def never_push_the_model(world: World) -> None:
    option(world, "model", push=False)


@attack("verify", "has a remote of its own")
def keep_the_model_elsewhere(world: World) -> None:
    with (world.work / ".dvc" / "config").open("a") as config:
        config.write("['remote \"other\"']\n    url = ../elsewhere\n")
    option(world, "model", remote="other")


@attack("verify", "is not in the remote")
def keep_the_model_out_of_the_cache(world: World) -> None:
    option(world, "model", cache=False)
    world.object(world.version.model.md5).unlink()


@attack("verify", "is not in the remote")
def forget_to_push(world: World) -> None:
    world.object(world.version.file("test.parquet").md5).unlink()


@attack("verify", "truncated or overwritten")
def cut_an_object_in_the_remote(world: World) -> None:
    place = world.object(world.version.model.md5)
    content = place.read_bytes()
    place.unlink()
    place.write_bytes(content[:-1])


@attack("verify", "which is not declared")
def hide_a_dependency(world: World) -> None:
    file = f"pipeline/{TRAIN}.py"

    def without(stage: dict[str, Any]) -> None:
        stage["deps"] = [
            dep for dep in stage["deps"] if file not in ([*dep, dep.get("path")] if type(dep) is dict else [dep])
        ]

    for name in ("dvc.yaml", "dvc.lock"):
        world.yaml(name, of_train(without))


@attack("verify", "does not declare its block of params.yaml")
def hide_the_parameters(world: World) -> None:
    for name in ("dvc.yaml", "dvc.lock"):
        world.yaml(name, of_train(lambda stage: stage.pop("params")))


@attack("verify", ".dvcignore hides a part of it")
def hide_an_edit_from_dvc(world: World) -> None:
    (world.work / "pipeline" / "run" / "hidden.py").write_text("EDITED = True\n")
    with (world.work / ".dvcignore").open("a") as file:
        file.write("hidden.py\n")


@attack("verify", "is hidden from DVC")
def hide_the_data_from_dvc(world: World) -> None:
    (world.work / "data" / "more.csv.dvc").write_text("outs:\n- md5: " + "0" * 32 + "\n  path: more.csv\n")
    with (world.work / ".dvcignore").open("a") as file:
        file.write("more.csv.dvc\n")


@attack("verify", "part of a second pipeline")
def add_a_second_pipeline(world: World) -> None:
    (world.work / "notebooks" / "dvc.yaml").write_text("stages: {}\n")


# What reproduce must see: results that the code does not give


@attack("reproduce", "cannot be reproduced")
def forge_predictions_and_metrics(world: World) -> None:
    predictions(world, perfect)


@attack("reproduce", "cannot be reproduced")
def loosen_the_tolerance(world: World) -> None:
    world.yaml("params.yaml", lambda content: content["reproduce"].update(tolerance=0.09))
    forge_a_metric(world)


@attack("reproduce", "could not be run again")
def leak_the_target(world: World) -> None:
    file, target = world.work / "pipeline" / "features.py", world.version.contract.target
    leak = f"data.assign(leak=data[{target!r}])"
    leaking = f"\n\nof = features\n\n\ndef features(data, contract):\n    return of({leak}, contract)\n"
    file.write_text(file.read_text("utf-8") + leaking, "utf-8")
    world.cover_up(file)


# What the gate must see: a model that is worse, whatever the change says about it


@attack("gate", "entirely beyond the allowed drop")
def make_the_model_worse(world: World) -> None:
    predictions(world, useless)


@attack("gate", "entirely beyond the allowed drop")
def loosen_the_limits(world: World) -> None:
    loose = {"better": "higher", "drop": 1e9}
    world.yaml("params.yaml", lambda c: c["gate"].update(metrics=dict.fromkeys(c["gate"]["metrics"], loose)))
    predictions(world, useless)


@attack("gate", "entirely beyond the allowed drop", own_code=True)
def edit_the_checks(world: World) -> None:
    file = world.work / "lifecycle" / "review" / "limits.py"
    always = '\n\ndef judge(*_, **__):\n    return {"evidence": "none", "verdict": PASS, "why": ""}\n'
    file.write_text(file.read_text("utf-8") + always, "utf-8")
    predictions(world, useless)


@attack("gate", "the predictions give")
def forge_metrics_alone(world: World) -> None:
    predictions(world, lambda frame: frame.iloc[:, ::-1], metrics=False)
    forge_a_metric(world)


@attack("gate", "does not have the rows and labels of test.parquet")
def forge_the_labels(world: World) -> None:
    predictions(world, lambda frame: frame.assign(actual=frame["predicted"]))


@attack("gate", "fewer rows could hide a loss")
def leave_out_test_rows(world: World) -> None:
    predictions(world, lambda frame: frame.iloc[:-1])


# What promote must see: a version that does not follow from its own model


@attack("promote", "contradicts")
def promote_another_model(world: World) -> None:
    swap_model(world)


@attack("promote", "contradicts its golden predictions")
def forge_the_golden_predictions(world: World) -> None:
    path = world.path("golden.json")
    content = json.loads(path.read_text("utf-8"))
    content["predictions"][0]["predicted"] = "forged"
    path.write_text(json.dumps(content), "utf-8")
    world.cover_up(path)


@attack("promote", "contradicts the stored predictions")
def promote_forged_predictions(world: World) -> None:
    predictions(world, perfect)


@attack("promote", "the manifest was written for a model")
def forge_the_manifest(world: World) -> None:
    world.json("manifest.json", lambda content: content["model"].update(md5="0" * 32))


@attack("promote", "which the stage train does not write")
def ship_another_file(world: World) -> None:
    (world.work / "evil").mkdir()
    (world.work / "evil" / world.path("model").name).write_bytes(scaled(world.path("model").read_bytes()))
    name = f"evil/{world.path('model').name}"
    world.yaml("dvc.yaml", lambda content: [a.update(path=name) for a in content["artifacts"].values()])


@attack("promote", "is not in the remote")
def promote_without_the_data(world: World) -> None:
    world.object(world.version.file(EVALUATE).md5).unlink()


@attack("promote", "is corrupt in the remote")
def replace_the_model_in_the_remote(world: World) -> None:
    place = world.object(world.version.model.md5)
    content = place.read_bytes()
    place.unlink()
    place.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


# What audit must see: a registry that was tampered with


@attack("audit", "it was deleted")
def delete_the_newest_tag(world: World) -> None:
    registered(world, "promotion", "rollback")
    delete(world, f"#{STAGE}#2")


@attack("audit", "it was deleted")
def delete_a_tag_in_between(world: World) -> None:
    registered(world, "promotion", "rollback", "promotion")
    delete(world, f"#{STAGE}#2")


@attack("audit", "it was moved")
def move_a_tag(world: World) -> None:
    registered(world, "promotion")
    tag = f"{world.version.artifact.name}#{STAGE}#1"
    body = world.git("tag", "--list", "--format=%(contents)", tag)
    world.git("tag", "--force", "--annotate", "--message", body, tag, world.commit())
    world.git("push", "--quiet", "--force", "origin", f"refs/tags/{tag}")


@attack("audit", "is a lightweight tag")
def add_a_tag_that_says_nothing(world: World) -> None:
    registered(world, "promotion")
    tag = f"{world.version.artifact.name}#{STAGE}#9"
    world.git("tag", tag)
    world.git("push", "--quiet", "origin", f"refs/tags/{tag}")


@attack("audit", "the predictions give")
def register_forged_metrics(world: World) -> None:
    forge_a_metric(world)
    registered(world, "promotion")


@attack("audit", "contradicts")
def register_another_model(world: World) -> None:
    swap_model(world)
    registered(world, "promotion")
