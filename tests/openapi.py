"""GitHub's own description of its API: would it take a request?"""

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema

from tests.conftest import TEMPLATE
from tests.forge import Asked

FILE = TEMPLATE / "build" / "node" / "node_modules" / "@octokit" / "openapi" / "generated" / "api.github.com.json"


@cache
def described() -> dict[str, Any]:
    """The whole description (13 MB)."""
    content: dict[str, Any] = json.loads(FILE.read_text())
    return content


@cache
def paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """What can be done with a repository, by the pattern of the path; fixed words before any word."""
    named = sorted(described()["paths"].items(), key=lambda item: item[0].count("{"))
    known = [(re.sub(r"\{\w+\}", "[^/]+", path), verbs) for path, verbs in named if path.startswith("/repos/{owner}")]
    return [(re.compile(pattern), verbs) for pattern, verbs in known]


def check(asked: Asked) -> None:
    """Fails unless path, method, every name in the query and the body are as GitHub describes them."""
    url = urlsplit(asked.path.removeprefix("/github"))
    found = [verbs for pattern, verbs in paths() if pattern.fullmatch(url.path)]
    assert found, f"GitHub has no {url.path}"
    assert asked.method.lower() in found[0], f"GitHub has no {asked.method} {url.path}"
    operation = found[0][asked.method.lower()]
    parts = [
        each if "name" in each else described()["components"]["parameters"][each["$ref"].split("/")[-1]]
        for each in operation["parameters"]
    ]
    assert {name for name, _ in parse_qsl(url.query)} <= {part["name"] for part in parts if part["in"] == "query"}
    if asked.body is not None:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        closed = {"additionalProperties": False, "components": described()["components"]}  # what the schema refers to
        jsonschema.validate(asked.body, schema | closed)
