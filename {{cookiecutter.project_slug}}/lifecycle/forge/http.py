"""One HTTP request with a token: repeated while the server is away, and one sentence for whatever goes wrong."""

import http.client
import io
import json
import os
import time
import urllib.error
import urllib.request
from typing import IO, Any

from lifecycle.errors import ForgeError

TRIES, TIMEOUT = 3, 30  # seconds
LONGEST = 20_000_000  # bytes of an answer


def send(method: str, url: str, token: str, body: Any = None) -> bytes:
    """The answer; raises ForgeError like `save`."""
    answer = io.BytesIO()
    save(answer, LONGEST, method, url, token, body)
    return answer.getvalue()


def save(file: IO[bytes], most: int, method: str, url: str, token: str, body: Any = None) -> None:
    """Write the answer to a file; raises ForgeError after three tries if the server is away, and at once if it refuses.

    A POST is sent once: a server that does not answer may have done what it was asked for.
    """
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), method=method)
    request.add_header("Content-Type", "application/json")
    # Unlike other headers it does not follow a redirect: an artifact is on another host
    request.add_unredirected_header("Authorization", f"Bearer {token}")
    for attempt in range(1 if method == "POST" else TRIES):
        time.sleep(attempt * float(os.environ.get("RETRY_SECONDS", "5")))
        try:
            return _receive(request, file, most)
        except urllib.error.HTTPError as error:
            why, status = f"the server answered {error.code} {error.reason}", error.code
        except (OSError, http.client.HTTPException) as error:
            why, status = f"no answer ({getattr(error, 'reason', error)})", 0
        if 0 < status < 500:
            break
    raise ForgeError(f"{method} {url}: {why}.", status)


def _receive(request: urllib.request.Request, file: IO[bytes], most: int) -> None:
    file.seek(0)  # an earlier try may have broken off
    file.truncate()
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        while chunk := answer.read(2**20):
            if file.write(chunk) and file.tell() > most:
                raise ForgeError(f"{request.full_url} answered with more than {most:,} bytes.")
