"""The stages and .dvc files as DVC itself reads them, with templates filled in, and what changed since dvc.lock."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lifecycle.errors import LifecycleError
from lifecycle.storage.lock import check_names


@dataclass(frozen=True)
class Stage:
    """A stage or .dvc file. `declared`: paths, and `FILE: KEY` of parameters; `faults`: what cannot be checked."""

    name: str
    file: str
    command: object
    declared: set[str]
    faults: list[str]


def read() -> tuple[list[Stage], dict[str, Any]]:
    """All stages and .dvc files of the working directory, and DVC's changes of each; raises LifecycleError."""
    check_names()
    from dvc.repo import Repo  # takes a quarter of a second

    try:
        repo = Repo(os.curdir)
        stages = [_stage(stage, repo.root_dir) for stage in repo.index.stages]
        return stages, dict(repo.status())
    except Exception as error:  # DVC has an error class for each mistake in a file
        why = " ".join(str(error).split())[:300].rstrip(".") or type(error).__name__
        raise LifecycleError(f"DVC cannot say what changed: {why}.") from None


def _stage(stage: Any, root: str) -> Stage:
    in_dvc_yaml = not stage.path_in_repo.endswith(".dvc")
    what = f"stage {stage.addressing}" if in_dvc_yaml else stage.path_in_repo
    faults = []
    if in_dvc_yaml and stage.frozen:
        faults.append(f"{what} is frozen, so nothing checks it: remove `frozen` from dvc.yaml")
    if in_dvc_yaml and Path(stage.wdir) != Path(root):
        faults.append(f"{what} runs in another folder, so its paths cannot be checked: remove `wdir` from dvc.yaml")
    for out in stage.outs:
        if not out.can_push:
            faults.append(f"{out.def_path} is never pushed, so other clones cannot get it: remove `push: false`")
        if out.remote:
            faults.append(f"{out.def_path} is stored in another remote than the default one: remove `remote`")
        if not in_dvc_yaml and not out.use_cache:
            faults.append(f"{what} does not keep {out.def_path} in the cache: remove `cache: false`")
        if not in_dvc_yaml and not (out.hash_info and out.hash_info.value):
            faults.append(f"{what} has no hash: run `uv run dvc add {Path(what).with_suffix('').as_posix()}`")
        if out.hash_name != "md5" or out.files:
            faults.append(f"{what} does not record the MD5 of {out.def_path}: run `uv run dvc add` or `dvc repro`")
    declared = {os.path.normpath(out.def_path) for out in stage.outs}
    for dep in stage.deps:
        keys = getattr(dep, "params", None)
        declared |= (
            {os.path.normpath(dep.def_path)} if keys is None else {f"{dep.def_path}: {key}" for key in keys or "*"}
        )
        if in_dvc_yaml and keys is None and "://" in dep.def_path:
            faults.append(
                f"{what} reads {dep.def_path}, which cannot be checked: import it with `uv run dvc import-url`"
            )
    return Stage(stage.addressing, stage.path_in_repo, stage.cmd, declared, faults)
