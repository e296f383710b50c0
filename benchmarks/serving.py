"""Measures the service beside its peers: `python benchmarks/serving.py [--rounds N] [--seconds S] [--project FOLDER]`.

Needs wrk. One row of 24 fields, keep-alive, one worker, in alternating rounds in one run; writes benchmarks/serving.md.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "{{cookiecutter.project_slug}}"))

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.csv as pa_csv  # noqa: E402
from data import table  # type: ignore[attr-defined] # noqa: E402 # mypy sees the project's folder of this name
from pipeline.contract import schema  # noqa: E402
from pipeline.table.cells import as_written  # noqa: E402
from run import Bench  # noqa: E402

ROWS, MORE = 10_000, 4  # columns that the usual table of 20 does not have
CLIENTS = (1, 16)
UVICORN = "{python} -m uvicorn {} --port {port} --log-level warning --no-access-log"
PACKAGES = "mlflow", "bentoml"  # each in its own environment, with the versions of these that it takes
COMMON = "scikit-learn", "pandas", "pyarrow"


class Server(NamedTuple):
    """How a server is started and asked."""

    command: str
    variables: dict[str, str] = {}
    path: str = "/predict"
    ready: str = "/openapi.json"
    body: str = "%s"


SERVERS = {
    "echo, FastAPI and pydantic": Server(UVICORN.replace("{}", "peers:echo")),
    "the service": Server(UVICORN.replace("{}", "serving.app:app"), {"MODEL": "models/serving.zip"}),
    "scikit-learn pipeline on a DataFrame, FastAPI": Server(UVICORN.replace("{}", "peers:frame"), {"PEER": "frame"}),
    "mlflow models serve": Server(
        "{folder}/mlflow/bin/mlflow models serve --model-uri {folder}/mlflow/model --env-manager local --port {port}",
        {"PATH": "{folder}/mlflow/bin:{PATH}"}, "/invocations", "/ping", '{"dataframe_records": [%s]}',
    ),
    "bentoml serve": Server(
        "{folder}/bentoml/bin/bentoml serve peer_bento:Predictor --port {port}",
        {"PATH": "{folder}/bentoml/bin:{PATH}", "PEER_MODEL": "{folder}/bentoml/model"}, "/predict", "/readyz",
        '{"row": %s}',
    ),
}  # fmt: skip
LUA = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[%s]==]\n'


class Sample(NamedTuple):
    """One run of wrk."""

    rate: float
    p50: float  # milliseconds
    p99: float


def project(bench: Bench) -> Path:
    """A project with 24 features, with its results."""
    rng = np.random.default_rng(1)
    made = table(ROWS)
    for number in range(MORE):
        made = made.add_column(0, f"more_{number}", pa.array(rng.normal(size=ROWS).round(3)))
    pa_csv.write_csv(made, bench.folder / "table.csv", pa_csv.WriteOptions(quoting_style="none"))
    lines = (bench.folder / "table.csv").read_text().split("\n", 1)
    (bench.folder / "table.csv").write_text(lines[0].replace('"', "") + "\n" + lines[1])
    answers = ("project_slug=bench_serving", "set_up=yes", f"dataset={bench.folder / 'table.csv'}", "target=bought")
    bench.bake(bench.folder, *answers)
    bench.run("dvc", "repro", cwd=bench.folder / "bench_serving")
    return Path(bench.folder / "bench_serving")


def peers(uv: str, folder: Path) -> None:
    """An environment and a fitted model for each peer that is not part of a project."""
    for package in PACKAGES:
        place = folder / package
        python = place / "bin" / "python"
        train, model = folder / "data" / "train.parquet", place / "model"
        for command in (
            [uv, "venv", "--quiet", "--clear", place],
            [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", place, package, *COMMON],
            [python, HERE / "peer_model.py", package, train, model],
        ):
            subprocess.run([str(word) for word in command], check=True, cwd=place if place.exists() else folder)


@contextmanager
def server(python: Path, folder: Path, kind: Server) -> Iterator[tuple[str, float, int]]:
    """The address that answers predictions, the seconds until it was there, and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    known = {"python": python, "folder": folder, "port": port, "PATH": os.environ["PATH"]}
    paths = {"PYTHONPATH": f"{folder}{os.pathsep}{HERE}", "LOG_FOLDER": str(folder / "logs")}
    own = {name: value.format(**known) for name, value in kind.variables.items()}
    start = time.monotonic()
    process = subprocess.Popen(
        kind.command.format(**known).split(), cwd=folder, env=os.environ | paths | own, start_new_session=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not answers(f"http://127.0.0.1:{port}{kind.ready}"):
            if process.poll() is not None:
                sys.exit(f"{kind.command} ended with {process.returncode}.")
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}{kind.path}", time.monotonic() - start, process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def memory(group: int) -> float:
    """MiB that the processes of a group hold together, shared pages once."""
    found = subprocess.run(["pgrep", "-g", str(group)], capture_output=True, text=True, check=True).stdout.split()
    rolled = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in found]
    return sum(int(re.findall(r"^Pss:\s+(\d+)", text, re.M)[0]) for text in rolled) / 1024


