"""The settings of the service: numbers from params.yaml, block serve; paths and secrets from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from pipeline.run.settings import Block, params


class Serve(Block):
    """The block serve of params.yaml."""

    bytes: int = Field(gt=0)
    rows: int = Field(gt=0)
    seconds: float = Field(gt=0)
    poll: float = Field(gt=0)
    grace: float = Field(ge=0)


@dataclass(frozen=True)
class Settings:
    """`model`: what is served; `version`, `commit`: of a model at a path; `logs`, `models`: folders."""

    limits: Serve
    model: str
    version: str | None
    commit: str | None
    logs: Path
    models: Path
    token: str


def settings() -> Settings:
    """The settings of this process; raises InputError if params.yaml does not have them."""
    get = os.environ.get
    return Settings(
        limits=params("serve", Serve),
        model=get("MODEL") or "models/serving.zip",
        version=get("MODEL_VERSION") or None,
        commit=get("MODEL_COMMIT") or None,
        logs=Path(get("LOG_FOLDER") or "logs"),
        models=Path(get("MODEL_FOLDER") or ".served"),
        token=get("SERVE_TOKEN") or "",
    )
