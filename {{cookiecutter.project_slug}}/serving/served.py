"""A model that has been loaded and verified, and what the service says about it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from serving.check import Check
from serving.model import Model, load


def now() -> str:
    """The time in UTC, as answers and the log write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Served:
    """One verified model; an answer comes from exactly one of these."""

    model: Model
    version: str | None
    commit: str | None
    check: Check
    since: str = field(default_factory=now)


def verified(path: Path, version: str | None, commit: str | None) -> Served:
    """The model in a file, or in serving.zip of a folder; raises ValueError with one sentence if it may not serve."""
    file = path / "serving.zip" if path.is_dir() else path
    if not file.is_file():
        raise ValueError(f"{file} does not exist: run `uv run dvc pull`, or set MODEL.")
    model = load(file)
    model.verify()
    return Served(model, version, commit, Check(model.contract))