def answers(url: str) -> bool:
    """Whether a server is there."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def wrk(url: str, script: Path, clients: int, seconds: int) -> Sample:
    """Requests per second and latency of one row; stops if an answer is not a 2xx."""
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "-s", str(script)]
    said = subprocess.run([*command, url], capture_output=True, text=True, check=True)
    if "Non-2xx" in said.stdout:
        sys.exit(said.stdout)
    units = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    p50, p99 = (
        float(found[1]) * units[found[2]]
        for share in ("50", "99")
        if (found := re.search(rf" {share}%\s+([\d.]+)(us|ms|s)", said.stdout))
    )
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said.stdout)
    return Sample(float(rate[1]) if rate else 0, p50, p99)


def golden_rows(folder: Path) -> list[dict[str, object]]:
    """Rows of the project as a request has them."""
    known = schema.load(str(folder / "data" / "schema.yaml"))
    rows = json.loads((folder / "models" / "golden.json").read_text())["rows"]
    return [as_written(row, known) for row in rows]


def measure(python: Path, folder: Path, rounds: int, seconds: int) -> list[str]:
    """The lines of a table, with ratios to the echo of the same round."""
    row = golden_rows(folder)[0]
    script = folder / "row.lua"
    held: dict[str, float] = {}
    found: dict[tuple[str, int], list[Sample]] = {}
    for _ in range(rounds):
        for name, kind in SERVERS.items():
            script.write_text(LUA % (kind.body % json.dumps(row)))
            with server(python, folder, kind) as (url, _, process):
                wrk(url, script, 1, 1)
                for clients in CLIENTS:
                    found.setdefault((name, clients), []).append(wrk(url, script, clients, seconds))
                held[name] = memory(process)
    first, lines = next(iter(SERVERS)), []
    for (name, clients), samples in sorted(found.items(), key=lambda item: item[0][1]):
        base = found[first, clients]
        rate = statistics.median(ours.rate / echo.rate for ours, echo in zip(samples, base))
        p99 = statistics.median(ours.p99 / echo.p99 for ours, echo in zip(samples, base))
        middle = [statistics.median(values) for values in zip(*samples)]
        lines.append(
            f"| {name} | {clients} | {middle[0]:,.0f} | {middle[1]:.2f} | {middle[2]:.2f} | {rate:.2f} | {p99:.2f} |"
            f" {held[name]:.0f} |"
        )
        print(lines[-1], flush=True)
    return lines


def batch(python: Path, folder: Path) -> str:
    """1,000 rows in one request, next to the pipeline's own predict in a process that has loaded its model."""
    rows = golden_rows(folder)
    body = json.dumps([rows[number % len(rows)] for number in range(1000)]).encode()
    seconds = []
    with server(python, folder, SERVERS["the service"]) as (url, *_):
        for _ in range(20):
            start = time.monotonic()
            urllib.request.urlopen(url, body, timeout=60).read()
            seconds.append(time.monotonic() - start)
    own = """
import json, sys, time
from pipeline.archive import model_file
from pipeline.contract import schema
from pipeline.evaluation.golden import typed_rows
from pipeline.archive.predictions import predict
from pipeline.run.threads import threads
contract, model = schema.load("data/schema.yaml"), model_file.load("models/model.skops")
rows = json.load(sys.stdin)
times = []
with threads(1):
    for _ in range(20):
        start = time.monotonic()
        json.dumps(predict(model, typed_rows(rows, contract), contract).to_dict("records"))
        times.append(time.monotonic() - start)
print(sorted(times)[10])
"""
    said = subprocess.run([python, "-c", own], input=body, cwd=folder, capture_output=True, check=True).stdout
    return f"1,000 rows: {statistics.median(seconds) * 1000:.0f} ms, the pipeline itself {float(said) * 1000:.0f} ms."


def cold(python: Path, folder: Path) -> str:
    """From the start of the process to the first answer."""
    seconds = []
    for _ in range(5):
        with server(python, folder, SERVERS["the service"]) as (_, ready, _):
            seconds.append(ready)
    return f"Start to ready: {statistics.median(seconds):.2f} s."


def main() -> None:
    """Measure all and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--project", type=Path, help="a project with its results, instead of a new one")
    parser.add_argument("--python", type=Path, help="the Python of that project")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed: `apt install wrk`.")
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name).resolve(), None)
        folder = options.project.resolve() if options.project else project(bench)
        python = options.python.absolute() if options.python else bench.bin / "python"
        peers(shutil.which("uv") or str(Path(sys.executable).parent / "uv"), folder)
        lines = measure(python, folder, options.rounds, options.seconds)
        more = [batch(python, folder), cold(python, folder)]
    heads = ["server", "clients", "req/s", "p50 ms", "p99 ms", "req/s : echo", "p99 : echo", "MiB"]
    shape = "| --- " + "| --: " * (len(heads) - 1) + "|"
    text = ["# The service and its peers", "", f"Written by `python benchmarks/serving.py` on {os.cpu_count()} cores.",
            "", f"| {' | '.join(heads)} |", shape, *lines, "", *more, ""]  # fmt: skip
    (HERE / "serving.md").write_text("\n".join(text))
    print(*more, sep="\n")


if __name__ == "__main__":
    main()
