"""One HTTP request with a token: repeated while the server is away, and one sentence for whatever goes wrong."""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

from lifecycle.errors import ForgeError

TRIES, TIMEOUT = 3, 30  # seconds
LONGEST = 20_000_000  # bytes of an answer


def send(method: str, url: str, token: str, body: Any = None) -> bytes:
    """The answer; raises ForgeError after three tries if the server is away, and at once if it refuses.

    A POST is sent once: a server that does not answer may have done what it was asked for.
    """
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), method=method)
    request.add_header("Content-Type", "application/json")
    # Unlike other headers it does not follow a redirect: an artifact is on another host
    request.add_unredirected_header("Authorization", f"Bearer {token}")
    for attempt in range(1 if method == "POST" else TRIES):
        time.sleep(attempt * float(os.environ.get("RETRY_SECONDS", "5")))
        try:
            return _receive(request)
        except urllib.error.HTTPError as error:
            why, status = f"the server answered {error.code} {error.reason}", error.code
        except (OSError, http.client.HTTPException) as error:
            why, status = f"no answer ({getattr(error, 'reason', error)})", 0
        if 0 < status < 500:
            break
    raise ForgeError(f"{method} {url}: {why}.", status)


def _receive(request: urllib.request.Request) -> bytes:
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        content: bytes = answer.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise ForgeError(f"{request.full_url} answered with more than {LONGEST:,} bytes.")
    return content
