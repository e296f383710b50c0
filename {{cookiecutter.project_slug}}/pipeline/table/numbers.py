"""Columns of numbers as people write them: with separators, currency, %, parentheses or a sign behind."""

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.table.cells import AROUND, MARKS, MONEY, NEGATIVE, USUAL, pattern


def usual(texts: pa.Array) -> pa.Array:
    """The texts with plain spaces, signs and apostrophes."""
    for unusual, plain in USUAL.items():
        texts = pc.replace_substring_regex(texts, unusual, plain)
    return texts


def numbers(texts: pa.Array, layout: str) -> pa.Array:
    """The numbers in texts of a format; null where a text does not have it."""
    plain = usual(texts.cast(pa.string()))
    plain = pc.if_else(pc.match_substring_regex(plain, pattern(layout)), plain, None)
    negative = pc.match_substring_regex(plain, NEGATIVE)
    digits = pc.replace_substring_regex(plain, MONEY, "")
    digits = pc.replace_substring_regex(digits, AROUND, "")
    digits = pc.replace_substring(digits, "," if MARKS[layout] == "." else ".", "")
    digits = pc.replace_substring(digits, ",", ".")
    values = digits.cast(pa.float64())
    return pc.if_else(negative, pc.negate(values), values)
