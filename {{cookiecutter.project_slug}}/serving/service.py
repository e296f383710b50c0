"""What the service holds: the model that answers, the log, the follower of its stage, and what was refused."""

import re
import secrets
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from pipeline.batch.prediction_log import PredictionLog
from serving.follow import Follower
from serving.metrics import Metrics
from serving.served import Served, now, verified
from serving.settings import Settings

VERSION = re.compile(r"v\d+\.\d+\.\d+", re.ASCII)


@dataclass
class Refused:
    """A version that may not serve."""

    version: str
    reason: str
    time: str


class Service:
    """One process of the service."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.name = secrets.token_hex(6)  # of this process, in its log's file names and prediction ids
        self.numbers = count(1)
        self.current: Served | None = None
        self.draining = False
        self.swaps = 0
        self.refused: dict[str, Refused] = {}
        self.log = PredictionLog(settings.logs, self.name)
        self.follower: Follower | None = None
        self.metrics = Metrics(self)

    def start(self) -> None:
        """Serve the model at the path, or the last good copy of the version or stage, and follow it."""
        model = self.settings.model
        if model.startswith("stage:") or VERSION.fullmatch(model):
            self.follower = Follower(self, model)
            self.follower.begin()
            return
        try:
            self.current = verified(Path(model), self.settings.version, self.settings.commit)
        except ValueError as error:
            sys.exit(f"service: {error}")

    def stop(self) -> None:
        """Stop following, and write what the log still has."""
        if self.follower:
            self.follower.stop()
        self.log.close()

    def swap(self, served: Served) -> None:
        """Answer with another model from the next request on."""
        self.swaps += self.current is not None
        self.current = served
        self.refused.pop(served.version or "", None)
        print(f"service: {served.version} answers now.", flush=True)

    def refuse(self, version: str, reason: str) -> None:
        """Report a version that may not serve, once."""
        if version not in self.refused or self.refused[version].reason != reason:
            self.refused[version] = Refused(version, reason, now())
            print(f"service: {version} is refused: {reason}", file=sys.stderr, flush=True)

    def not_ready(self) -> str:
        """Why no requests should be sent here, empty if they should."""
        if self.draining:
            return "the service is shutting down"
        if self.current is None:
            trouble = self.follower and self.follower.trouble
            return f"no model yet: {trouble['reason']}" if trouble else "no model yet"
        return ""

    def about(self) -> dict[str, Any]:
        """What /version says."""
        served, follower = self.current, self.follower
        return {
            "version": served and served.version,
            "commit": served and served.commit,
            "model": served and served.model.archive,
            "form": served and served.model.kind,
            "since": served and served.since,
            "source": self.settings.model,
            "poll_age": follower and follower.age(),
            "trouble": follower and follower.trouble,
            "refused": [vars(refusal) for refusal in self.refused.values()],
        }
