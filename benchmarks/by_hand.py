"""What an experienced person builds by hand for a real table in 15 minutes: `tables.py` compares the project with it.

Run as `python by_hand.py NAME RAW TRAIN TEST DEFAULT TUNED OUT`. TRAIN and TEST have the numbers of the raw table's
rows on each side, DEFAULT and TUNED the project's predictions. The model is chosen by cross-validation within the
training rows. Writes the comparison as JSON; its own predictions are kept beside OUT's folder.
"""

import hashlib
import json
import pickle
import sys
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from compare import ROW, WEIGHT, compare, loss
from real_tables import TABLES, Table
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

NUMBER = "row_number"  # the column that TRAIN and TEST have for this comparison
FEW = 50  # a category with more values is replaced by the mean of the target
TUNED_ON = 6_000, 40_000  # training rows at most that models are chosen on: of texts or many columns, of few columns
PARTS = ("year", "month", "day", "day_of_week", "day_of_year", "hour")
CELLS = 400_000
MANY = 2_000
WIDE = 300  # columns from which fewer models are tried


class Columns(NamedTuple):
    """The features by what they are."""

    few: list[str]
    many: list[str]
    numbers: list[str]
    text: list[str]


def read(table: Table, path: str) -> pd.DataFrame:
    """The raw table, its target as it is to be predicted."""
    kept = {table.target: str} if table.task == "classification" else None
    raw = pd.read_csv(path, sep=table.delimiter, decimal=table.decimal, encoding=table.encoding, dtype=kept)
    for name in table.money:
        text = raw[name].astype(str).str.replace(r"[$,%)]", "", regex=True).str.replace("(", "-")
        raw[name] = pd.to_numeric(text, errors="coerce")
    return raw


def features(raw: pd.DataFrame, table: Table) -> tuple[pd.DataFrame, Columns]:
    """Numbers as float64, categories and texts as text without gaps."""
    made: dict[str, pd.Series] = {}
    kinds = Columns([], [], [], list(table.text))
    for name in raw.columns.drop([table.target, *table.drop, *filter(None, [table.weight])]):
        values = raw[name]
        if name in table.dates:
            dates = pd.to_datetime(values, errors="coerce", utc=True)
            parts = {part: getattr(dates.dt, part) for part in PARTS}
            parts["days"] = (dates - dates.min()).dt.total_seconds() / 86400
            made |= {f"{name} {part}": one.astype(float) for part, one in parts.items()}
        elif name in table.ordered:
            made[name] = values.map({value: place for place, value in enumerate(table.ordered[name])}).astype(float)
        elif name in table.text:
            made[name] = values.fillna("").astype(str)
        elif name in table.categories or not pd.api.types.is_numeric_dtype(values) or values.dtype == bool:
            if name in table.categories or values.nunique() < len(values) / 2:
                made[name] = values.astype(object).where(values.notna(), "(none)").astype(str)
                (kinds.few if values.nunique() <= FEW else kinds.many).append(name)
        elif values.nunique() > 1:
            made[name] = values.astype(float)
    kinds.numbers.extend(name for name in made if name not in {*kinds.few, *kinds.many, *kinds.text})
    return pd.DataFrame(made), kinds


