"""Columns that count within the calendar: all months and hours are allowed, not those seen alone."""

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.schema import Column
from pipeline.describe.names import listed
from pipeline.table.types import text

SIZES = {"month": 12, "mnth": 12, "mth": 12, "weekday": 7, "wday": 7, "dayofweek": 7, "dow": 7, "hour": 24, "hr": 24,
         "minute": 60, "second": 60, "day": 31, "dayofyear": 366, "yday": 366, "doy": 366, "week": 53, "quarter": 4,
         "qtr": 4}  # fmt: skip
FROM_ZERO = {24, 60}  # sizes of what is counted from 0 unless its last number is seen
# Words of names that count something else
OTHER = {"count", "per", "since", "total", "num", "n", "number", "elapsed", "duration", "to", "until", "rate", "sum",
         "avg", "mean", "last", "next", "past", "previous", "in"}  # fmt: skip
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December"]  # fmt: skip
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
SHORT = {"sept": 8, "tues": 1, "thur": 3, "thurs": 3}  # beside the first three letters, and two of a weekday


def natural(name: str, found: pa.Array, missing: bool) -> Column | None:
    """A column of integers whose name says what they count, with the range of that, if all fit."""
    size = _size(listed(name))
    limits = pc.min_max(found).as_py()
    low, high = limits["min"], limits["max"]
    if not size or low < 0 or not pc.all(pc.equal(pc.floor(found), found)).as_py():
        return None
    first = 0 if low == 0 or (size in FROM_ZERO and high < size) else 1
    last = first + size - 1
    last += size == 53 and first == 0  # weeks before the first Monday
    if high > last:
        return None
    return Column(type="integer", role="feature", missing=missing, range=[first, last])


def _size(words: list[str]) -> int | None:
    """How many there are of what a name such as `month`, `dep_hour`, `day_of_week` or `month_of_birth` says."""
    if not words or {*words} & OTHER:
        return None
    if "of" in words[1:]:
        place = words.index("of")
        whole = words[place - 1] + "of" + "".join(words[place + 1 :])
        return SIZES.get(whole) or SIZES.get(words[place - 1])
    return SIZES.get(words[-1])


def named(distinct: pa.Array, missing: bool) -> Column | None:
    """A column of the English names of months or weekdays, with all twelve or seven of them as values."""
    if len(distinct) > len(MONTHS):
        return None
    seen = text(distinct).tolist()
    for names, letters in ((MONTHS, (3,)), (WEEKDAYS, (3, 2))):
        places = [_place(value, names, letters) for value in seen]
        if None not in places and len({*places}) == len(places):
            values = _all(dict(zip(places, seen)), names)
            return Column(type="category", role="feature", missing=missing, values=values)
    return None


def _place(value: str, names: list[str], letters: tuple[int, ...]) -> int | None:
    low = value.lower().rstrip(".")
    short = SHORT.get(low)
    if short is not None and short < len(names) and names[short].lower().startswith(low):
        return short
    known = {name.lower()[: cut or None]: place for cut in (0, *letters) for place, name in enumerate(names)}
    return known.get(low)


def _all(seen: dict[int | None, str], names: list[str]) -> list[str]:
    """All names in order: as seen, or written like those."""
    example = next(iter(seen.values()))
    bare = [value.rstrip(".") for value in seen.values()]
    cut = None if max(map(len, bare)) > 5 else min(max(map(len, bare)), 3)
    case = str.upper if example.isupper() else str.lower if example.islower() else str
    dot = "." if example.endswith(".") else ""
    return [seen.get(place, case(name[:cut]) + dot) for place, name in enumerate(names)]
