"""What one replica of the service answers, over HTTP; SERVE_TOKEN is sent if it is set."""

import http.client
import json
import os
import re
import socket
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlsplit

from lifecycle.errors import LifecycleError

Answer = TypeVar("Answer")
TIMEOUT = 10  # seconds for one answer
LONGEST = 10_000_000  # bytes of an answer
NOT_OURS = (401, 403, 404)  # another token or address, which says nothing about the version
# Of Prometheus' text format: what was counted, the label that it is counted by, and the count
COUNT = r'^predict_(?:requests_total|seconds_bucket)\{(?:[^}]*,)?(code|le)="([^"]*)"[^}]*\} (\d[\d.e+]*)'


class NoAnswer(Exception):
    """A replica did not give the answer; `reached`: a service was there."""

    def __init__(self, message: str, reached: bool) -> None:
        super().__init__(message)
        self.reached = reached


def addresses(given: list[str]) -> list[str]:
    """The base addresses of all replicas, from the command line or DEPLOY_URLS."""
    urls = [url.rstrip("/") for url in given or os.environ.get("DEPLOY_URLS", "").split()]
    if not urls:
        raise LifecycleError("no address of a service: `--url http://HOST:8000` for each replica, or DEPLOY_URLS.")
    for url in urls:
        if not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", url):
            raise LifecycleError("an address must be http://HOST or https://HOST, without a password.")
    return [*dict.fromkeys(urls)]


def replicas(urls: list[str]) -> list[str]:
    """The same, with an address for each replica where a host name leads to several."""
    every = []
    for url in urls:
        parts = urlsplit(url)
        try:
            port = parts.port or 80
            found = {str(row[4][0]) for row in socket.getaddrinfo(parts.hostname, port, socket.AF_INET)}
        except (OSError, ValueError):  # it will be said when it is asked
            found = set()
        several = parts.scheme == "http" and len(found) > 1  # a certificate is for a name, not for its addresses
        every += [f"http://{ip}:{port}{parts.path}" for ip in sorted(found)] if several else [url]
    return every


def each(urls: list[str], question: Callable[[str], Answer]) -> dict[str, Answer | NoAnswer]:
    """The answers of all replicas, which are asked at the same time."""

    def asked(url: str) -> Answer | NoAnswer:
        try:
            return question(url)
        except NoAnswer as error:
            return error

    with ThreadPoolExecutor(len(urls)) as pool:
        return dict(zip(urls, pool.map(asked, urls)))


def version(url: str) -> dict[str, Any]:
    answer = read_json(url, "/version")
    if not isinstance(answer, dict) or "version" not in answer:
        raise NoAnswer("/version does not answer with a version", reached=False)
    return answer


def predict(url: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The version that predicted, and the predictions without their ids."""
    answer = read_json(url, "/predict", rows)
    try:
        predictions = [{key: value for key, value in row.items() if key != "id"} for row in answer["predictions"]]
        return {"version": answer["version"], "predictions": predictions}
    except (AttributeError, KeyError, TypeError):
        raise NoAnswer("/predict does not answer with predictions", reached=True) from None


def counters(url: str) -> Counter[str]:
    """The counters of predictions by answer, `code 200`, and of those that took at most so many seconds, `le 0.1`."""
    samples = re.findall(COUNT, send(url, "/metrics").decode("utf-8", "replace"), re.MULTILINE)
    if not samples:
        raise NoAnswer("/metrics has no predict_requests_total and no predict_seconds", reached=True)
    values: Counter[str] = Counter()
    for label, value, count in samples:
        values[f"{label} {value}"] += int(float(count))
    return values


def read_json(url: str, path: str, body: Any = None) -> Any:
    try:
        return json.loads(send(url, path, body))
    except (ValueError, RecursionError):
        raise NoAnswer(f"{path} does not answer with JSON", reached=True) from None


def send(url: str, path: str, body: Any = None) -> bytes:
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token := os.environ.get("SERVE_TOKEN"):
        request.add_unredirected_header("Authorization", f"Bearer {token}")  # a redirect does not get it
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return bytes(answer.read(LONGEST))
    except urllib.error.HTTPError as error:
        hint = ": set SERVE_TOKEN" if error.code == 401 else ""
        raise NoAnswer(f"{path} answers {error.code}{hint}", reached=error.code not in NOT_OURS) from None
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"{path} does not answer ({getattr(error, 'reason', error)})", reached=False) from None
