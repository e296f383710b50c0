"""Chooses the split that a table needs: rows dated by events, rows that belong to somebody, few distinct rows.

Set-up writes the choice into params.yaml; validate compares it with the data as they are now.
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.contract.schema import Contract
from pipeline.split.keys import cells, key
from pipeline.split.settings import Prepare, Time
from pipeline.split.time import choose_block, moments
from pipeline.validation.roles import event_column, owner_column

MANY = 100  # groups; fewer are counted off, since a hash could put all of them on one side
DISTINCT = 100  # rows; with fewer distinct ones, a split by content is unbalanced
BLOCKS = 20  # of time among the test rows, wherever the unit can be that long
LEFT = 0.5  # share of the test rows that may be lost, if the groups of the training rows are left out


def choose(table: pa.Table, contract: Contract, start: Prepare) -> tuple[Prepare, str]:
    """The settings for a table, and one sentence that says what they are and why."""
    known = table.filter(table[contract.target].is_valid())
    owner, when = owner_column(known, contract), event_column(known, contract)
    row_key, distinct = telling_columns(known, contract)
    plain: dict[str, Any] = {"row_key": row_key, "copies": "together", "split_on": [], "time": None}
    if when and (time := cutoff(known, contract, when, start.test_share)):
        chosen = {"split": "time", "time": time}
        why = f"rows from {time.cutoff} on are test rows, since `{when}` dates them"
        if owner and not loses_too_much(known, owner, time):
            return start.model_copy(
                update=plain | chosen | {"split_on": [owner]}
            ), f"{why}; rows of one `{owner}` stay together"
        if not owner:
            return start.model_copy(update=plain | chosen), why
    if owner:
        also = f" (`{when}` dates the rows, but the newest belong to known ones)" if when else ""
        kind = "hash" if len(known[owner].unique()) > MANY else "stratified"
        groups = start.model_copy(update=plain | {"split": kind, "split_on": [owner]})
        return groups, f"rows of one `{owner}` stay together{also}"
    if distinct < DISTINCT:
        copies = "apart" if distinct < known.num_rows / 2 else "together"
        why = f"only {distinct} rows are distinct, so each class is split by itself"
        return start.model_copy(update=plain | {"split": "stratified", "copies": copies}), why
    return start.model_copy(update=plain | {"split": "hash"}), "rows are split by their content"


def cutoff(table: pa.Table, contract: Contract, column: str, share: float) -> Time | None:
    """The settings of a split by time: about this share of the rows is at or after the cutoff."""
    layout = contract.columns[column].format
    moment = moments(table[column], layout)
    starts = moment.dt.floor("D") if moment.max() - moment.min() > pd.Timedelta(days=60) else moment
    values, counts = np.unique(starts.to_numpy(), return_counts=True)
    after = 1 - np.concatenate([[0], np.cumsum(counts)[:-1]]) / len(moment)
    place = int(np.argmin(np.abs(after[1:] - share))) + 1 if len(values) > 1 else 0
    if not 0.25 * share <= after[place] <= 3 * share:
        return None
    first = pd.Timestamp(values[place])
    text = str(first.date()) if first == first.floor("D") else first.isoformat()
    return Time(column=column, format=layout, cutoff=text, block=choose_block(moment[moment >= first], BLOCKS))


def loses_too_much(table: pa.Table, owner: str, time: Time) -> bool:
    """Whether most newest rows belong to owners that the training rows have too."""
    groups = cells(table[owner])
    newest = (moments(table[time.column], time.format) >= time.start).to_numpy()
    return bool(np.isin(groups[newest], groups[~newest]).mean() > LEFT)


def telling_columns(table: pa.Table, contract: Contract) -> tuple[list[str], int]:
    """The fewest columns that tell rows apart as well as all do, and the number of distinct rows."""
    content = contract.content
    head = table.slice(0, 10_000)
    order = sorted(content, key=lambda name: -len(head[name].unique()))  # a stable sort
    distinct = len(np.unique(key(table, order)))
    chosen: list[str] = []
    rows, count = np.zeros(table.num_rows, dtype="uint64"), 1
    for name in order:
        if count == distinct:
            break
        more = pd.util.hash_array(rows * np.uint64(31) + cells(table[name]))
        if (size := len(np.unique(more))) > count:
            chosen, rows, count = [*chosen, name], more, size
    return chosen or order[:1], distinct


def disagreements(table: pa.Table, contract: Contract, settings: Prepare) -> list[str]:
    """A sentence for each way in which the settings do not fit the data as they are now."""
    chosen, _ = choose(table, contract, settings)
    messages = []
    if chosen.time and settings.split != "time":
        column = chosen.time.column
        messages.append(
            f"`{column}` dates the rows, but prepare.split is {settings.split}: if the model predicts the future, set "
            f"split: time and time: {{column: {column}, cutoff: {chosen.time.cutoff}, block: {chosen.time.block}}}"
        )
    if chosen.split_on and not settings.split_on and settings.split != "time":
        owner = chosen.split_on[0]
        messages.append(
            f"`{owner}` says whose row it is, but its rows are on both sides: set prepare.split_on: [{owner}]"
        )
    if chosen.split == "stratified" and settings.split == "hash" and not chosen.split_on:
        messages.append("few rows are distinct, so a split by hash is unbalanced: set prepare.split: stratified")
    if settings.time and settings.split == "time":
        share = float((moments(table[settings.time.column], settings.time.format) >= settings.time.start).mean())
        if not settings.test_share / 2 <= share <= settings.test_share * 2:
            messages.append(f"{share:.0%} of the rows are test rows: prepare.time.cutoff can be moved")
    return messages
