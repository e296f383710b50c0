"""A test double of replicas of the service: HTTP servers that answer as the stage's version, or as a broken one."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

BUCKETS = (0.01, 0.1, 1.0)


class Replica(ThreadingHTTPServer):
    """One replica. `version`: a function, since a service follows its stage; `broken`: versions and what fails."""

    daemon_threads = True

    def __init__(self, golden: Path, version: Callable[[], str | None]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.golden, self.version = json.loads(golden.read_text()), version
        self.broken: dict[str, str] = {}
        self.seen = 0  # looks at /metrics; ten predictions for others are made between two of them
        self.restart_after = self.looks = 0
        self.codes = {"200": 0, "500": 0}
        self.buckets = dict.fromkeys([*map(str, BUCKETS), "+Inf"], 0)
        self.tokens: set[str | None] = set()
        self.token = ""
        self.when_asked: Callable[[], object] = lambda: None
        self.asked = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"

    def fault(self) -> str:
        """What is broken in the version that is served now."""
        return self.broken.get(self.version() or "", "")

    def count(self, requests: int) -> None:
        """Count predictions for others, as the service's own metrics do."""
        fault = self.fault()
        self.codes["500" if fault == "errors" else "200"] += requests
        for bound in self.buckets:
            self.buckets[bound] += requests if fault != "slow" or bound == "+Inf" or float(bound) >= 1 else 0

    def metrics(self) -> str:
        """The metrics in Prometheus' text format."""
        self.looks += 1
        if self.restart_after and self.looks == self.restart_after:
            self.codes, self.buckets = dict.fromkeys(self.codes, 0), dict.fromkeys(self.buckets, 0)
        self.count(10)
        lines = [f'predict_requests_total{{code="{code}"}} {count}.0' for code, count in self.codes.items()]
        lines += [f'predict_seconds_bucket{{le="{bound}"}} {count}.0' for bound, count in self.buckets.items()]
        return "# HELP predict_seconds Time.\n" + "\n".join(lines) + "\npredict_seconds_sum 0.5\n"


class Handler(BaseHTTPRequestHandler):
    """Answers /version, /predict and /metrics."""

    server: Replica

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def answer(self, body: Any, code: int = 200) -> None:
        """Send JSON, or text as it is."""
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        replica = self.server
        replica.tokens.add(self.headers["Authorization"])
        if replica.token and self.headers["Authorization"] != f"Bearer {replica.token}":
            return self.answer({"detail": "wrong token"}, 401)
        fault = replica.fault()
        if self.path == "/metrics":
            return self.answer("", 503) if fault == "stops" else self.answer(replica.metrics())
        if fault == "refused":
            refused = [{"version": replica.version(), "reason": "its golden predictions differ", "time": "now"}]
            return self.answer({"version": None, "refused": refused})
        if fault == "down":
            return self.answer("Bad gateway", 502)
        return self.answer({"version": "v9.9.9" if fault == "other version" else replica.version(), "refused": []})

    def do_POST(self) -> None:
        replica = self.server
        replica.asked += 1
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        places = [replica.golden["rows"].index(row) for row in rows]
        fault, predictions = replica.fault(), [dict(replica.golden["predictions"][place]) for place in places]
        if fault == "golden":
            name = next(key for key in predictions[0] if key != "predicted")
            predictions[0][name] += 1e-3
        replica.count(1)
        version = replica.version()
        replica.when_asked()
        self.answer({"version": version, "predictions": [{"id": f"{n}"} | row for n, row in enumerate(predictions)]})


@contextmanager
def replicas(golden: Path, version: Callable[[], str | None], count: int = 1) -> Iterator[list[Replica]]:
    """Run replicas that all serve what `version` returns."""
    servers = [Replica(golden, version) for _ in range(count)]
    for server in servers:
        Thread(target=server.serve_forever, daemon=True).start()
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()
