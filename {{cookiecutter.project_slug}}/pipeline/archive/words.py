"""What a word is: in free text of the contract, and for the model that learns from it."""

import re

# Scripts without spaces between words (Thai to Khmer, Japanese, Chinese), whose characters count as words
UNSPACED = r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
WORD = rf"{UNSPACED}|(?:(?!{UNSPACED})\w)+"
SPACED = re.compile(rf"{UNSPACED}|(?:(?!{UNSPACED})\S)+")


def spoken(text: str) -> list[str]:
    """The words between spaces that have letters and no digits, with which codes, addresses and dates are not text."""
    words = (word.strip(".,;:!?()[]\"'").lower() for word in SPACED.findall(text))
    return [word for word in words if word.replace("-", "").replace("'", "").isalpha()]
