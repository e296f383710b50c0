"""Are two versions of a text the same, but for how figures were rounded and files renamed?"""

import math
import re

FIGURE = re.compile(r"(\b[0-9a-f]{32}\b|(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?!\w|\.\d))")  # or a hash


def texts(old: str, new: str, tolerance: float, renamed: dict[str, str]) -> list[str]:
    """The lines that differ, side by side, by more than a share of a figure with a point, or a 1 beside it.

    `renamed`: old hashes of files whose new hash stands for the same.
    """

    def words(line: str) -> list[str]:  # a column of a table is as wide as its widest cell
        return FIGURE.split(re.sub(r"--+", "-", " ".join(line.split())))

    def same(before: str, after: str) -> bool:
        figures = FIGURE.fullmatch(before) and FIGURE.fullmatch(after) and len(before) < 32 > len(after)
        if figures and ("." in before or "." in after):
            return math.isclose(float(before), float(after), rel_tol=tolerance)
        return renamed.get(before, before) == after

    before, after = old.splitlines(), new.splitlines()
    if len(before) != len(after):
        return [f"recorded {len(before)} lines, now {len(after)}"]
    rows = [
        (f"line {i}: recorded {b!r}, now {a!r}", words(b), words(a)) for i, (b, a) in enumerate(zip(before, after), 1)
    ]
    return [line for line, b, a in rows if len(b) != len(a) or not all(map(same, b, a))]
