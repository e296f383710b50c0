"""Numbers as people write them: with separators, currency, %, parentheses or a sign behind.

The format of such a column says which mark divides whole and part: that of `1,234.50` or that of `1.234,50`.
"""

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.schema import FORMATS

MARKS = dict(zip(FORMATS, ".,"))
MONEY = (
    r"(?:[A-Z]{0,3}[$€£¥₹₩₽₺₪₫฿₴₦₱]|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|kr|zł)"
)
USUAL = {"[\u00a0\u2007\u2009\u202f]": " ", "[\u2212\u2010-\u2013\uff0d]": "-", "[\u2018\u2019]": "'"}
GROUPED = r"[1-9]\d{0,2}(?:%s\d{3})+"
INDIAN = r"[1-9]\d?(?:,\d{2})+,\d{3}"


def pattern(layout: str) -> str:
    """The expression that all texts of a format match, after `usual`; the same in Python and Arrow."""
    mark = MARKS[layout]
    groups = [GROUPED % between for between in (" ", "'", "," if mark == "." else "[.]")]
    whole = "|".join([r"\d+", *groups, *([INDIAN] if mark == "." else [])])
    body = rf"(?:(?:{whole})(?:[{mark}]\d*)?|[{mark}]\d+)(?:[eE][+-]?\d+)?"
    inner = rf"[+-]?\s*(?:{MONEY}\s*)?[+-]?\s*{body}\s*(?:%|{MONEY})?"
    return rf"^(?:\(\s*{inner}\s*\)|{inner}\s*-?)$"


def usual(texts: pa.Array) -> pa.Array:
    """The texts with plain spaces, signs and apostrophes."""
    for unusual, plain in USUAL.items():
        texts = pc.replace_substring_regex(texts, unusual, plain)
    return texts


def numbers(texts: pa.Array, layout: str) -> pa.Array:
    """The numbers in texts of a format; null where a text does not have it."""
    plain = usual(texts.cast(pa.string()))
    plain = pc.if_else(pc.match_substring_regex(plain, pattern(layout)), plain, None)
    negative = pc.match_substring_regex(plain, r"^[^\d.,]*[(-]|-$")
    digits = pc.replace_substring_regex(plain, MONEY, "")
    digits = pc.replace_substring_regex(digits, r"^[^\d.,]+|[^\d.,]+$|[ '%]", "")
    digits = pc.replace_substring(digits, "," if MARKS[layout] == "." else ".", "")
    digits = pc.replace_substring(digits, ",", ".")
    values = digits.cast(pa.float64())
    return pc.if_else(negative, pc.negate(values), values)
