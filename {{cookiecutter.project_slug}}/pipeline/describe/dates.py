"""Columns of dates: texts of any usual layout, digits such as 20240131, and counts since 1970."""

import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.schema import Column
from pipeline.describe.doubts import DOUBT
from pipeline.describe.names import words
from pipeline.table.cells import EPOCH, MICROSECONDS
from pipeline.table.types import moments

ORDERS = ["%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d"]
POINTS = ["%d.%m.%Y", "%Y.%m.%d", "%d.%m.%y"]  # where the month is never first
NUMERIC = [*ORDERS, *POINTS, *(order.replace("/", "-") for order in ORDERS)]
NAMED = ["%d %b %Y", "%d %B %Y", "%d. %B %Y", "%d. %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d-%b-%y", "%d %b %y", "%b %d, %Y",
         "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%Y-%b-%d", "%d%b%Y", "%a, %d %b %Y", "%a %d %b %Y", "%A, %d %B %Y",
         "%A, %B %d, %Y", "%a, %b %d, %Y", "%a %b %d %Y"]  # fmt: skip
MONTHLY = ["%m/%Y", "%Y/%m", "%m-%Y", "%m.%Y", "%b %Y", "%B %Y", "%b-%Y", "%B-%Y", "%b-%y", "%b %y", "%Y %b", "%Y-%b"]
WHOLE = ["%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y"]  # as C and some services write it
WORD = {"%b": "[A-Za-z]{3}", "%B": "[A-Za-z]{3,9}", "%a": "[A-Za-z]{3}", "%A": "[A-Za-z]{6,9}", "%z": r"[+-]\d{4}"}
DIGITS = {"%Y": r"\d{4}", "%y": r"\d\d", "%d": r"\d\d?", "%m": r"\d\d?", "%H": r"\d\d", "%M": r"\d\d", "%S": r"\d\d"}
TIME = re.compile(
    r"(?P<join>T|, | +|:)(?P<hour>\d{1,2})(?P<minute>:\d\d)(?P<second>:\d\d)?(?P<part>\.\d{1,9})?"
    r"(?P<half> ?[AaPp][Mm])?(?P<gap> ?)(?P<zone>Z|GMT|UTC|[+-]\d\d:?\d\d)?$"
)
COMPACT = {6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}  # digits -> layout
SAYS_TIME = {"time", "timestamp", "ts", "date", "datetime", "dt", "day", "epoch", "unix", "when", "at", "created",
             "updated", "modified", "start", "end", "started", "ended", "month", "period"}  # fmt: skip
EARLIEST, LATEST = 631_152_000, 2_366_841_600  # 1990 and 2045, in seconds since 1970
SURE = 5  # distinct values that all being dates is no accident


def _expression(layout: str) -> re.Pattern[str]:
    digits = DIGITS | ({"%d": r"\d\d", "%m": r"\d\d"} if re.search(r"%y[.-]|[.-]%y", layout) else {})  # not 1.2.10
    return re.compile(re.sub(r"%.|[. ]", lambda part: (digits | WORD).get(part[0], re.escape(part[0])), layout))


EXPRESSIONS = {layout: _expression(layout) for layout in (*NUMERIC, *NAMED, *MONTHLY, *WHOLE)}


def datetime(distinct: pa.Array, missing: bool) -> Column | None:
    """A column whose every value is a date of the same layout; a doubt where it has several."""
    if pa.types.is_temporal(distinct.type):
        fitting: list[str | None] = [None] if _has_layout(distinct, None) else []
    elif pa.types.is_string(distinct.type):
        fitting = [layout for layout in _layouts(distinct) if _has_layout(distinct, layout)]
    else:
        return None
    if not fitting:
        return None
    chosen, *others = fitting if None not in fitting else [None]
    doubt = f"{DOUBT}{distinct[0].as_py()!r} is read as {chosen} -> else set format: {' or '.join(map(str, others))}"
    return Column(type="datetime", role="feature", missing=missing, format=chosen, note=doubt if others else None)


def _layouts(distinct: pa.Array) -> list[str | None]:
    """The layouts that the first or the longest value may have, the likeliest first."""
    longest = distinct[pc.index(lengths := pc.utf8_length(distinct), pc.max(lengths)).as_py()]
    found: dict[str | None, None] = {}
    for value in (str(distinct[0].as_py()), str(longest.as_py())):
        if re.match(r"\d{4}", value):
            found[None] = None
        if re.search(r"\d", value) and len(value) <= 60:
            found |= dict.fromkeys(_possible(value))
    # With am and pm the month comes first
    return sorted(found, key=lambda layout: "%p" in str(layout) and not str(layout).startswith("%m"))


def _possible(value: str) -> Iterator[str]:
    time = TIME.search(value)
    date, rest = (value[: time.start()], _time_layout(time)) if time else (value, "")
    for layout, expression in EXPRESSIONS.items():
        if expression.fullmatch(date):
            yield layout + rest
        elif layout in WHOLE and expression.fullmatch(value):
            yield layout
    if time and re.fullmatch(r"\d{4}-\d\d?-\d\d?", date):  # ISO's date with another time
        yield f"%Y-%m-%d{rest}"


def _time_layout(time: re.Match[str]) -> str:
    hour = "%I" if time["half"] else "%H"
    half = "" if not time["half"] else " %p" if time["half"].startswith(" ") else "%p"
    zone = time["zone"] or ""
    zone = zone if zone in ("GMT", "UTC", "") else "%z"
    second, part = ("%S" if time["second"] else ""), (".%f" if time["part"] else "")
    return f"{time['join']}{hour}:%M{':' + second if second else ''}{part}{half}{time['gap']}{zone}"


def _has_layout(distinct: pa.Array, layout: str | None) -> bool:
    parts = (moments(part, layout) for part in (distinct.slice(0, 100), distinct))
    if layout is None or "%d" in layout or "%a" in layout:
        return all(part.notna().all() for part in parts)
    return all(part.dt.year.between(1800, 2200).all() for part in parts)  # 12/5000 is not a month


def counted(name: str, distinct: pa.Array, found: pa.Array, missing: bool) -> Column | None:
    """Numbers that are dates: their digits, or a count since 1970 in a column whose name says time."""
    limits = pc.min_max(found).as_py()
    says_time, low, high = bool(words(name) & SAYS_TIME), limits["min"], limits["max"]
    for unit, microseconds in MICROSECONDS.items():
        if says_time and low * microseconds / 1e6 >= EARLIEST and high * microseconds / 1e6 <= LATEST:
            return Column(type="datetime", role="feature", missing=missing, format=f"{EPOCH}{unit}")
    layout = COMPACT.get(len(f"{low:.0f}"))
    sure = says_time or (len(distinct) >= SURE and layout != "%Y%m")
    inside = layout and f"{low:.0f}" >= "1900" and f"{high:.0f}" < "21" and len(f"{high:.0f}") == len(f"{low:.0f}")
    if sure and inside and pc.all(pc.equal(pc.floor(found), found)).as_py() and _has_layout(distinct, layout):
        return Column(type="datetime", role="feature", missing=missing, format=layout)
    return None
