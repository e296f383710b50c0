"""The numbers of a free text, as the fitted FreeText of pipeline/free_text.py gives them."""

import re
from collections import Counter
from itertools import pairwise

import mmh3
import numpy as np

from pipeline.contract.words import WORD

TOKEN = re.compile(WORD)
HASHES = 2**20  # as scikit-learn's HashingVectorizer
PARTS = {"words": 1, "rarity": 1, "slope": 2, "constant": 1}  # the arrays and their dimensions


class Scores:
    """The weighted words and their slopes."""

    def __init__(self, words: np.ndarray, rarity: np.ndarray, slope: np.ndarray, constant: np.ndarray) -> None:
        if not (len(words) == len(rarity) == len(slope) and slope.shape[1] == len(constant)):
            raise ValueError("the words and slopes of a free text do not fit each other")
        self.places = dict(zip(words.tolist(), range(len(words))))
        self.rarity, self.slope, self.constant = rarity, slope, constant

    def score(self, text: str | None) -> np.ndarray:
        """One number per class, or for the target; NaN for a text without known words."""
        tokens = TOKEN.findall((text or "").lower())
        pairs = [f"{first} {second}" for first, second in pairwise(tokens)]
        hashes = Counter(abs(mmh3.hash(token.encode())) % HASHES for token in tokens + pairs)
        found = {self.places[code]: count for code, count in hashes.items() if code in self.places}
        if not found:
            return np.full(len(self.constant), np.nan)
        places = np.array([*found])
        weights = (1 + np.log([*found.values()])) * self.rarity[places]
        scores: np.ndarray = weights @ self.slope[places] / np.sqrt(weights @ weights) + self.constant
        return scores
