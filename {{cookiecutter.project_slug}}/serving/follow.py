"""Follows a version or a stage: asks Git cheaply, and lets `lifecycle fetch` bring a new model in a process of its own.

Nothing that fails here reaches a request: the model that answers stays until another one has been verified.
"""

import sys
import threading
import time
from typing import TYPE_CHECKING

from serving.copies import Copies
from serving.remote import Away, fetched, tags
from serving.served import now

if TYPE_CHECKING:
    from serving.service import Service

LONGEST = 60.0  # seconds between two tries of a fetch that fails
GIT, FETCH = "Git", "the model"


class Follower(threading.Thread):
    """A thread that keeps the service at what Git says. `trouble`: what cannot be had, why, and since when."""

    def __init__(self, service: "Service", source: str) -> None:
        super().__init__(name="follower", daemon=True)
        self.service, self.source = service, source
        self.stage = source.removeprefix("stage:") if source.startswith("stage:") else ""
        self.copies = Copies(service.settings.models, source)
        self.trouble: dict[str, str] | None = None
        self.polled = time.monotonic()  # when Git was last asked with success, or the start
        self.seen: str | None = None
        self.pause, self.retry = 0.0, float("inf")  # a failed fetch is tried again, and when
        self.ended = threading.Event()

    def begin(self) -> None:
        """Serve the last good copy at once, if there is one."""
        try:
            self.service.current = self.copies.last()
        except Exception as error:  # anything may be in the files
            print(f"service: the last good copy cannot be used: {error}", file=sys.stderr, flush=True)
        self.start()

    def run(self) -> None:
        """Look again and again until the service ends, or a fixed version is served."""
        while not self.ended.is_set():
            try:
                self.look()
            except Exception as error:  # whatever it is, the service goes on
                what = GIT if isinstance(error, Away) else FETCH
                self.fail(what, str(error) if isinstance(error, Away | OSError) else f"{type(error).__name__}: {error}")
            if not self.stage and self.service.current:
                return
            self.ended.wait(self.service.settings.limits.poll)

    def stop(self) -> None:
        """End after the step that is under way."""
        self.ended.set()

    def age(self) -> float | None:
        """Seconds since Git was last asked with success; None for a version, which never moves."""
        return round(time.monotonic() - self.polled, 3) if self.stage else None

    def fail(self, what: str, reason: str) -> None:
        """Say what cannot be had, and since when."""
        if self.trouble is None or self.trouble["reason"] != reason:
            print(f"service: {what} cannot be had: {reason}", file=sys.stderr, flush=True)
        since = self.trouble["since"] if self.trouble else now()
        self.trouble = {"what": what, "reason": reason, "since": since}

    def look(self) -> None:
        """Ask Git for the stage's tags; fetch if they are new, or if a fetch that failed is due again."""
        refs = tags(self.stage) if self.stage else self.source
        self.polled = time.monotonic()
        if self.trouble and self.trouble["what"] == GIT:
            self.trouble = None
        if refs == self.seen and time.monotonic() < self.retry:
            return
        self.seen = refs
        self.pause = min(max(2 * self.pause, self.service.settings.limits.poll), LONGEST)
        self.retry = time.monotonic() + self.pause  # unless all goes well
        self.update()

    def update(self) -> None:
        """Fetch the model, and let it answer once it is verified; refuse a version that may not."""
        answer = fetched(self.source, self.copies.folder)
        version, current = answer.details.get("version"), self.service.current
        if answer.code != 0:
            return self.service.refuse(version, answer.reason) if version else self.fail(FETCH, answer.reason)
        if not (current and (current.version, current.commit) == (version, answer.details["commit"])):
            try:
                served = self.copies.verified(answer.details)
            except ValueError as error:
                self.trouble = None
                return self.service.refuse(str(version), str(error))
            self.service.swap(served)
        self.trouble, self.pause, self.retry = None, 0.0, float("inf")
        self.copies.keep(answer.details)
        return None
