"""The container image of a version, built, pushed and run for real: buildah, a registry, and a read-only root."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import Run
from tests.registered import Repo
from tests.test_deploy import record
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow
PROGRAMS = ("buildah", "mmdebstrap", "docker-registry", "unshare", "chroot")
BASE = "docker.io/library/python:3.11-slim"
PACKAGES = 260_000_000  # bytes that the image may have beyond its base
REGISTRY = (
    "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: '127.0.0.1:%d'}\n"
)
STORAGE = '[storage]\ndriver = "vfs"\nrunroot = "%s/run"\ngraphroot = "%s/storage"\n'


class Builder(NamedTuple):
    """buildah with storage of its own, a base image and a registry on loopback."""

    folder: Path
    variables: dict[str, Any]
    registry: str
    run: Run

    def __call__(self, *command: str) -> str:
        """Run buildah and return its output."""
        return self.run("buildah", *command, cwd=self.folder, **self.variables).stdout.strip()

    def inspect(self, image: str) -> dict[str, Any]:
        """What an image says of itself, as `docker inspect` shows it."""
        content: dict[str, Any] = json.loads(self("inspect", "--type", "image", image))["Docker"]
        return content


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def process(*command: str, url: str, seconds: float = 60) -> Iterator[None]:
    """A server that runs within the context, from its first answer on."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            end = time.monotonic() + seconds
            while True:
                try:
                    urllib.request.urlopen(url, timeout=5)
                    break
                except OSError:
                    if server.poll() is not None or time.monotonic() > end:
                        server.terminate()
                        raise AssertionError(f"{command[0]} does not answer: {server.communicate()[0]}") from None
                    time.sleep(0.1)
            yield
        finally:
            server.terminate()


def make_base(builder: Builder) -> None:
    """Debian's Python under the name that the Dockerfile starts from; pip trusts what this machine trusts."""
    tar, root = builder.folder / "base.tar", "/etc/ssl/certs/ca-certificates.crt"
    packages = "--include=python3-venv,ca-certificates"
    builder.run("mmdebstrap", "--quiet", "--variant=minbase", packages, "bookworm", str(tar), cwd=builder.folder)
    container = builder("from", "scratch")
    mounted = Path(builder("mount", container))
    builder.run("tar", "-xf", str(tar), "-C", str(mounted), cwd=builder.folder)
    shutil.copy(root, mounted / root.lstrip("/"))
    (mounted / "etc/pip.conf").write_text(f"[global]\ncert = {root}\n")
    builder("umount", container)
    builder("commit", "--quiet", "--rm", container, BASE)


@pytest.fixture(scope="session")
def builder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """A builder with its base image, and a registry."""
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing or os.geteuid():
        pytest.skip(f"no image can be built here: {' '.join(missing) or 'it'} is missing, or this is not root")
    folder = tmp_path_factory.mktemp("builder")
    port = free_port()
    (folder / "registry.yml").write_text(REGISTRY % (folder / "pushed", port))
    (folder / "storage.conf").write_text(STORAGE % (folder, folder))
    (folder / "registries.conf").write_text(f'[[registry]]\nlocation = "127.0.0.1:{port}"\ninsecure = true\n')
    files = {"CONTAINERS_STORAGE_CONF": "storage.conf", "CONTAINERS_REGISTRIES_CONF": "registries.conf"}
    variables = {name: str(folder / file) for name, file in files.items()}
    variables |= {"BUILDAH_ISOLATION": "chroot", "CONTAINER_BUILDER": "buildah"}
    with process("docker-registry", "serve", str(folder / "registry.yml"), url=f"http://127.0.0.1:{port}/v2/"):
        new = Builder(folder, variables, f"127.0.0.1:{port}", run)
        make_base(new)
        yield new
        new("rm", "--all")
        new("rmi", "--all", "--force")


def recorded(repo: Repo, commit: str, path: str) -> str:
    """The hash that dvc.lock of a commit has for an output."""
    lines = repo.git("show", f"{commit}:dvc.lock").splitlines()
    place = max(number for number, line in enumerate(lines) if line.strip() == f"- path: {path}")
    return next(line for line in lines[place:] if "md5:" in line).split()[-1]


@contextmanager
def container(builder: Builder, image: str) -> Iterator[tuple[str, Path]]:
    """The image's own command, as its own user, in a root that is read-only but for /tmp and its volume; the address.

    The port is another one, since the network is the machine's.
    """
    config, port = builder.inspect(image)["config"], free_port()
    working = builder("from", "--pull-never", image)
    root = builder("mount", working)
    command = [word.replace("8000", str(port)) for word in config["Cmd"]]
    script = " && ".join(
        [
            f"mount --bind {root} {root}",
            f"mount -o remount,bind,ro {root}",
            *(f"mount --rbind /{name} {root}/{name}" for name in ("dev", "proc")),
            *(f"mount -t tmpfs -o mode=1777 tmpfs {root}{place}" for place in ("/tmp", *config["Volumes"])),
            f'exec chroot --userspec={config["User"]}:{config["User"]} {root} env -i "$@"',
        ]
    )
    inside = ["env", f"--chdir={config['WorkingDir']}", *command]
    try:
        shell = ["unshare", "--mount", "sh", "-c", script, "sh", *config["Env"], *inside]
        with process(*shell, url=f"http://127.0.0.1:{port}/ready"):
            yield f"http://127.0.0.1:{port}", Path(root)
    finally:
        builder("umount", working)
        builder("rm", working)


