"""Strategies for broken files: any value of a valid file becomes another one, or its bytes are damaged."""

import copy
import json
from collections.abc import Callable
from typing import Any

import yaml
from hypothesis import strategies as st

DEEP: Any = 0
for _ in range(60):
    DEEP = [DEEP]
NUMBERS: list[Any] = [0, 1, -1, 7, 0.5, 2**63, 10**30, 10**400, 1e308, -1e308, float("nan"), float("inf")]
TEXTS = ["", "x", "a\nb", "\0", "\x1b[2J", "é" * 50, "2024-01-01", "%Y%Y", "%Q", "nan", "0" * 32, "../../x", "/"]
SCALARS = [None, True, False, *NUMBERS, *TEXTS, "1" * 5000, "y" * 100_000]
JUNK = st.sampled_from([*SCALARS, [], {}, [[]], [None], {"": None}, {"x": {"x": []}}, [1, "x"], DEEP]) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SIGNS = [bytes([byte]) for byte in b"\0\xff\n\r\t\"',;|{}[]:#"]
TAGS = [b"&a ", b"*a", b"&a [*a, *a]", b"<<: ", b"!!binary ", b"!!set ", b"? ", b"- ", b"NaN", b"1e999", b"\\ud800"]
LONG = [b"\xed\xa0\x80", b"\xef\xbb\xbf", b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b"- " * 3000, b"x" * 200_000]
PIECES = st.sampled_from([*SIGNS, *TAGS, *LONG]) | st.binary(max_size=6)


@st.composite
def structure(draw: st.DrawFn, valid: Any, dump: Callable[[Any], bytes]) -> bytes:
    """One to three values of a document replaced, dropped, doubled, nested or renamed."""
    holder = [copy.deepcopy(valid)]
    for _ in range(draw(st.integers(1, 3))):
        parent: Any = holder
        key: Any = 0
        while isinstance(parent[key], dict | list) and parent[key] and draw(st.integers(0, 5)):
            parent, key = parent[key], draw(st.sampled_from(sorted(keys(parent[key]), key=str)))
        change = draw(st.sampled_from(["replace", "replace", "replace", "drop", "double", "nest", "rename"]))
        value = parent[key]
        if change == "drop" and parent is not holder:
            del parent[key]
        elif change == "double" and isinstance(value, list):
            parent[key] = value * 2
        elif change == "nest":
            parent[key] = draw(st.sampled_from([[value], {"x": value}, {"path": value}]))
        elif change == "rename" and isinstance(parent, dict):
            parent[draw(st.sampled_from(["", "x", "a\nb", "k" * 5000, "actual", "é"]))] = parent.pop(key)
        else:
            parent[key] = copy.deepcopy(draw(JUNK))
    return dump(holder[0])


def keys(node: Any) -> list[Any]:
    """The places in a list or mapping."""
    return [*node] if isinstance(node, dict) else [*range(min(len(node), 50))]


@st.composite
def damaged(draw: st.DrawFn, valid: bytes) -> bytes:
    """One to four bytes flipped, pieces cut, inserted or repeated."""
    content = valid
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        end = min(len(content), place + draw(st.integers(0, 40) | st.integers(0, len(content) or 1)))
        match draw(st.sampled_from(["flip", "cut", "insert", "insert", "end", "repeat"])):
            case "flip":
                flipped = bytes(byte ^ draw(st.integers(1, 255)) for byte in content[place : place + 1])
                content = content[:place] + flipped + content[place + 1 :]
            case "cut":
                content = content[:place] + content[end:]
            case "insert":
                content = content[:place] + draw(PIECES) + content[place:]
            case "repeat":
                content = content[:end] + content[place:end] * draw(st.integers(1, 3)) + content[end:]
            case "end":
                content = content[:place]
    return content


def as_json(content: Any) -> bytes:
    """JSON as Python writes it, NaN included."""
    return json.dumps(content).encode()


def as_yaml(content: Any) -> bytes:
    """YAML as PyYAML writes it; integers of any length."""
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")
