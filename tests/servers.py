"""Local servers: the APIs of GitHub and GitLab, Git over HTTP, an artifact host, and S3 with authentication."""

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

from tests.forge import TOKEN, Forge, Request, respond

KEY, SECRET = "tester", "right-secret"


class Handler(BaseHTTPRequestHandler):
    """Handles requests to one forge and to its artifact host."""

    protocol_version = "HTTP/1.1"
    forge: Forge

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def reply(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle_any_method(self) -> None:
        """Respond to one request."""
        url, authorization = urlsplit(self.path), self.headers.get("Authorization", "")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if url.path == "/artifact.zip":
            self.forge.artifact_tokens.append(authorization)
            return self.reply(200, self.forge.artifact or b"")
        if url.path.startswith("/git/"):
            return self.git(url.path.removeprefix("/git"), url.query, body, authorization)
        self.forge.received.append(Request(self.command, self.path, json.loads(body or b"null"), authorization))
        if self.forge.statuses and (status := self.forge.statuses.pop(0)):
            return self.reply(status, b"{}")
        if authorization != f"Bearer {TOKEN}":
            return self.reply(401, b"{}")
        platform = url.path.split("/")[1]
        path = (
            url.path.removeprefix("/github/repos/owner/repo").removeprefix("/gitlab/projects/1").removeprefix("/gitlab")
        )
        if path in ("/actions/artifacts/5/zip", "/jobs/5/artifacts"):
            return self.reply(302, b"", Location=f"{self.forge.files}/artifact.zip")
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        response = respond(self.forge, platform, self.command, path, query, json.loads(body or b"null"))
        status = 404 if response is None else 204 if response == "" else 201 if self.command == "POST" else 200
        return self.reply(status, b"" if response == "" else json.dumps(response).encode())

    do_GET = do_POST = do_PATCH = do_PUT = handle_any_method  # noqa: N815

    def git(self, path: str, query: str, body: bytes, authorization: str) -> None:
        """Git's own HTTP server, for requests with the token."""
        users = [base64.b64encode(f"{user}:{TOKEN}".encode()).decode() for user in ("x-access-token", "oauth2")]
        if authorization not in [f"Basic {user}" for user in users]:
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
        result = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True)
        head, _, content = result.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        return self.reply(status, content, **{name.replace("-", "_"): value for name, value in headers.items()})


@contextmanager
def serve(forge: Forge) -> Iterator[Forge]:
    """Run the servers of a forge and set its addresses."""
    handler = type("Handler", (Handler,), {"forge": forge})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    forge.url, forge.files = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    yield forge
    for server in servers:
        server.shutdown()


def free_port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def s3(folder: Path) -> Iterator[str]:
    """The address of an S3 server whose buckets are the folders in `folder/buckets`; it refuses a wrong secret."""
    (folder / "rclone.conf").touch()
    port = free_port()
    secrets = {"RCLONE_CONFIG": str(folder / "rclone.conf"), "RCLONE_AUTH_KEY": f'"{KEY},{SECRET}"'}
    command = ["rclone", "serve", "s3", "--addr", f"127.0.0.1:{port}", "-vv", str(folder / "buckets")]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=os.environ | secrets, stderr=log)
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
