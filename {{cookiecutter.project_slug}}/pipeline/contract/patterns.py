"""Runs of similar columns as one entry of the contract: `pixel{0..783}` stands for pixel0, pixel1, ... pixel783.

A first number with zeros in front keeps them: `f{001..120}`. A column that is named separately is described by its own
entry. A column whose name looks like a pattern is written with one brace more on each side: `x{{1..2}}`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

from pipeline.run.errors import InputError, one_line

SHORTEST, MOST = 10, 100_000  # columns of a run that is written as a pattern, and of a contract
PATTERN = re.compile(r"([^{}]*)\{([0-9]+)\.\.([0-9]+)\}([^{}]*)")
ESCAPED = re.compile(r"([^{}]*\{)(\{+[0-9]+\.\.[0-9]+\}+)(\}[^{}]*)")
NUMBERED = re.compile(r"((?:[^{}]*[^{}0-9])?)([0-9]{1,9})([^{}0-9]*)")  # by the last number in the name
Entry = TypeVar("Entry")


def expand(entries: dict[str, Entry], where: str) -> dict[str, Entry]:
    """The entry of each column, a run in the order of its numbers; raises InputError for patterns that are no run."""
    single = {_column(key): entry for key, entry in entries.items() if not PATTERN.fullmatch(key)}
    inside: dict[str, str] = {}  # column -> its pattern
    for key in entries:
        for name in _names(key, MOST - len(inside), where):
            if inside.setdefault(name, key) != key:
                raise InputError(f"{where}: {key} and {inside[name]} both describe {name}: change one of the numbers.")
    columns: dict[str, Entry] = {}
    for key, entry in entries.items():
        if PATTERN.fullmatch(key):
            columns |= {name: single.get(name, entry) for name in _names(key, MOST, where)}
        elif (name := _column(key)) not in inside:
            columns[name] = entry
    return columns


def compress(columns: dict[str, Entry]) -> dict[str, Entry]:
    """The fewest entries that `expand` turns into the same columns, a run of fewer than SHORTEST written in full."""
    entries: dict[str, Entry] = {}
    for names in runs(columns):
        shorter = min(_most_common(names, columns), _parts(names, columns), key=len)
        entries |= shorter if len(names) >= SHORTEST else _plain(names, columns)
    return entries


def runs(names: Iterable[str]) -> Iterator[list[str]]:
    """The names in their order, divided into runs that count up by one; most are runs of one name."""
    run: list[str] = []
    following, width = None, 0
    for name in names:
        match = NUMBERED.fullmatch(name)
        if run and (name != following or match is None):
            yield run
            run = []
        width = width if run or match is None else len(match[2])
        run.append(name)
        following = match and f"{match[1]}{int(match[2]) + 1:0{width}}{match[3]}"
    if run:
        yield run


def pattern(run: list[str]) -> str:
    """The pattern of a run."""
    first, last = (NUMBERED.fullmatch(name) for name in (run[0], run[-1]))
    return f"{first[1]}{{{first[2]}..{last[2]}}}{first[3]}" if first and last else run[0]


def _most_common(names: list[str], columns: dict[str, Entry]) -> dict[str, Entry]:
    """One pattern for the whole run, and before it the columns that differ from most."""
    texts = {name: repr(columns[name]) for name in names}
    common, count = Counter(texts.values()).most_common(1)[0]
    if count < SHORTEST:
        return _plain(names, columns)
    typical = next(name for name in names if texts[name] == common)
    others = [name for name in names if texts[name] != common]
    return _plain(others, columns) | {pattern(names): columns[typical]}


def _parts(names: list[str], columns: dict[str, Entry]) -> dict[str, Entry]:
    """A pattern for each part of the run whose columns are equal."""
    entries: dict[str, Entry] = {}
    start = 0
    for end in range(1, len(names) + 1):
        if end == len(names) or columns[names[end]] != columns[names[start]]:
            part, start = names[start:end], end
            entries |= {pattern(part): columns[part[0]]} if len(part) >= SHORTEST else _plain(part, columns)
    return entries


def _plain(names: list[str], columns: dict[str, Entry]) -> dict[str, Entry]:
    return {_key(name): columns[name] for name in names}


def _key(name: str) -> str:
    """How a column's name is written, so that it is not read as a pattern."""
    if PATTERN.fullmatch(name) or ESCAPED.fullmatch(name):
        return re.sub(r"(\{.*\})", r"{\1}", name, flags=re.DOTALL)
    return name


def _column(key: str) -> str:
    """The name of the column that a key without a pattern stands for."""
    match = ESCAPED.fullmatch(key)
    return f"{match[1][:-1]}{match[2]}{match[3][1:]}" if match else key


def _names(key: str, room: int, where: str) -> Iterator[str]:
    """The columns that a pattern stands for, none for another key; raises InputError for more than `room`."""
    match = PATTERN.fullmatch(key)
    if match is None:
        return
    prefix, first, last, suffix = match.groups()
    if max(len(first), len(last)) > 9 or int(last) - int(first) >= room:
        raise InputError(f"{where}: with {one_line(key)} it has more than {MOST:,} columns: correct its last number.")
    if int(last) < int(first):
        raise InputError(f"{where}: {one_line(key)} must have its smaller number first.")
    for number in range(int(first), int(last) + 1):
        yield f"{prefix}{number:0{len(first)}}{suffix}"
