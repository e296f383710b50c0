"""Keeps the comments of a contract when it is written again: above a column or entry, or at the end of its line."""

import re
from collections.abc import Iterator

import yaml

from pipeline.describe.draft import HEADER

COLUMN, ENTRY = re.compile(r"  (\S.*?):(?= |$)"), re.compile(r"(?:    )?([A-Za-z_]+):(?= |$)")
Place = tuple[str, str]  # a column, and an entry of it, either of them empty


def kept(old: str, new: str) -> str:
    """The new text with the comments of the old one; those of columns that are gone go."""
    above: dict[Place, list[str]] = {}
    beside: dict[Place, str] = {}
    waiting: list[str] = []
    for line, place in _places(old.removeprefix(HEADER)):
        if line.lstrip().startswith("#"):
            waiting.append(line.strip())
        elif place:
            above[place], waiting = waiting, []
            if comment := _comment(line):
                beside[place] = f" {comment}"
    lines = []
    for line, place in _places(new.removeprefix(HEADER)):
        indent = line[: len(line) - len(line.lstrip())]
        lines += [indent + comment for comment in above.get(place, ())] if place else []
        lines.append(line + beside.get(place, "") if place else line)
    return "\n".join([HEADER.rstrip("\n"), *lines, *waiting]) + "\n"


def _places(text: str) -> Iterator[tuple[str, Place | None]]:
    """Each line, and which column or entry begins in it, if one does."""
    column = ""
    for line in text.splitlines():
        if match := COLUMN.match(line):
            column = match[1].strip("'\"")
            yield line, (column, "")
        elif match := ENTRY.match(line):
            yield line, (column if line.startswith(" ") else "", match[1])
        else:
            yield line, None


def _comment(line: str) -> str:
    """The comment at the end of a line: from the first # that may be left out with all that follows."""
    for match in re.finditer(r"\s#", line):
        try:
            if yaml.safe_load(line[: match.start()]) == yaml.safe_load(line):
                return line[match.start() :].strip()
        except yaml.YAMLError:
            continue
    return ""
