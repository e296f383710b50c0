"""Free text as numbers: what a ridge regression on the weighted words of a text (TF-IDF) says about the target.

The regression sees up to WORDS words and pairs of words that two texts have. In training, each text gets its number
from a regression that has not seen it, as in stacking; so the model learns how far the number can be trusted.
"""

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import Ridge
from sklearn.preprocessing import normalize

from pipeline.archive.words import WORD

WORDS = 50_000
FOLDS = 5


class FreeText(TransformerMixin, BaseEstimator):
    """One number per class (of two classes: the second) or for the target; NaN for a text without known words.

    Words are known by a hash (of 2**20), so that the model holds numbers alone, and no word of the training rows.
    """

    def fit(self, X: pd.DataFrame, y: pd.Series) -> "FreeText":
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: pd.Series) -> np.ndarray:
        codes, counts = _counts(X)
        frequency = np.bincount(counts.indices, minlength=counts.shape[1])
        found = np.flatnonzero(frequency > 1)
        self.words_ = np.sort(found[np.argsort(-frequency[found], kind="stable")[:WORDS]])
        self.rarity_ = np.log((1 + counts.shape[0]) / (1 + frequency[self.words_])) + 1
        words, goals, folds = self._weighted(counts)[codes], _goals(y), codes % FOLDS  # equal texts in one fold
        texts = np.diff(words.indptr) > 0
        scores = np.full(goals.shape, np.nan)
        for fold in range(FOLDS):
            seen, asked = texts & (folds != fold), texts & (folds == fold)
            slope, constant = _ridge(words[seen], goals[seen])
            scores[asked] = words[asked] @ slope + constant
        self.slope_, self.constant_ = _ridge(words[texts], goals[texts])
        return scores if texts.any() else np.zeros(goals.shape)  # trees cannot bin a column without numbers

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        codes, counts = _counts(X)
        words = self._weighted(counts)
        scores = words @ self.slope_ + self.constant_
        scores[np.diff(words.indptr) == 0] = np.nan
        return scores[codes]

    def _weighted(self, counts: csr_matrix) -> csr_matrix:
        chosen = counts[:, self.words_]
        chosen.data = 1 + np.log(chosen.data)
        return normalize(csr_matrix(chosen.multiply(self.rarity_)))


def _counts(X: pd.DataFrame) -> tuple[np.ndarray, csr_matrix]:
    """The number of the text of each row, and how often each hash of a word or pair is in each text."""
    codes, texts = pd.factorize(X.iloc[:, 0].fillna(""))
    vectorizer = HashingVectorizer(alternate_sign=False, norm=None, ngram_range=(1, 2), token_pattern=WORD)
    return codes, vectorizer.transform(texts)


def _goals(y: pd.Series) -> np.ndarray:
    """The target as a table: a number, or 1 for the rows of a class."""
    if y.dtype != object:
        return y.to_numpy()[:, None]
    codes, labels = pd.factorize(y, sort=True)
    return np.eye(len(labels))[codes][:, 1 if len(labels) == 2 else 0 :]


def _ridge(words: csr_matrix, goals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and constants, a column per goal; without rows or words the means of the goals."""
    mean = goals.mean(axis=0) if len(goals) else np.zeros(goals.shape[1])
    if not (words.shape[0] and words.shape[1]):
        return np.zeros((words.shape[1], goals.shape[1])), mean
    # So exact that another processor's sums, which differ in the last bits, make no difference that counts
    fitted = Ridge(1.0, solver="sparse_cg", tol=1e-8).fit(words, goals)
    return fitted.coef_.reshape(goals.shape[1], -1).T.copy(), np.atleast_1d(fitted.intercept_)
