"""What keeps the contract and may still spoil a study: leaks, copies, ids, words among numbers, nothing to learn."""

import pandas as pd

from pipeline.contract.schema import TEXTS, Column, Contract
from pipeline.validation.leak import explained

DISTINCT = 100  # rows; with fewer distinct ones, a split by content is unbalanced
SAMPLE = 100_000  # rows that are enough to detect a leak


def warnings(data: pd.DataFrame, contract: Contract, leak: float) -> list[str]:
    """One sentence per problem; `leak`: the share of the target from which a column is reported."""
    target = data[contract.target].dropna()
    messages = []
    if target.nunique() < 2:
        messages.append(f"the target `{contract.target}` is always the same: there is nothing to learn")
    messages += _copies(data, contract)
    messages += [_words_among_numbers(name, data[name], column) for name, column in contract.columns.items()]
    if without_target := len(data) - len(target):
        messages.append(f"{without_target} rows have no `{contract.target}`: prepare leaves them out")
    known = data.loc[target.index].iloc[:SAMPLE]
    messages += [_leak_or_id(name, known, contract, leak) for name in contract.features]
    return [message for message in messages if message]


def _copies(data: pd.DataFrame, contract: Contract) -> list[str]:
    copies = int(pd.util.hash_pandas_object(data[contract.content], index=False).duplicated().sum())
    if not copies:
        return []
    messages = [f"{copies} rows are copies of others (apart from ids and target): the split keeps copies on one side"]
    if len(data) - copies < DISTINCT:
        messages.append(f"only {len(data) - copies} rows are distinct: the metrics rest on few test rows")
    return messages


def _words_among_numbers(name: str, values: pd.Series, column: Column) -> str:
    """A warning for a text column that is nearly all numbers: one word makes the whole column text."""
    if column.type not in TEXTS or column.role == "target":
        return ""
    present = values.dropna().iloc[:SAMPLE]
    words = present[pd.to_numeric(present, errors="coerce").isna()]
    if present.empty or not 0 < len(words) < 0.1 * len(present):
        return ""
    return f"`{name}` is read as text: {words.iloc[0]!r} is not numeric; leave such cells empty and describe again"


def _leak_or_id(name: str, data: pd.DataFrame, contract: Contract, leak: float) -> str:
    values = data[name].dropna()
    if contract.features[name].type in (*TEXTS, "integer") and len(values) > 20 and values.is_unique:
        return f"`{name}` is different in every row: is it an id? Then set role: ignored"
    if (share := explained(data[name], data[contract.target], contract.task)) >= leak:
        return f"`{name}` alone explains {share:.1%} of the target: is it known at the time of the prediction?"
    return ""
