"""A project with its data on a real S3 server and its origin on a forge, shared by the tests of both CI providers."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import SOURCE, Run
from tests.forge import Forge
from tests.servers import KEY, SECRET, s3, serve
from tests.test_life import edit

RUNNER_PREFIXES = ("GITHUB_", "GITLAB_", "CI_", "RUNNER_", "ACT_", "AWS_")  # variables set on a CI runner


BAD = (("params.yaml", "max_iter: 100", "max_iter: 1"), ("params.yaml", "learning_rate: 0.1", "learning_rate: 0.001"))
TUNED = (("params.yaml", "learning_rate: 0.1", "learning_rate: 0.05"),)
# A request's own gate that fails nothing, by an edit of it and by a module that every verb and stage imports
BLIND = (
    ("lifecycle/review/limits.py", "if high < -drop:", "if False:"),
    ("pipeline/run/threads.py", "from thread", "import atexit\nimport os\n\natexit.register(os._exit, 0)\nfrom thread"),
)
# All attacks of the weekly drill take minutes, and have tests of their own
SHORT_DRILL = ("lifecycle/commands/drill.py", "for attack in ATTACKS if not", "for attack in ATTACKS[:1] if not")


class Hub(NamedTuple):
    """One project on a forge."""

    folder: Path
    project: Path
    origin: Path
    forge: Forge
    run: Run
    environment: dict[str, str]

    @property
    def secret(self) -> str:
        """The secret given to CI: the text of .dvc/config.local."""
        return (self.project / ".dvc" / "config.local").read_text()

    @property
    def report(self) -> Path:
        """The report folder saved by the last run."""
        return self.folder / "kept" / "report"

    def downloads(self) -> int:
        """The number of objects that the S3 server has sent."""
        return (self.folder / "log").read_text().count("GET OBJECT")

    def branch(self, name: str, *edits: tuple[str, str, str], dvc: tuple[str, ...] = ()) -> str:
        """Create a branch of main with edits, then run the given DVC commands; return its commit."""
        git = ["git", "-c", "core.hooksPath=/dev/null"]
        self.run(*git, "switch", "--quiet", "-C", name, "origin/main", cwd=self.project)
        for path, old, new in edits:
            edit(self.project / path, old, new)
        for command in dvc:
            self.run("dvc", *command.split(), cwd=self.project, **AWS)
        self.run(*git, "commit", "--quiet", "--allow-empty", "--all", "-m", name, cwd=self.project)
        self.run("git", "push", "--quiet", "--no-verify", "--force", str(self.origin), f"HEAD:{name}", cwd=self.project)
        return self.run("git", "rev-parse", "HEAD", cwd=self.project).stdout.strip()

    def check(self, name: str) -> None:
        """Fail unless `verify` passes in a fresh clone of a branch, with all its data on the S3 server."""
        clone = self.clone(name)
        (clone / ".dvc" / "config.local").write_text(self.secret)
        self.run("lifecycle", "verify", cwd=clone, **AWS)

    @contextmanager
    def newer_data(self) -> Iterator[None]:
        """Within the context, main's data is imported from a file that has new rows."""
        source = self.folder / "source.csv"
        shutil.copy(self.project / "data" / "raw.csv", source)
        self.branch("main", dvc=("remove data/raw.csv.dvc", f"import-url --force {source} data/raw.csv"))
        with source.open("a") as file:
            file.writelines(f"Adelie,Dream,{38 + i / 10},{18 + i / 10},190,3700,male,2009\n" for i in range(30))
        yield
        self.branch("main")
        self.run("git", "branch", "--quiet", "-D", "update-data", cwd=self.origin)
        for request in self.forge.entries["requests"]:
            request["state"] = "closed"

    def clone(self, name: str) -> Path:
        """A fresh clone of a branch, with the forge's address as origin."""
        folder = self.folder / "clone"
        shutil.rmtree(folder, ignore_errors=True)
        self.run("git", "clone", "--quiet", "-b", name, str(self.origin), str(folder), cwd=self.folder)
        self.run("git", "remote", "set-url", "origin", f"{self.forge.url}/git/{self.origin.name}", cwd=folder)
        return folder


AWS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="session")
def hub(
    bake: Callable[..., Path], run: Run, home: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hub]:
    """The default project with its results pushed to the S3 server and the forge."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "buckets" / "bucket").mkdir(parents=True)
    origin = folder / "origin.git"
    with s3(folder) as address, serve(Forge(origin)) as forge:
        project = bake(folder, remote="s3", remote_url="s3://bucket/x")
        run("dvc", "remote", "modify", "storage", "endpointurl", address, cwd=project)
        login = f"['remote \"storage\"']\n    access_key_id = {KEY}\n    secret_access_key = {SECRET}\n"
        (project / ".dvc" / "config.local").write_text(login)
        shutil.copy(SOURCE / ".gitlab-ci.yml", project)
        run("dvc", "repro", cwd=project)
        run("git", "add", "--all", cwd=project)
        run("git", "commit", "--quiet", "--no-verify", "-m", "First results", cwd=project)
        run("dvc", "push", cwd=project, **AWS)
        run("git", "clone", "--quiet", "--bare", str(project), str(origin), cwd=folder)
        run("git", "remote", "add", "origin", str(origin), cwd=project)
        run("git", "fetch", "--quiet", "origin", cwd=project)
        inherited = {
            name: value
            for name, value in home.items()
            if not name.startswith(RUNNER_PREFIXES) and name not in ("CI", "UV_PROJECT_ENVIRONMENT")
        }
        caches = {name: str(folder / name) for name in ("MYPY_CACHE_DIR", "RUFF_CACHE_DIR")}
        environment = inherited | AWS | caches | {"KEPT": str(folder / "kept"), "CLONE": str(folder / "clone")}
        yield Hub(folder, project, origin, forge, run, environment)
