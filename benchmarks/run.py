"""Measures what the template costs: `python benchmarks/run.py [--sizes sample,100000,1000000] [--runs N]`.

Needs cookiecutter and uv. Works in a temporary folder; writes benchmarks/results.md and benchmarks/results.json.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from figures import Run, figure, write

HERE = Path(__file__).resolve().parent
FOLDER = "{{cookiecutter.project_slug}}"
LARGE = 1_000_000  # rows from which three pairs must do
STAGES = 6  # of the generated dvc.yaml, and so of the empty pipeline
IDENTITY = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"]
NO_TEMPLATE = [".git", ".venv", "build", "__pycache__", ".*_cache"]  # what tools left here, and a clone lacks
HIDDEN = {"VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONPYCACHEPREFIX"}  # they would slow or mislead
VERSIONS = """
import json, platform
from importlib.metadata import version
names = "dvc", "scikit-learn", "pandas", "pyarrow"
print(json.dumps({"python": platform.python_version()} | {name: version(name) for name in names}))
"""


class Bench:
    """A temporary folder with one environment for all projects, and nothing of the caller's but uv's cache."""

    def __init__(self, folder: Path, pairs: int | None) -> None:
        self.folder, self.pairs = folder, pairs
        self.figures: list[dict[str, Any]] = []
        uv = shutil.which("uv", path=f"{os.environ['PATH']}{os.pathsep}{Path(sys.executable).parent}")
        if uv is None:
            sys.exit("uv is not installed: it is part of the template's development environment.")
        cache = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
        self.bin = folder / "venv" / "bin"
        self.env = (
            {name: value for name, value in os.environ.items() if name not in HIDDEN}
            | {
                "PATH": os.pathsep.join([str(self.bin), str(Path(uv).parent), os.environ["PATH"]]),
                "HOME": str(folder / "home"),
                "TMPDIR": str(folder),  # cookiecutter leaves its rendered hooks there
                "UV_CACHE_DIR": cache,
                "UV_PROJECT_ENVIRONMENT": str(self.bin.parent),
                "DVC_NO_ANALYTICS": "1",
                "DVC_SITE_CACHE_DIR": str(folder / "dvc_site"),
                "DVC_GLOBAL_CONFIG_DIR": str(folder / "dvc_global"),
            }
            | dict.fromkeys(IDENTITY, "bench@example.com")
        )
        (folder / "home").mkdir()
        self.template = folder / "template"
        shutil.copytree(HERE.parent, self.template, ignore=shutil.ignore_patterns(*NO_TEMPLATE))

    def run(self, *command: object, cwd: Path | None = None, code: int = 0, **variables: str) -> Run:
        """Run a command to its end; if it exits with another code, stop with its output."""
        words = [str(word) for word in command]
        with tempfile.TemporaryFile("w+") as output:
            start = time.perf_counter()
            process = subprocess.Popen(
                words, cwd=cwd or self.folder, env=self.env | variables, stdout=output, stderr=output
            )
            _, status, usage = os.wait4(process.pid, 0)  # of the largest of the child and its own children
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != code:
                output.seek(0)
                sys.exit(f"{output.read()}\n{' '.join(words)} failed with exit code {process.returncode}.")
        return Run(seconds, usage.ru_maxrss / (2**10 if sys.platform == "linux" else 2**20))

    def compare(self, what: str, rows: str, ours: Callable[[], Run], baseline: Callable[[], Run]) -> None:
        """Measure alternating pairs of the two."""
        pairs = self.pairs or (3 if rows.isdigit() and int(rows) >= LARGE else 5)
        print(f"{what} (rows: {rows}), {pairs} pairs ...", end=" ", flush=True)
        result = figure(what, rows, [(ours(), baseline()) for _ in range(pairs)])
        print(f"{result['ours_seconds']} s / {result['baseline_seconds']} s: {result['ratio']}", flush=True)
        self.figures.append(result)

    def bake(self, out: Path, *answers: str, template: Path | None = None) -> Run:
        """Generate a project without a question."""
        words = [sys.executable, "-m", "cookiecutter", "--no-input", "--output-dir", out, template or self.template]
        return self.run(*words, *answers)

    def measure_bake(self) -> None:
        """Our template against the smallest one."""
        smallest = self.folder / "smallest"
        (smallest / FOLDER).mkdir(parents=True)
        (smallest / "cookiecutter.json").write_text('{"project_slug": "smallest"}\n')
        (smallest / FOLDER / "README.md").write_text("# {{ cookiecutter.project_slug }}\n")
        outs = (self.folder / f"baked_{number}" for number in count())
        self.compare(
            "bake", "-", lambda: self.bake(next(outs), "set_up=no"), lambda: self.bake(next(outs), template=smallest)
        )

    def project(self, rows: str) -> Path:
        """A project that is set up, with the sample or a table of so many rows."""
        answers = [f"project_slug=bench_{rows}", "set_up=yes"]
        print(f"setting up a project (rows: {rows}) ...", flush=True)
        if rows != "sample":
            self.run("python", HERE / "data.py", rows, self.folder / f"{rows}.csv")
            answers += [f"dataset={self.folder / rows}.csv", "target=bought"]
        self.bake(self.folder, *answers)
        project = self.folder / f"bench_{rows}"
        if not (project / ".git/refs/heads/main").exists():  # the last step of the set-up, which goes on after faults
            sys.exit("the set-up of a project did not end: bake one by hand to see why.")
        self.run("python", "-m", "compileall", "-q", "pipeline", "lifecycle", cwd=project)
        return project

    def floor(self) -> Path:
        """A pipeline that does next to nothing: DVC's own time."""
        folder = self.folder / "floor"
        folder.mkdir()
        stage = "  copy_{0}: {{cmd: cp {0}.in {0}.out, deps: [{0}.in], outs: [{0}.out]}}\n"
        (folder / "dvc.yaml").write_text("stages:\n" + "".join(map(stage.format, range(STAGES))))
        for number in range(STAGES):
            (folder / f"{number}.in").write_text(f"{number}\n")
        for command in ("git init --quiet", "dvc init --quiet", "dvc repro"):
            self.run(*command.split(), cwd=folder)
        return folder

    def measure_refusal(self, project: Path) -> None:
        """A verb that refuses at once, against Python's own start."""
        refused = ("lifecycle", "promote", "--stage", "prod", "--skip-comparison")
        python = ("python", "-c", "import sys; sys.exit(1)")
        self.compare("refusal", "-", lambda: self.run(*refused, cwd=project, code=1), lambda: self.run(*python, code=1))

    def measure_repro(self, project: Path, rows: str, floor: Path) -> None:
        """`dvc repro` from nothing, with one parameter changed, and with nothing changed."""
        out, cache, params = self.folder / f"plain_{rows}", project / ".dvc/cache", project / "params.yaml"
        raw = set(cache.rglob("*"))
        rates = (f"learning_rate: {0.1 + step / 10_000:.4f}" for step in count(1))  # none that the run cache knows

        def repro(folder: Path = project) -> Run:
            return self.run("dvc", "repro", cwd=folder)

        def plain() -> Run:
            return self.run("python", HERE / "plain.py", "data/raw.csv", out, cwd=project, PYTHONPATH=str(project))

        def from_nothing() -> Run:
            for path in sorted(set(cache.rglob("*")) - raw, reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            kept = ("--exclude=/.dvc/", "--exclude=/data/raw.*", "--exclude=__pycache__/")
            self.run("git", "clean", "-qfdx", *kept, cwd=project)
            return repro()

        def changed() -> Run:
            params.write_text(re.sub(r"learning_rate: [\d.]+", next(rates), params.read_text()))
            return repro()

        self.compare("from nothing", rows, from_nothing, plain)
        if (project / "reports/metrics.json").read_bytes() != (out / "metrics.json").read_bytes():
            sys.exit("plain.py and the pipeline found different metrics: let plain.py do the same work again.")
        self.compare("one parameter changed", rows, changed, plain)
        self.compare("nothing changed", rows, repro, lambda: repro(floor))


def main() -> None:
    """Measure all and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="sample,100000,1000000", help="rows, or sample (default: %(default)s)")
    parser.add_argument("--runs", type=int, help=f"pairs of each figure (default: 5, from {LARGE} rows on 3)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder).resolve(), options.runs)
        sample, floor = bench.project("sample"), bench.floor()
        bench.measure_bake()
        bench.measure_refusal(sample)
        for rows in options.sizes.split(","):
            bench.measure_repro(sample if rows == "sample" else bench.project(rows), rows, floor)
        output = subprocess.run([bench.bin / "python", "-c", VERSIONS], capture_output=True, check=True).stdout
        write(bench.figures, os.cpu_count(), json.loads(output), HERE)


if __name__ == "__main__":
    main()
