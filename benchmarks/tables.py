"""Compares the project with a careful pipeline by hand on real tables: `python benchmarks/tables.py [NAME ...]`.

Bakes each table with the real command, accepts every default and runs `dvc repro`, then `lifecycle tune` with the
settings that it tries first, and `dvc repro` again; by_hand.py gets the same rows. Works in build/tables/, where each
table's result stays; writes docs/tables.md from all results. With names only those run, with --missing those that have
no result yet. TABLES_AT_ONCE=1 runs one table at a time.
"""

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from real_tables import PACKAGES, SOURCES, TABLES, Table
from tables_page import write_page

HERE = Path(__file__).resolve().parent
WORK = HERE.parent / "build" / "tables"
NEEDED = ["numpy>=2.4,<3", "pandas>=3.0,<4", "pyarrow>=26,<27", "scikit-learn>=1.9,<1.10"]  # as a project has them
HIDDEN = {"VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT"}
IDENTITY = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"]
LIMIT = 900  # seconds for one command
# The same split once more by the project's own stage, with the number of each row as a column that it carries along
NUMBERED = """
import sys, pyarrow as pa, pyarrow.parquet as pq
from pipeline.table.read import read
table = read(sys.argv[1])
numbers = pa.array(range(table.num_rows))
pq.write_table(table.append_column("row_number", numbers), "numbered/raw.parquet")
"""
COLUMN = {"type": "integer", "role": "feature", "missing": False, "unique": True}


class Failed(Exception):
    """A command that failed, and what it said last."""


def environment(worker: int) -> dict[str, str]:
    """Nothing that points to another project; projects of one worker share a virtual environment."""
    kept = {name: value for name, value in os.environ.items() if name not in HIDDEN}
    identity = dict.fromkeys(IDENTITY, "bench@example.com")
    threads = "1"  # the fits are small: on a busy machine threads wait for each other
    return kept | identity | {
        "UV_PROJECT_ENVIRONMENT": str(WORK / f"environment_{worker}"),
        "DVC_NO_ANALYTICS": "1",
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "LOKY_MAX_CPU_COUNT": threads,
    }  # fmt: skip


def run(*command: object, cwd: Path, env: dict[str, str]) -> str:
    """The output of a command; raises Failed if it fails or takes too long."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, errors="replace", timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise Failed(f"{words[0]} took more than {LIMIT} seconds") from None
    if done.returncode:
        raise Failed(reason(done.stdout + "\n" + done.stderr))
    return done.stdout


def reason(output: str) -> str:
    """The line of an output that says why: the pipeline's own message before DVC's."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    own = [line for line in lines if re.match(r"(describe|validate|prepare|train|evaluate): ", line)]
    noise = re.compile(r"^(ERROR: failed to reproduce|Running stage|> |Hook script failed|ERROR: Stopping)")
    rest = [line for line in lines if not noise.match(line)]
    telling = [line for line in rest if re.search("rror|dataset|target", line)]
    return (own or telling or rest or ["-"])[-1]


def prepare() -> Path:
    """A copy of the template, and a Python with the tables' packages; also the source archives of two more."""
    WORK.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(WORK / "template", ignore_errors=True)
    left = shutil.ignore_patterns(".git", ".venv", "build", "__pycache__", ".*_cache")
    shutil.copytree(HERE.parent, WORK / "template", ignore=left)
    python, ready, env = WORK / "data" / "bin" / "python", WORK / "data" / "ready", environment(0)
    if not ready.exists() or ready.read_text() != repr(PACKAGES + SOURCES + NEEDED):
        print("Installing the packages that have the tables into build/tables/data/", flush=True)
        run("uv", "venv", "--clear", "--seed", "--python", sys.executable, WORK / "data", cwd=WORK, env=env)
        run("uv", "pip", "install", "--python", python, "--compile-bytecode", *NEEDED, cwd=WORK, env=env)
        run("uv", "pip", "install", "--python", python, "--no-deps", *PACKAGES, cwd=WORK, env=env)
        archives = ("--no-deps", "--no-binary", ":all:", "--dest", WORK / "archives")
        if SOURCES:
            run(python, "-m", "pip", "download", "--quiet", *archives, *SOURCES, cwd=WORK, env=env)
        ready.write_text(repr(PACKAGES + SOURCES + NEEDED))
    return python


