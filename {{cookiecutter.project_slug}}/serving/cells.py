"""Reads one value of a JSON row as the type of its column, by the same rules as pipeline/table reads a cell."""

import re
from datetime import UTC, datetime, timedelta
from datetime import date as date_of
from datetime import time as time_of
from decimal import Decimal
from math import isfinite

from pipeline.table.cells import (
    AROUND,
    EMPTY,
    EPOCH,
    INFINITE,
    MARKS,
    MICROSECONDS,
    MONEY,
    NEGATIVE,
    SINCE,
    TRUTH,
    USUAL,
)
from pipeline.table.cells import pattern as pattern_of

Cell = str | float | bool | datetime | None
MISSING = frozenset(EMPTY + INFINITE)
PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
LONG = 10  # digits of a whole part that Arrow writes out
DATE = r"(\d{4})(?:(\d\d)(\d\d)|([-/. \\])(\d\d?)(?:\4(\d\d?))?)?"
TIME = r"(?:[T ](?:(\d\d)(\d\d)?(\d\d)?|(\d\d?):(\d\d?)(?::(\d\d?))?)(?:[.](\d{0,18}))? ?(Z|[+-]\d\d?(?::?\d\d)?)?)?"
ISO = re.compile(DATE + TIME, re.ASCII)  # what pandas calls ISO8601, which is more
MOST = 2.6e17  # microseconds, beyond the year 9999


def given(value: object) -> object:
    """The value without spaces around it; None for a text or number that means missing."""
    if isinstance(value, str):
        value = value.strip()
        return None if value in MISSING else value
    return None if isinstance(value, float) and not isfinite(value) else value


def text(value: object) -> str:
    """The value as text; a whole number without `.0`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, float):
        return str(value)
    if value.is_integer() and abs(value) < 2**63:
        return str(int(value))
    exact = Decimal(repr(value)).normalize()
    return f"{exact:f}" if -7 < exact.adjusted() < LONG else f"{exact:e}"


def number(value: object, layout: str | None) -> float:
    """A number; raises ValueError."""
    if isinstance(value, str):
        value = _written(value, layout) if layout else _matched(value)
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        raise ValueError("too large") from None


def _matched(value: str) -> str:
    if len(value) > 400 or not PLAIN.fullmatch(value):
        raise ValueError("no number")
    return value


def _written(value: str, layout: str) -> str:
    """A number with separators as Python writes it."""
    for unusual, plain in USUAL.items():
        value = re.sub(unusual, plain, value)
    if len(value) > 400 or not re.fullmatch(pattern_of(layout), value, re.ASCII):
        raise ValueError("no number of this format")
    sign = "-" if re.search(NEGATIVE, value, re.ASCII) else ""
    digits = re.sub(AROUND, "", re.sub(MONEY, "", value), flags=re.ASCII)
    digits = digits.replace("," if MARKS[layout] == "." else ".", "")
    return sign + digits.replace(",", ".")


def truth(value: object) -> bool:
    """True or false; raises KeyError."""
    return TRUTH[text(value).lower()] == 1.0


def moment(value: object, layout: str | None) -> datetime:
    """A date or time without a time zone (UTC if there was one); raises ValueError."""
    try:
        if layout and layout.startswith(EPOCH):
            return _counted(number(text(value), None), MICROSECONDS[layout.removeprefix(EPOCH)])
        written = text(value)
        if not layout:
            return _iso(written)
        if "%f" in layout:  # of which Python reads six digits
            written = re.sub(r"(\.\d{6})\d{1,3}", r"\1", written)
        return _utc(datetime.strptime(written, layout))
    except OverflowError:
        raise ValueError("beyond the years 1 to 9999") from None


def _counted(count: float, unit: float) -> datetime:
    microseconds = round(count * unit)
    if not abs(microseconds) < MOST:
        raise ValueError("beyond the years 1 to 9999")
    return SINCE + timedelta(microseconds=microseconds)


def _iso(written: str) -> datetime:
    match = ISO.fullmatch(written)
    if match is None:
        raise ValueError("no ISO date")
    year, *short, _, month, day, hours, minutes, seconds, hour, minute, second, part, zone = match.groups()
    days, hours, seconds = short[1] or day, hours or hour, seconds or second
    if (part is not None and not seconds) or (hours and not days):
        raise ValueError("no ISO date")
    date, time = date_of(int(year), int(short[0] or month or 1), int(days or 1)), (hours, minutes or minute, seconds)
    h, m, s = (int(digits or 0) for digits in time)
    found = datetime.combine(date, time_of(h, m, s, int((part or "0")[:6].ljust(6, "0"))))
    if zone in (None, "Z"):
        return found
    whole, _, rest = zone[1:].partition(":") if ":" in zone else (zone[1:3], "", zone[3:])
    shift = timedelta(hours=int(whole), minutes=int(rest or 0))
    if int(whole) > 23 or int(rest or 0) > 59:
        raise ValueError("no time zone")
    return found - shift if zone[0] == "+" else found + shift


def _utc(found: datetime) -> datetime:
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
