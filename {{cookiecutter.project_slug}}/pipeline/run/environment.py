"""The locked versions that results depend on. Reads environment.txt in the working directory."""

import platform
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from pipeline.run.errors import InputError, reading


def locked_versions() -> dict[str, SpecifierSet]:
    """Python and every library that results depend on, with the version that applies on this platform."""
    with reading("environment.txt", "run `uv run dvc repro --force environment`"):
        lines = Path("environment.txt").read_text("utf-8").splitlines()
        requirements = [Requirement(line) for line in lines if "==" in line]
        return {r.name: r.specifier for r in requirements if r.marker is None or r.marker.evaluate()}


def check_environment() -> None:
    """Raise InputError if another version is installed than DVC will record."""
    for name, locked in locked_versions().items():
        try:
            installed = platform.python_version() if name == "python" else metadata.version(name)
        except metadata.PackageNotFoundError:
            raise InputError(f"{name} is not installed, environment.txt needs {locked}: run `uv sync`.") from None
        if installed not in locked:
            raise InputError(f"{name} {installed} is installed, environment.txt needs {locked}: run `uv sync`.")
