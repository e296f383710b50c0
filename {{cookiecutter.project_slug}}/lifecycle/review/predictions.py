"""Asks a version's own code to predict: in a process of its own, without secrets, target and row hash."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from lifecycle import project
from lifecycle.errors import LifecycleError
from lifecycle.project import Contract
from lifecycle.review.compare_values import differences_of_tables
from lifecycle.storage.version import Version

ROWS = 20_000  # test rows that are predicted again, at most
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "SYSTEMROOT")  # no secret


def predict(rows: pd.DataFrame, model: Path, python: str, checkout: Path) -> pd.DataFrame:
    """The predictions of a model for typed rows, by the code of a checkout; raises LifecycleError."""
    environment = {name: value for name, value in os.environ.items() if name in KEPT}
    with TemporaryDirectory(prefix="lifecycle-") as folder:
        asked, answer = Path(folder, "rows.parquet"), Path(folder, "predictions.parquet")
        rows.to_parquet(asked, index=False)
        command = [python, "-m", "pipeline.predict", str(asked), str(answer), "--model", str(model.absolute())]
        done = subprocess.run(command, cwd=checkout, env=environment | {"HOME": folder}, capture_output=True, text=True)
        if done.returncode or not answer.is_file():
            why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise LifecycleError(f"the model could not predict the test rows again ({why.rstrip('.')}).")
        return project.read_table(answer)


def sample(count: int) -> np.ndarray:
    """Which of the test rows are predicted again: all, or ROWS of them, the same each time."""
    return np.sort(np.random.default_rng(0).permutation(count)[:ROWS])


def ask(test: pd.DataFrame, contract: Contract, model: Path, python: str) -> pd.DataFrame:
    """What a model predicts for the sample of the test rows, by the code in the working directory."""
    return predict(project.questions(test.iloc[sample(len(test))], contract), model, python, Path())


def differ(stored: pd.DataFrame, now: pd.DataFrame, tolerance: float) -> list[str]:
    """Where the answers are not the stored predictions."""
    given = stored.drop(columns=[*project.OWN, "actual"], errors="ignore").iloc[sample(len(stored))]
    return differences_of_tables(given.reset_index(drop=True), now, tolerance)


def environment_of(version: Version, own: str, checkout: Path) -> str:
    """The Python of a version's own environment: `own`, if its lock is the same, or one that uv makes."""
    here = Path(own).parents[2] / "uv.lock"  # of the project whose .venv has this Python
    if not here.is_file() or here.read_bytes() == version.bytes("uv.lock"):
        return own
    if not shutil.which("uv"):
        raise LifecycleError("uv is not installed, and the version needs an environment of its own: install uv.")
    command, variables = (
        ["uv", "sync", "--locked", "--quiet", "--no-default-groups"],
        {"UV_PROJECT_ENVIRONMENT": ".venv"},
    )
    done = subprocess.run(command, cwd=checkout, env=os.environ | variables, capture_output=True, text=True)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise LifecycleError(f"the environment of commit {version.commit[:9]} cannot be made ({why}).")
    return str(checkout / ".venv" / "bin" / "python")
