"""Servers on loopback: GitHub's and GitLab's API, Git over HTTP, files on another host, and an S3 that checks keys."""

import base64
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.forge import TOKEN, Asked, Forge, answer

KEY, SECRET = "tester", "right-secret"


class Handler(BaseHTTPRequestHandler):
    """What the servers for one forge have in common."""

    protocol_version = "HTTP/1.1"
    forge: Forge

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def reply(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def played(self) -> None:
        """One request of any method."""
        url, given = urlsplit(self.path), self.headers.get("Authorization", "")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if url.path == "/artifact.zip":
            self.forge.elsewhere.append(given)
            return self.reply(200, self.forge.artifact or b"")
        if url.path.startswith("/git/"):
            return self.git(url.path.removeprefix("/git"), url.query, body, given)
        self.forge.asked.append(Asked(self.command, self.path, json.loads(body or b"null"), given))
        if self.forge.statuses and (status := self.forge.statuses.pop(0)):
            return self.reply(status, b"{}")
        if given != f"Bearer {TOKEN}":
            return self.reply(401, b"{}")
        platform = url.path.split("/")[1]
        path = (
            url.path.removeprefix("/github/repos/owner/repo").removeprefix("/gitlab/projects/1").removeprefix("/gitlab")
        )
        if path == "/actions/artifacts/5/zip":
            return self.reply(302, b"", Location=f"{self.forge.files}/artifact.zip")
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        said = answer(self.forge, platform, self.command, path, query, json.loads(body or b"null"))
        status = 404 if said is None else 204 if said == "" else 201 if self.command == "POST" else 200
        return self.reply(status, b"" if said == "" else json.dumps(said).encode())

    do_GET = do_POST = do_PATCH = do_PUT = played  # noqa: N815

    def git(self, path: str, query: str, body: bytes, given: str) -> None:
        """Git's own server, for whoever has the token."""
        users = [base64.b64encode(f"{user}:{TOKEN}".encode()).decode() for user in ("x-access-token", "oauth2")]
        if given not in [f"Basic {user}" for user in users]:
            return self.reply(401, b"", WWW_Authenticate="Basic")
        environment = os.environ | {
            "GIT_PROJECT_ROOT": str(self.forge.origin.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_USER": "robot",
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        return self.reply(status, content, **{name.replace("-", "_"): value for name, value in headers.items()})


@contextmanager
def served(forge: Forge) -> Iterator[Forge]:
    """The forge with its addresses, while it is served."""
    handler = type("Handler", (Handler,), {"forge": forge})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    forge.url, forge.files = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    yield forge
    for server in servers:
        server.shutdown()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def s3(folder: Path) -> Iterator[str]:
    """The address of an S3 server whose buckets are the folders of `folder`; it refuses a wrong secret."""
    (folder / "rclone.conf").touch()
    port = free_port()
    secrets = {"RCLONE_CONFIG": str(folder / "rclone.conf"), "RCLONE_AUTH_KEY": f'"{KEY},{SECRET}"'}
    command = ["rclone", "serve", "s3", "--addr", f"127.0.0.1:{port}", "-vv", str(folder / "buckets")]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(command, env=os.environ | secrets, stderr=log)
    while running.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait()
