"""Checks requests against GitHub's OpenAPI description."""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema

from tests.conftest import TEMPLATE
from tests.forge import Request

FILE = TEMPLATE / "build" / "node" / "node_modules" / "@octokit" / "openapi" / "generated" / "api.github.com.json"


@cache
def description() -> dict[str, Any]:
    """The whole description (13 MB)."""
    content: dict[str, Any] = json.loads(FILE.read_text())
    return content


@cache
def paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """The operations on a repository by path pattern; literal segments come before parameters."""
    by_specificity = sorted(description()["paths"].items(), key=lambda item: item[0].count("{"))
    in_repository = [item for item in by_specificity if item[0].startswith("/repos/{owner}")]
    patterns = [(re.sub(r"\{\w+\}", "[^/]+", path), verbs) for path, verbs in in_repository]
    return [(re.compile(pattern), verbs) for pattern, verbs in patterns]


def check(request: Request) -> None:
    """Fail unless path, method, query parameters and body match GitHub's description."""
    url = urlsplit(request.path.removeprefix("/github"))
    operations = [verbs for pattern, verbs in paths() if pattern.fullmatch(url.path)]
    assert operations, f"GitHub has no {url.path}"
    assert request.method.lower() in operations[0], f"GitHub has no {request.method} {url.path}"
    operation = operations[0][request.method.lower()]
    parts = [
        parameter
        if "name" in parameter
        else description()["components"]["parameters"][parameter["$ref"].split("/")[-1]]
        for parameter in operation["parameters"]
    ]
    assert {name for name, _ in parse_qsl(url.query)} <= {part["name"] for part in parts if part["in"] == "query"}
    if request.body is not None:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        closed = {"additionalProperties": False, "components": description()["components"]}  # what the schema refers to
        jsonschema.validate(request.body, schema | closed)
