"""A running service for tests: a real uvicorn process in a clone of its own, and clients that load it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.registered import NO_TOKENS, Repo

FAST = {"poll: 5": "poll: 1", "grace: 5": "grace: 1"}


class Service:
    """`uvicorn serving.app:app` in `folder`, on a port of its own."""

    def __init__(self, folder: Path, home: dict[str, str], **variables: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        python = Path(home["UV_PROJECT_ENVIRONMENT"], "bin", "python")
        command = [str(python), "-m", "uvicorn", "serving.app:app", "--port", str(self.port)]
        path = f"{python.parent}{os.pathsep}{home['PATH']}"
        self.output = (folder / "service.txt").open("a+")
        self.started = time.monotonic()
        variables = home | NO_TOKENS | {"PATH": path} | variables
        self.process = subprocess.Popen(
            command, cwd=folder, env=variables, stdout=self.output, stderr=subprocess.STDOUT, start_new_session=True
        )
        self.folder = folder

    def ask(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and content of an answer; `body`: JSON, or bytes as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
            connection.request("POST" if content is not None else "GET", path, content, headers or {})
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if "json" in answer.headers["Content-Type"] else text.decode()
        finally:
            connection.close()

    def about(self) -> dict[str, Any]:
        """What /version says."""
        content: dict[str, Any] = self.ask("/version")[1]
        return content

    def metric(self, name: str) -> float:
        """A line of /metrics."""
        lines = dict(line.rsplit(" ", 1) for line in self.ask("/metrics")[1].splitlines() if line[0] != "#")
        return float(lines[name])

    def wait(self, reached: Callable[[], Any], seconds: float = 120) -> float:
        """Wait until something is so; returns the seconds that it took."""
        start = time.monotonic()
        while True:
            try:
                if reached():
                    return time.monotonic() - start
            except OSError:
                pass
            assert self.process.poll() is None, self.said()
            assert time.monotonic() - start < seconds, self.said()
            time.sleep(0.03)

    def ready(self) -> float:
        """Wait until /ready says 200; the seconds since the start of the process."""
        self.wait(lambda: self.ask("/ready")[0] == 200)
        return time.monotonic() - self.started

    def serves(self, version: str) -> float:
        """Wait until the service answers with this version."""
        return self.wait(lambda: self.about()["version"] == version)

    def said(self) -> str:
        """What the process has printed."""
        self.output.flush()
        return (self.folder / "service.txt").read_text()

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Send a signal to the service alone, and wait for its end."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def close(self) -> None:
        """End the service and what it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)
        self.output.close()


@contextmanager
def running(folder: Path, home: dict[str, str], **variables: str) -> Iterator[Service]:
    """A service that ends with the block."""
    service = Service(folder, home, **variables)
    try:
        yield service
    finally:
        service.close()


def serving_clone(repo: Repo, name: str = "serving", **settings: str) -> Path:
    """A clone of origin that a service runs in, which asks origin every second."""
    folder = repo.folder / name
    repo.git("clone", "--quiet", str(repo.origin), str(folder), cwd=repo.folder)
    repo.run("dvc", "remote", "modify", "--local", "storage", "url", str(repo.storage), cwd=folder)
    text = (folder / "params.yaml").read_text()
    for old, new in (FAST | settings).items():
        assert old in text
        text = text.replace(old, new)
    (folder / "params.yaml").write_text(text)
    return folder


class Load:
    """Clients that ask for predictions of one row, one after the other, until `stop`."""

    def __init__(self, service: Service, row: dict[str, Any], clients: int = 4) -> None:
        self.service, self.body, self.going = service, json.dumps(row).encode(), True
        self.answers: list[tuple[float, float, int, Any]] = []  # start, seconds, status or error, content
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=30)
        while self.going:
            start = time.monotonic()
            try:
                connection.request("POST", "/predict", self.body)
                answer = connection.getresponse()
                status, content = answer.status, json.loads(answer.read())
            except (OSError, http.client.HTTPException) as error:
                status, content = 0, error
                connection.close()
            self.answers.append((start, time.monotonic() - start, status, content))
            time.sleep(0.002)

    def stop(self) -> Counter[int]:
        """End; the number of answers by status, 0 for none."""
        self.going = False
        for thread in self.threads:
            thread.join(30)
        return Counter(status for _, _, status, _ in self.answers)

    def p99(self, start: float = 0, end: float = float("inf")) -> float:
        """The 99th percentile of the seconds of the answers that began between two moments."""
        seconds = sorted(seconds for began, seconds, _, _ in self.answers if start <= began <= end)
        return seconds[int(len(seconds) * 0.99)]


def golden(folder: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The golden rows of the model in a work tree, and its predictions."""
    content = json.loads((folder / "models" / "golden.json").read_text())
    return [*zip(content["rows"], content["predictions"])]
