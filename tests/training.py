"""A branch that CI has trained: what its run packed, and a clone of main that publishes it."""

import io
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Run
from tests.forge import Forge
from tests.servers import serve
from tests.test_life import edit


class Training(NamedTuple):
    """A trained branch `tune`, what its run packed, and a clone of main that publishes it."""

    forge: Forge
    sha: str
    packed: Path
    main: Path
    storage: Path
    run: Run

    def zipped(self, more: dict[str, bytes]) -> bytes:
        """The packed folder as GitLab keeps it, in which a symbolic link stays one, and more files."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for path in sorted(path for path in self.packed.rglob("*") if path.is_symlink() or path.is_file()):
                info = zipfile.ZipInfo(f"results/{path.relative_to(self.packed)}")
                info.external_attr = path.lstat().st_mode << 16
                archive.writestr(info, str(path.readlink()) if path.is_symlink() else path.read_bytes())
            for name, text in more.items():
                archive.writestr(f"results/{name}", text)
        return content.getvalue()

    def publish(self, code: int = 0, platform: str = "github", more: dict[str, bytes] | None = None) -> str:
        """Publish the packed folder from main; return the output."""
        self.forge.artifact = self.zipped(more or {})
        environment = self.forge.variables(platform)
        result = self.run("lifecycle", "publish", "results", "--trained", "5", cwd=self.main, code=code, **environment)
        assert "Traceback" not in result.stderr
        return result.stdout + result.stderr

    def objects(self) -> set[str]:
        """The objects in the remote."""
        return {path.parent.name + path.name for path in (self.storage / "files" / "md5").glob("*/*")}


@pytest.fixture(scope="module")
def trained(reproduced: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project on a branch, trained after its last commit, and what was packed then."""
    folder = tmp_path_factory.mktemp("trained")
    project = Path(shutil.copytree(reproduced, folder / "project", symlinks=True))
    run("git", "switch", "--quiet", "-c", "tune", cwd=project)
    edit(project / "params.yaml", "learning_rate: 0.1", "learning_rate: 0.05")
    run("git", "commit", "--quiet", "--no-verify", "--all", "-m", "Slower", cwd=project)
    run("dvc", "repro", cwd=project)
    assert "changed output" in run("lifecycle", "publish", "results", "--pack", "results", cwd=project).stdout
    shutil.copytree(project / "results", folder / "packed")
    return folder


@pytest.fixture
def training(trained: Path, run: Run, tmp_path: Path) -> Iterator[Training]:
    """The trained branch on a forge, and a fresh clone of main with a copy of the storage."""
    project = trained / "project"
    origin, main, packed, storage = (tmp_path / name for name in ("origin.git", "main", "packed", "storage"))
    run("git", "clone", "--quiet", "--bare", str(project), str(origin), cwd=tmp_path)
    run("git", "clone", "--quiet", "-b", "main", str(origin), str(main), cwd=tmp_path)
    before = run("dvc", "config", "remote.storage.url", cwd=project).stdout.strip()
    shutil.copytree(before, storage)
    run("dvc", "remote", "modify", "--local", "storage", "url", str(storage), cwd=main)
    shutil.copytree(trained / "packed", packed)
    sha = run("git", "rev-parse", "HEAD", cwd=project).stdout.strip()
    with serve(Forge(origin)) as forge:
        run("git", "remote", "set-url", "origin", f"{forge.url}/git/origin.git", cwd=main)
        home = {"full_name": "owner/repo", "owner": {"login": "owner"}}
        facts = {"head_branch": "tune", "head_sha": sha, "head_repository": home, "path": ".github/workflows/train.yml"}
        number = forge.add("requests", "person", source="tune", sha=sha)["number"]
        forge.runs["5"] = facts | {"ref": f"refs/merge-requests/{number}/head", "commit": {"id": sha}}
        yield Training(forge, sha, packed, main, storage, run)
