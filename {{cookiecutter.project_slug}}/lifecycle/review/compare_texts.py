"""Compares two versions of a text: numbers may be rounded differently, and hashes may stand for renamed files."""

import math
import re

TOKEN = re.compile(r"(\b[0-9a-f]{32}\b|(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w|\.\d))")  # a hash or a number


def different_lines(old: str, new: str, tolerance: float, renamed: dict[str, str]) -> list[str]:
    """Lines that differ, or whose decimal numbers differ by more than the relative tolerance.

    `renamed`: old hash -> new hash of the same file.
    """
    before, after = old.splitlines(), new.splitlines()
    if len(before) != len(after):
        return [f"recorded {len(before)} lines, now {len(after)}"]
    return [
        f"line {number}: recorded {b!r}, now {a!r}"
        for number, (b, a) in enumerate(zip(before, after), 1)
        if not _same_line(_tokens(b), _tokens(a), tolerance, renamed)
    ]


def _tokens(line: str) -> list[str]:  # a table's columns are as wide as their widest cell
    return TOKEN.split(re.sub(r"--+", "-", " ".join(line.split())))


def _same_line(old: list[str], new: list[str], tolerance: float, renamed: dict[str, str]) -> bool:
    return len(old) == len(new) and all(_same(b, a, tolerance, renamed) for b, a in zip(old, new))


def _same(old: str, new: str, tolerance: float, renamed: dict[str, str]) -> bool:
    numbers = TOKEN.fullmatch(old) and TOKEN.fullmatch(new) and len(old) < 32 > len(new)
    if numbers and ("." in old or "." in new):
        return math.isclose(float(old), float(new), rel_tol=tolerance)
    return renamed.get(old, old) == new