def measure(name: str, python: Path, env: dict[str, str]) -> dict[str, Any]:
    """Bake, run and compare one table; what failed is part of the result."""
    table, folder, start = TABLES[name], WORK / name, time.perf_counter()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    result: dict[str, Any] = {"table": name, "step": "writing the table"}
    try:
        raw = folder / f"{name}.csv"
        run(python, HERE / "real_tables.py", name, WORK / "archives", raw, cwd=WORK, env=env)
        result["step"] = "set-up"
        answers = [f"dataset={raw}", f"target={table.target}", f"task={table.task}", f"remote_url={folder}/storage"]
        baked = (sys.executable, "-m", "cookiecutter", WORK / "template", "--no-input", "--output-dir", folder)
        result["said"] = run(*baked, "project_name=Project", *answers, cwd=folder, env=env)
        project = folder / "project"
        result |= settings(project)
        result["step"] = "dvc repro"
        run("uv", "run", "dvc", "repro", cwd=project, env=env)
        result |= {"seconds": round(time.perf_counter() - start), "step": "matching rows"}
        sides = number_rows(project, env)
        reports, out = project / "reports", folder / "comparison.json"
        result["reported"] = json.loads((reports / "metrics.json").read_text())
        predictions = [Path(shutil.copy(reports / "predictions.parquet", folder / "default.parquet"))]
        result["step"] = "tune"
        result["tuned"] = tune(project, table, env)
        run("uv", "run", "dvc", "repro", cwd=project, env=env)
        predictions.append(reports / "predictions.parquet")
        result |= {"tune_seconds": round(time.perf_counter() - start) - result["seconds"], "step": "by hand"}
        run(python, HERE / "by_hand.py", name, raw, *sides, *predictions, out, cwd=HERE, env=env)
        result["interval"] = json.loads((reports / "intervals.json").read_text())["interval"]
        result |= json.loads(out.read_text()) | {"step": "", "warnings": warned(reports / "validation.md")}
    except Failed as failed:
        result["failed"] = str(failed)
    (folder / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    return result


def settings(project: Path) -> dict[str, Any]:
    """What set-up chose: the split, the model's settings and the columns it ignored."""
    params = yaml.safe_load((project / "params.yaml").read_text())
    columns = yaml.safe_load((project / "data" / "schema.yaml").read_text())["columns"]
    ignored = [column for column, about in columns.items() if about["role"] == "ignored"]
    types: dict[str, int] = {}
    for about in columns.values():
        types[about["type"]] = types.get(about["type"], 0) + 1
    return {"prepare": params["prepare"], "train_settings": params["train"], "ignored": ignored, "types": types}


def tune(project: Path, table: Table, env: dict[str, str]) -> dict[str, Any]:
    """What the project's own search finds among the settings that it tries first, by the metric that is compared."""
    first = yaml.safe_load((project / "params.yaml").read_text())["tune"]["first"]
    target = yaml.safe_load((project / "data" / "schema.yaml").read_text("utf-8"))["columns"][table.target]
    metric = "rmse" if table.task == "regression" else "roc_auc" if len(target.get("values", "01")) == 2 else "log_loss"
    command = (
        "uv",
        "run",
        "--group",
        "tune",
        "lifecycle",
        "tune",
        "--trials",
        len(first),
        "--metric",
        metric,
        "--json",
    )
    details: dict[str, Any] = json.loads(run(*command, cwd=project, env=env))["details"]
    return details


def number_rows(project: Path, env: dict[str, str]) -> list[Path]:
    """Files with the raw row numbers of the training and the test rows, in the order of the project's own files."""
    (project / "numbered").mkdir()
    raw = next(path for path in (project / "data").glob("raw.*") if path.suffix != ".dvc")
    run("uv", "run", "python", "-c", NUMBERED, raw, cwd=project, env=env)
    contract = yaml.safe_load((project / "data" / "schema.yaml").read_text("utf-8"))
    contract["columns"]["row_number"] = COLUMN
    (project / "numbered" / "schema.yaml").write_text(yaml.safe_dump(contract, sort_keys=False), "utf-8")
    names = ("raw.parquet", "schema.yaml", "train.parquet", "test.parquet", "profile.json")
    run("uv", "run", "python", "-m", "pipeline.prepare", *(f"numbered/{name}" for name in names), cwd=project, env=env)
    return [project / "numbered" / name for name in ("train.parquet", "test.parquet")]


def warned(path: Path) -> list[str]:
    """The warnings of the validation."""
    return [line[2:] for line in path.read_text("utf-8").splitlines() if line.startswith("- ")]


def main(names: list[str]) -> None:
    """Measure the tables and write the page."""
    if names == ["--missing"]:
        names = [name for name in TABLES if not (WORK / name / "result.json").exists()] or sys.exit("none is missing.")
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        sys.exit(f"unknown table {unknown[0]!r}: choose among {', '.join(TABLES)}.")
    workers = int(os.environ.get("TABLES_AT_ONCE", min(2, os.cpu_count() or 1)))
    python = prepare()
    free: queue.SimpleQueue[int] = queue.SimpleQueue()
    for worker in range(workers):
        free.put(worker)

    def one(name: str) -> None:
        worker = free.get()
        start = time.perf_counter()
        result = measure(name, python, environment(worker))
        free.put(worker)
        metric, found = next(iter(result.get("metrics", {"": {}}).items()))
        text = f"{metric} {found['ours']:.4g} / {found['by_hand']:.4g}: {found['verdict']}" if found else ""
        failed = f"{result['step']} failed: {result['failed']}" if "failed" in result else text
        print(f"{name}: {failed} ({time.perf_counter() - start:.0f} s)", flush=True)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(one, names or TABLES))
    write_page(WORK, HERE.parent / "docs" / "tables.md")


if __name__ == "__main__":
    main(sys.argv[1:])
