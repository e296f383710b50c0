"""Tells free text, whose words count, from names, codes and ids, whose values count as a whole."""

from collections import Counter

import pandas as pd

from pipeline.archive.words import spoken

SAMPLE = 2000  # distinct values that are enough to tell
WORDS = 3  # per value on average, from which a value that repeats is free text
WORDS_ALONE = 2  # the same for values that hardly repeat, which say nothing as a whole


def is_free_text(distinct: pd.Series, rows: int) -> bool:
    """Whether most values have several words, of which some are in other values too, but not in all of them.

    `distinct`: the different values of a column in `rows` rows.
    """
    texts = [spoken(value) for value in distinct.iloc[:: max(1, len(distinct) // SAMPLE)]]
    least = WORDS_ALONE if len(distinct) > rows / 2 else WORDS
    if sum(map(len, texts)) < least * len(texts):
        return False
    values_with = Counter(word for words in texts for word in set(words))
    telling = {word for word, count in values_with.items() if 2 <= count <= len(texts) / 2}
    return sum(not telling.isdisjoint(words) for words in texts) > len(texts) / 2
