"""What an attacker can forge: predictions, metrics, models, stages and tags, with everything edited to match."""

import io
import zipfile
from collections.abc import Callable
from contextlib import chdir
from typing import Any

import numpy as np
import pandas as pd

from lifecycle import project
from lifecycle.drill.world import STAGE, World
from lifecycle.git import origin
from lifecycle.registry.read import read
from lifecycle.registry.write import point
from lifecycle.review import verdict


def option(world: World, **options: object) -> None:
    """Give the model, as an output in dvc.yaml, options."""
    path = str(world.path("model").relative_to(world.work))

    def change(content: dict[str, Any]) -> None:
        for stage in content["stages"].values():
            stage["outs"] = [{path: options} if path in (item, *item) else item for item in stage.get("outs") or []]

    world.yaml("dvc.yaml", change)


def elsewhere(world: World) -> None:
    world.append(".dvc/config", "['remote \"other\"']\n    url = ../elsewhere\n")
    option(world, remote="other")


def without(stage: dict[str, Any], file: str) -> None:
    """Remove a dependency."""
    paths = [dep if isinstance(dep, str) else dep.get("path", next(iter(dep))) for dep in stage["deps"]]
    stage["deps"] = [dep for dep, path in zip(stage["deps"], paths) if path != file]


def leak(world: World) -> None:
    """Features that read the target."""
    target = world.version.contract.target
    body = f"    return of(data.assign(leak=data[{target!r}]), contract)\n"
    file = world.append("pipeline/features.py", f"\n\nof = features\n\n\ndef features(data, contract):\n{body}")
    world.cover_up(file)


def predictions(world: World, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Other predictions, and the metrics that match them."""
    path, task = world.path("predictions.parquet"), world.version.contract.task
    forged = change(project.read_table(path))
    forged.to_parquet(path, index=False)
    world.cover_up(path)
    world.json("metrics.json", lambda content: content.update(verdict.metrics(forged, task)))


def perfect(frame: pd.DataFrame) -> pd.DataFrame:
    """Predictions that are always right."""
    right = {name: (frame["actual"] == name[2:-1]).astype(float) for name in frame if name.startswith("p(")}
    return frame.assign(predicted=frame["actual"], **right)


def turned(frame: pd.DataFrame) -> pd.DataFrame:
    """The same predictions in other bytes."""
    return frame.iloc[:, ::-1]


def useless(frame: pd.DataFrame) -> pd.DataFrame:
    """Predictions of other rows: a much worse model."""
    names = [name for name in frame if name not in (*project.OWN, "actual")]
    other = np.random.default_rng(0).permutation(len(frame))
    return frame.assign(**{name: frame[name].to_numpy()[other] for name in names})


def metric(world: World) -> None:
    """Another value of the first metric."""

    def change(content: dict[str, Any]) -> None:
        name = next(name for name, value in content.items() if isinstance(value, float))
        content[name] = content[name] * 1.05 + 0.001

    world.json("metrics.json", change)


def model(world: World) -> None:
    """Another model, with manifest and dvc.lock edited to match."""
    path = world.path("model")
    path.write_bytes(scaled(path.read_bytes()))
    world.cover_up(path)
    world.json("manifest.json", lambda content: content["model"].update(md5=project.digest(str(path))))


def scaled(content: bytes) -> bytes:
    """A model archive with other numbers in its largest arrays, or other bytes if it is not an archive of arrays."""
    target = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w") as new:
            new.comment = old.comment
            arrays = [part for part in old.infolist() if part.filename.endswith(".npy")]
            largest = sorted(arrays, key=lambda part: part.file_size)[-20:]
            for part in old.infolist():
                new.writestr(part, changed(old.read(part)) if part in largest else old.read(part))
    except (zipfile.BadZipFile, ValueError):
        return content + b"\0"
    return target.getvalue()


def changed(content: bytes) -> bytes:
    array, buffer = np.load(io.BytesIO(content), allow_pickle=False), io.BytesIO()
    for column in [array[name] for name in array.dtype.names or ()] or [array]:
        if column.dtype.kind == "f":
            column *= 1.5
    np.save(buffer, array)
    return buffer.getvalue()


def artifact(world: World) -> None:
    """Another file as the artifact."""
    file = world.path("model")
    (world.work / "evil").mkdir()
    (world.work / "evil" / file.name).write_bytes(scaled(file.read_bytes()))
    path = f"evil/{file.name}"
    world.yaml("dvc.yaml", lambda content: [entry.update(path=path) for entry in content["artifacts"].values()])


def register(world: World, *kinds: str) -> None:
    """Tags of promotions of new versions to the stage, and of rollbacks to the first one, unchecked."""
    for kind in kinds:
        commit = world.commit("main") if kind == "promotion" else ""
        with chdir(world.work), origin.scratch() as folder:
            known = read(folder, world.version.artifact.name)
            first = next(iter(known.versions.values()), None)
            version = known.next_version("patch") if commit or first is None else first.version
            commit = commit or (first.commit if first else "")
            content = {"kind": kind, "stage": STAGE, "version": version, "commit": commit, "reason": ""}
            point(folder, known, content | {"lock": project.digest("dvc.lock")}, signed=False)


def tag(world: World, end: str, *options: str) -> None:
    """A tag by hand."""
    name = world.version.artifact.name + end
    world.git("tag", *options, name)
    world.git("push", "--quiet", "--force", "origin", f"refs/tags/{name}")


def move(world: World, end: str) -> None:
    body = world.git("tag", "--list", "--format=%(contents)", world.version.artifact.name + end)
    world.commit()
    tag(world, end, "--force", "--annotate", "--message", body)


def delete(world: World, end: str) -> None:
    world.git("push", "--quiet", "origin", f":refs/tags/{world.version.artifact.name}{end}")
    world.git("tag", "--delete", world.version.artifact.name + end)