def test_image_of_a_version_is_built_pushed_run_and_deployed(
    builder: Builder, registered: Repo, tmp_path: Path
) -> None:
    """The image has the labels of its version, runs without root or a writable file, and passes its deployment."""
    repo = registered.copy(tmp_path / "world")
    for old, new in (("timeout: 300", "timeout: 20"), ("watch: 60", "watch: 2")):
        edit(repo.clone / "params.yaml", old, new)
    repo.commit("Quick deployments")
    name, file = f"{builder.registry}/Penguins", repo.folder / "image.txt"
    repo.verb("image", "prod", name, "--push", "--to", str(file), **builder.variables)
    image = file.read_text().strip()
    assert image.startswith(f"{builder.registry}/penguins@sha256:")
    with urllib.request.urlopen(f"http://{image.replace('@', '/manifests/').replace('/', '/v2/', 1)}") as answer:
        assert answer.status == 200  # the registry has it by this digest
    known, commit = builder.inspect(f"{name.lower()}:v0.0.2"), repo.git("rev-parse", "model@v0.0.2^{commit}")
    assert (
        known["config"]["Labels"].items()
        >= {
            "org.opencontainers.image.version": "v0.0.2",
            "org.opencontainers.image.revision": commit,
            "model.md5": recorded(repo, commit, "models/model.skops"),
            "serving-form.md5": recorded(repo, commit, "models/serving.zip"),
        }.items()
    )
    assert known["config"]["User"] == "10001"
    size = {which: sum_of_layers(builder, which) for which in (BASE, f"{name.lower()}:v0.0.2")}
    print(f"image: {size[f'{name.lower()}:v0.0.2']:,} bytes, of which {size[BASE]:,} are its base")
    assert size[f"{name.lower()}:v0.0.2"] - size[BASE] < PACKAGES
    with container(builder, f"{name.lower()}:v0.0.2") as (url, root):
        packages = {path.name.lower() for path in root.glob("packages/lib/python3*/site-packages/*")}
        assert {"fastapi", "treelite"} <= packages
        assert not packages & {"sklearn", "pandas", "dvc", "pip", "setuptools"}
        assert not list(root.glob("app/**/.git")) and not list(root.glob("**/config.local"))
        with urllib.request.urlopen(f"{url}/version") as answer:
            version = json.load(answer)
        assert (version["version"], version["commit"]) == ("v0.0.2", commit)
        with urllib.request.urlopen(f"{url}/health") as answer:
            assert json.load(answer)["log"] == "up"
        assert (root / "app/logs").stat().st_uid == 10001  # a new volume gets the folder's owner
        check = known["config"]["Healthcheck"]["Test"][1:]
        check = [word.replace("127.0.0.1:8000", url.removeprefix("http://")) for word in check]
        builder.run("chroot", "--userspec=10001:10001", str(root), *check, cwd=tmp_path)
        repo.verb("deploy", "prod", "--url", url, "--image", str(file))
    assert record(repo, "deployment/model/prod.1")["image"] == image
    again = repo.messages("image", "v0.0.2", name, "--push", CONTAINER_BUILDER="no-such-builder")
    assert f"was deployed before, with {image}: it is not built again" in again


def sum_of_layers(builder: Builder, image: str) -> int:
    """The bytes of an image as buildah counts them."""
    (entry,) = json.loads(builder("images", "--json", image))
    number, unit = entry["size"].split()
    return int(float(number) * {"KB": 1e3, "MB": 1e6, "GB": 1e9}[unit])


def test_image_is_refused_without_its_parts(builder: Builder, registered: Repo, tmp_path: Path) -> None:
    """An unknown version, a missing or corrupt object and a builder that fails are sentences; nothing is pushed."""
    repo = registered.copy(tmp_path / "world")
    name = f"{builder.registry}/nothing"
    assert "no version or stage is called v9.9.9" in repo.messages("image", "v9.9.9", name, code=1)
    assert "staging has no version yet" in repo.messages("image", "staging", name, code=1)
    text = repo.messages("image", "v0.0.2", name, "--option=--no-such-option", code=2, **builder.variables)
    assert "`buildah build --format` failed" in text
    assert "no-such-option" in text
    stored = repo.stored("models/serving.zip")
    stored.chmod(0o644)
    stored.write_bytes(stored.read_bytes()[:-1])
    assert "models/serving.zip is corrupt in the remote" in repo.messages("image", "v0.0.2", name, code=1)
    stored.unlink()
    assert "models/serving.zip is missing in the remote" in repo.messages("image", "v0.0.2", name, code=1)
    assert "No name, no image" in repo.messages("image", "prod", "", "--push", "--to", str(tmp_path / "image.txt"))
    assert (tmp_path / "image.txt").read_text() == "\n"
    with urllib.request.urlopen(f"http://{builder.registry}/v2/_catalog") as answer:
        assert "nothing" not in json.load(answer)["repositories"]