def for_trees(kinds: Columns) -> ColumnTransformer:
    """Codes for categories, means of the target for those with many values, 30 directions of each text."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    words = [(name, make_pipeline(tfidf(), TruncatedSVD(30, random_state=0)), name) for name in kinds.text]
    means = [("many", TargetEncoder(random_state=0), kinds.many)] if kinds.many else []
    return ColumnTransformer([("few", codes, kinds.few), *means, ("numbers", "passthrough", kinds.numbers), *words])


def for_linear(kinds: Columns) -> ColumnTransformer:
    """One column a category, scaled numbers, weighted words and pairs of words."""
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2)
    scale = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    words = [(name, tfidf(), name) for name in kinds.text]
    return ColumnTransformer([("names", one_hot, kinds.few + kinds.many), ("numbers", scale, kinds.numbers), *words])


def tfidf() -> TfidfVectorizer:
    return TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)


def models(kinds: Columns, y: pd.Series, task: str) -> dict[str, Pipeline]:
    """What is tried: boosting, a random forest and a linear model, each with a few settings."""
    classifies = task == "classification"
    boosting: Any = HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
    forest: Any = RandomForestClassifier if classifies else RandomForestRegressor
    few = list(range(len(kinds.few))) or None
    wide, classes = sum(map(len, kinds)) > WIDE, y.nunique() if classifies else 1
    settings: list[dict[str, Any]] = [
        {"learning_rate": 0.1, "max_iter": 100},
        {"learning_rate": 0.05, "max_iter": 200, "max_leaf_nodes": 8, "l2_regularization": 1},
        {"learning_rate": 0.05, "max_iter": 400, "max_leaf_nodes": 31, "min_samples_leaf": 40},
        {"learning_rate": 0.03, "max_iter": 100, "max_leaf_nodes": 4, "min_samples_leaf": 5},
    ]
    tried: dict[str, tuple[ColumnTransformer, BaseEstimator]] = {}
    for one in settings[:1] if wide or classes > 5 or kinds.text else settings:
        fitted = boosting(categorical_features=few, early_stopping=False, random_state=0, **one)
        tried[f"boosting ({', '.join(map(str, one.values()))})"] = for_trees(kinds), fitted
        if not classifies and y.min() >= 0 and y.skew() > 1:
            log = TransformedTargetRegressor(fitted, func=np.log1p, inverse_func=np.expm1)
            tried[f"boosting of the logarithm ({', '.join(map(str, one.values()))})"] = for_trees(kinds), log
    for leaf in (1, 5) if len(y) <= MANY else (3,):  # forests take longest, and rarely win on many rows
        share = "sqrt" if classifies else 0.4
        grown = forest(100, min_samples_leaf=leaf, max_features=share, random_state=0, n_jobs=-1)
        tried[f"forest ({leaf})"] = for_trees(kinds), grown
    for strength in (0.1, 1.0, 10.0, 100.0):
        linear = LogisticRegression(C=1 / strength, max_iter=500) if classifies else Ridge(strength)
        tried[f"linear ({strength:g})"] = for_linear(kinds), linear
    return {name: Pipeline([("prepare", prepare), ("model", model)]) for name, (prepare, model) in tried.items()}


def split_by(table: Table, train: pd.DataFrame, test: pd.DataFrame) -> str:
    """How the project split the table, so that cross-validation does the same: by group, time, or what rows contain."""
    if table.group and not {*train[table.group]} & {*test[table.group]}:
        return str(table.group)
    if table.time:
        moments = pd.MultiIndex.from_frame(pd.concat([train, test])[list(table.time)])
        ranks = moments.factorize(sort=True)[0]
        if ranks[: len(train)].max() <= ranks[len(train) :].min():
            return "time"
    copies = bool(train[ROW].duplicated().any())
    return str(ROW) if copies else ""


def folds(table: Table, train: pd.DataFrame, y: pd.Series, by: str) -> Any:
    """Later rows after earlier ones, groups or copies kept together, or equal shares of each class."""
    count = 5 if len(train) <= 1000 and train.shape[1] <= WIDE else 3
    if by == "time":
        return list(TimeSeriesSplit(count).split(train))
    if by:
        return list(GroupKFold(count, shuffle=True, random_state=0).split(train, y, train[by]))
    splitter: Any = StratifiedKFold if table.task == "classification" else KFold
    return list(splitter(count, shuffle=True, random_state=0).split(train, y))


def fit_predict(model: Pipeline, x: pd.DataFrame, y: pd.Series, w: np.ndarray, new: pd.DataFrame) -> pd.DataFrame:
    """Predictions for new rows: a column a class, or one column."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = clone(model).fit(x, y, model__sample_weight=w)
        if hasattr(fitted, "predict_proba"):
            return pd.DataFrame(fitted.predict_proba(new), columns=fitted.classes_)
        return pd.DataFrame({"predicted": fitted.predict(new)})


