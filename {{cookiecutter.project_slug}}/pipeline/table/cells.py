"""How people and programs write values: what means missing, truth, counts since 1970, and numbers with separators.

The format of a column of numbers says which mark divides whole and part: that of `1,234.50` or that of `1.234,50`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.contract.schema import FORMATS, Contract

EMPTY = ["", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "-nan", "null", "NULL", "None", "#N/A", "<NA>", "NaT", "?"]
INFINITE = ["inf", "-inf", "+inf", "Inf", "-Inf", "Infinity", "-Infinity"]
TRUTH = {"true": 1.0, "false": 0.0}
SINCE = datetime(1970, 1, 1)
EPOCH = "epoch "  # the start of a format that counts s, ms, us or ns since 1970
MICROSECONDS = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
MARKS = dict(zip(FORMATS, ".,"))
MONEY = (
    r"(?:[A-Z]{0,3}[$€£¥₹₩₽₺₪₫฿₴₦₱]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|kr|zł)"
)
USUAL = {"[\u00a0\u2007\u2009\u202f]": " ", "[\u2212\u2010-\u2013\uff0d]": "-", "[\u2018\u2019]": "'"}
NEGATIVE = r"^[^\d.,]*[(-]|-$"
AROUND = r"^[^\d.,]+|[^\d.,]+$|[ '%]"
GROUPED = r"[1-9]\d{0,2}(?:%s\d{3})+"
INDIAN = r"[1-9]\d?(?:,\d{2})+,\d{3}"


def pattern(layout: str) -> str:
    """The expression that all texts of a format match once USUAL is replaced; the same in Python and Arrow."""
    mark = MARKS[layout]
    groups = [GROUPED % between for between in (" ", "'", "," if mark == "." else "[.]")]
    whole = "|".join([r"\d+", *groups, *([INDIAN] if mark == "." else [])])
    body = rf"(?:(?:{whole})(?:[{mark}]\d*)?|[{mark}]\d+)(?:[eE][+-]?\d+)?"
    inner = rf"[+-]?\s*(?:{MONEY}\s*)?[+-]?\s*{body}\s*(?:%|{MONEY})?"
    return rf"^(?:\(\s*{inner}\s*\)|{inner}\s*-?)$"


def date_text(moment: datetime, layout: str | None) -> str:
    """A date or time (UTC, without a time zone) as the cells of a column with this format write it."""
    if not layout:
        return moment.isoformat()
    if layout.startswith(EPOCH):
        unit = MICROSECONDS[layout.removeprefix(EPOCH)]
        return str(round((moment - SINCE) / timedelta(microseconds=1) / unit))
    return moment.replace(tzinfo=UTC).strftime(layout)


def as_written(row: dict[str, Any], contract: Contract) -> dict[str, Any]:
    """A golden row, whose dates are ISO 8601 and whose booleans are numbers, as the contract's table writes it."""
    written = dict(row)
    for name, column in contract.features.items():
        value = row.get(name)
        if value is not None and column.type == "datetime":
            written[name] = date_text(datetime.fromisoformat(value), column.format)
        elif value is not None and column.type == "boolean":
            written[name] = bool(value)
    return written
