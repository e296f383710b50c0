"""Columns of numbers, plain or as people write them, and texts that are nearly numbers."""

import math
import re
from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.schema import FORMATS, Column
from pipeline.describe.doubts import DOUBT
from pipeline.table.cells import MARKS, pattern
from pipeline.table.numbers import numbers, usual

FIRST = 100  # values that show whether a slow look at all of them is worth while
LOOKS, UNITS = 0.9, 3  # the share of a text column that looks like numbers, and how many units they may have
WITH_UNIT = re.compile(rf"(?:{pattern(FORMATS[0])[1:-1]}|{pattern(FORMATS[1])[1:-1]})\s*([^\d\s]\D{{0,15}})?")


def plain(distinct: pa.Array) -> pa.Array | None:
    """The values as floats, or None if one is not a number."""
    if pa.types.is_boolean(distinct.type) or pa.types.is_temporal(distinct.type):
        return None
    # Integers beyond 2**53 lose their last digits as floats, which makes no difference to a model
    whole = pa.types.is_integer(distinct.type)
    found = distinct.cast(pa.float64(), safe=False) if whole else cast(distinct, pa.float64())
    return found if found is not None and pc.all(pc.is_finite(found)).as_py() else None  # beyond the largest float


def cast(values: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """The values as another type, or None if one does not fit."""
    try:
        return values.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def number(distinct: pa.Array, found: pa.Array, missing: bool, whole: bool | None = None) -> Column:
    """A column of the numbers `found`; `whole`: are they integers, if the values themselves do not say so."""
    limits = pc.min_max(found).as_py()
    edges: list[float | int] = with_room(limits["min"], limits["max"])
    if not (cast(distinct, pa.int64()) is not None if whole is None else whole):
        return Column(type="number", role="feature", missing=missing, range=edges)
    return Column(type="integer", role="feature", missing=missing, range=[int(edge) for edge in edges])


def with_room(low: float, high: float) -> list[float | int]:
    """A range three times as wide as seen, rounded to the precision of the spread; it never crosses zero by itself."""
    spread = high - low
    if spread == 0 or max(-(low - spread), high + spread) > 1e308:  # near the largest float
        return [low, high]
    digits = 5 - math.floor(math.log10(spread))
    below, above = round(low - spread, digits), round(high + spread, digits)
    return [min(low, 0.0 if low >= 0 > below else below), max(high, 0.0 if high <= 0 < above else above)]


def written(distinct: pa.Array, missing: bool, decimal: str) -> Column | None:
    """A column of numbers with separators, currency, % or parentheses; `decimal`: the likely mark."""
    if not pa.types.is_string(distinct.type):
        return None
    fitting = [layout for layout in FORMATS if _fits(distinct.slice(0, FIRST), layout) and _fits(distinct, layout)]
    if not fitting:
        return None
    layout, doubt = _chosen(distinct, fitting, decimal)
    found = numbers(distinct, layout)
    if not pc.all(pc.is_finite(found)).as_py():
        return None
    whole = not pc.any(pc.match_substring(usual(distinct), MARKS[layout])).as_py()
    whole &= pc.all(pc.equal(pc.floor(found), found)).as_py() and pc.max(pc.abs(found)).as_py() < 2**53
    return number(distinct, found, missing, whole).model_copy(update={"format": layout, "note": doubt})


def _fits(texts: pa.Array, layout: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(usual(texts), pattern(layout))).as_py())


def _chosen(distinct: pa.Array, fitting: list[str], decimal: str) -> tuple[str, str | None]:
    """The format, and a doubt where both are possible: then a mark before three digits divides thousands."""
    marked = pc.filter(distinct, pc.match_substring_regex(distinct, r"\d[.,]\d"))
    if len(fitting) == 1 or len(marked) == 0:
        return fitting[0], None
    example = str(marked[0].as_py())
    by_comma = "," in example
    if decimal == "," and by_comma:  # as in files that use ; between columns
        return FORMATS[1], None
    other, layout = FORMATS if by_comma == ("%" in example) else FORMATS[::-1]
    value = numbers(pa.array([example]), layout)[0].as_py()
    return layout, f"{DOUBT}{example!r} is read as {value:g} -> else set format: {other}"


def nearly(texts: pa.Array) -> str | None:
    """A doubt about a text column that looks like numbers with a unit, or with a few words among them."""
    seen = [str(value) for value in texts.slice(0, 10_000).to_pylist()] if pa.types.is_string(texts.type) else []
    if not any(map(WITH_UNIT.fullmatch, seen[:3])):
        return None
    matches = [WITH_UNIT.fullmatch(value) for value in seen]
    units = Counter(match[1].strip() for match in matches if match and match[1])
    words = [value for value, match in zip(seen, matches) if not match]
    if len(words) > (1 - LOOKS) * len(seen) or len(units) > UNITS or not (units or words):
        return None
    what = f"{next(iter(units))!r}" if units else f"words such as {words[0]!r}"
    advice = "take the unit out of the cells" if units else "leave such cells empty"
    return f"{DOUBT}looks like numbers with {what} -> {advice} and describe it again, if it is to count as a number"