def choose(
    table: Table, raw: pd.DataFrame, x: pd.DataFrame, kinds: Columns, weight: str, by: str
) -> tuple[str, Pipeline]:
    """The model with the smallest loss in cross-validation on some of the training rows."""
    least, most = TUNED_ON
    enough = least if table.text else min(most, max(least, CELLS // x.shape[1]))
    rows = raw.sample(min(enough, len(raw)), random_state=0)
    rows = rows.sort_values(list(table.time), kind="stable") if table.time else rows.sort_index()
    part, y = x.loc[rows.index], rows[table.target]
    w = weights(rows, weight)
    tried, parts = models(kinds, y, table.task), folds(table, rows, y, by)
    losses = dict.fromkeys(tried, 0.0)
    for name, model in tried.items():
        for known, new in parts:
            if table.task == "regression" or y.iloc[known].nunique() > 1:
                found = fit_predict(model, part.iloc[known], y.iloc[known], w[known], part.iloc[new])
                losses[name] += loss(y.iloc[new], found, w[new], table.task) / len(parts)
    best = min(losses, key=losses.__getitem__)
    return best, tried[best]


def weights(rows: pd.DataFrame, weight: str) -> np.ndarray:
    """How much each row counts."""
    return rows[weight].to_numpy(float) if weight else np.ones(len(rows))


def side(raw: pd.DataFrame, path: str) -> pd.DataFrame:
    """The raw rows of one side of the split, with the project's hash of their content."""
    rows = pd.read_parquet(path, columns=[NUMBER, ROW])
    numbers = rows[NUMBER].astype(int)
    return raw.loc[numbers].assign(**{ROW: rows[ROW].to_numpy()})


def predict(table: Table, raw: pd.DataFrame, train: pd.DataFrame, test: pd.DataFrame, weight: str) -> dict[str, Any]:
    """What is chosen, and its predictions for the test rows."""
    start, (x, kinds) = time.perf_counter(), features(raw, table)
    y, by = train[table.target], split_by(table, train, test)
    best, model = choose(table, train, x.loc[train.index], kinds, weight, by)
    found = fit_predict(model, x.loc[train.index], y, weights(train, weight), x.loc[test.index])
    seconds = round(time.perf_counter() - start)
    return {"chosen": best, "split_by": by, "by_hand_seconds": seconds, "predictions": found.to_dict("list")}


def main(name: str, raw_path: str, train_path: str, test_path: str, default: str, tuned: str, out: str) -> None:
    """Choose, fit, predict and compare."""
    table = TABLES[name]
    raw = read(table, raw_path)
    train, test = (side(raw, path) for path in (train_path, test_path))
    ours = [pd.read_parquet(path) for path in (default, tuned)]
    weight = table.weight if WEIGHT in ours[0] else ""  # as the project's own metric counts
    inputs = [Path(__file__).read_bytes(), Path(raw_path).read_bytes(), repr(table), train.index, test.index]
    key = hashlib.sha256(pickle.dumps(inputs)).hexdigest()
    kept = Path(out).parents[1] / f"{name}_by_hand.pickle"
    found = pickle.loads(kept.read_bytes()) if kept.exists() else {}
    if found.get("key") != key:
        found = predict(table, raw, train, test, weight) | {"key": key}
        kept.write_bytes(pickle.dumps(found))
    by_hand = pd.DataFrame(found.pop("predictions"))
    y = test[table.target].reset_index(drop=True)
    compared = [compare(one, by_hand, y, table.task) for one in ours]
    about = {"rows": len(raw), "columns": raw.shape[1], "train": len(train), "test": len(test)}
    with open(out, "w") as file:
        json.dump(about | found | compared[1] | {"default": compared[0]["metrics"]}, file, indent=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
