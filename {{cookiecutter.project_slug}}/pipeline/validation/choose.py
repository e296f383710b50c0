"""Chooses the split that a table needs: rows dated by events, rows that belong to somebody, few distinct rows.

Set-up writes the choice into params.yaml; validate compares it with the data as they are now.
"""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import yaml

from pipeline.contract.schema import Contract
from pipeline.split.keys import cells, key
from pipeline.split.settings import Prepare, Time
from pipeline.split.time import choose_block, moments
from pipeline.validation.roles import event_columns, owner_column
from pipeline.validation.unfamiliar import unfamiliar

MANY = 100  # groups; fewer are counted off, since a hash could put all of them on one side
DISTINCT = 100  # rows; with fewer distinct ones, a split by content is unbalanced
COPIES = 1.2  # times as many rows are distinct with their labels as without
BLOCKS = 20  # of time among the test rows, wherever the unit can be that long
LEFT = 0.5  # at most this share of the test rows is left out, since the training rows have their groups


def choose(table: pa.Table, contract: Contract, start: Prepare) -> tuple[Prepare, str]:
    """The settings for a table, and one sentence that says what they are and why."""
    known = table.filter(table[contract.target].is_valid())
    owner, when = owner_column(known, contract), event_columns(known, contract)
    row_key, distinct = telling_columns(known, contract)
    plain: dict[str, Any] = {"row_key": row_key, "copies": "together", "split_on": [], "time": None}

    def settings(**chosen: Any) -> Prepare:
        return start.model_copy(update=plain | chosen)

    time = cutoff(known, contract, when, start.test_share) if when else None
    if time and not (owner and loses_too_much(known, owner, time)):
        why = f"rows from {time.cutoff} on ({named(time)}) are test rows"
        also = f"; rows of one `{owner}` stay together" if owner else ""
        return settings(split="time", time=time, split_on=[owner] if owner else []), why + also
    if owner:
        also = f"; by {named(time)}, the newest would belong to known ones" if time else ""
        kind = "hash" if len(known[owner].unique()) > MANY else "stratified"
        return settings(split=kind, split_on=[owner]), f"rows of one `{owner}` stay together{also}"
    if independent(known, contract, distinct):
        kind = "hash" if distinct >= DISTINCT else "stratified"
        return settings(split=kind, copies="apart"), f"only {distinct} rows are distinct, so each row counts by itself"
    if distinct < DISTINCT:
        return settings(split="stratified"), f"only {distinct} rows are distinct, so each class is split by itself"
    return settings(split="hash"), "rows are split by their content"


def named(time: Time) -> str:
    return f"`{time.column}`" if isinstance(time.column, str) else ", ".join(f"`{name}`" for name in time.column)


def independent(table: pa.Table, contract: Contract, distinct: int) -> bool:
    """Whether most rows are copies of others by chance, as in a table of counts: then their labels differ."""
    if distinct >= table.num_rows / 2:
        return False
    return len(np.unique(key(table, [*contract.content, contract.target]))) > COPIES * distinct


def cutoff(table: pa.Table, contract: Contract, columns: str | list[str], share: float) -> Time | None:
    """The settings of a split by time: about this share of the rows is at or after the cutoff."""
    layout = contract.columns[columns].format if isinstance(columns, str) else None
    moment = moments(table, columns, layout)
    starts = moment.dt.floor("D") if moment.max() - moment.min() > pd.Timedelta(days=60) else moment
    values, counts = np.unique(starts.to_numpy(), return_counts=True)
    after = 1 - np.concatenate([[0], np.cumsum(counts)[:-1]]) / len(moment)
    place = int(np.argmin(np.abs(after[1:] - share))) + 1 if len(values) > 1 else 0
    if not 0.25 * share <= after[place] <= 3 * share:
        return None
    first = pd.Timestamp(values[place])
    text = str(first.date()) if first == first.floor("D") else first.isoformat()
    return Time(column=columns, format=layout, cutoff=text, block=choose_block(moment[moment >= first], BLOCKS))


def loses_too_much(table: pa.Table, owner: str, time: Time) -> bool:
    """Whether most newest rows belong to owners that the training rows have too."""
    groups = cells(table[owner])
    newest = (moments(table, time.column, time.format) >= time.start).to_numpy()
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
        time = yaml.safe_dump(chosen.time.model_dump(), default_flow_style=True, width=999).strip()
        messages.append(
            f"{named(chosen.time)} says when, but prepare.split is {settings.split}: if the model predicts the future, "
            f"set split: time and time: {time}"
        )
    if chosen.split_on and not settings.split_on and settings.split != "time":
        owner = chosen.split_on[0]
        messages.append(
            f"`{owner}` says whose row it is, but its rows are on both sides: set prepare.split_on: [{owner}]"
        )
    if chosen.split == "stratified" and settings.split == "hash" and not chosen.split_on:
        messages.append("few rows are distinct, so a split by hash is unbalanced: set prepare.split: stratified")
    if settings.time and settings.split == "time":
        share = float((moments(table, settings.time.column, settings.time.format) >= settings.time.start).mean())
        if not settings.test_share / 2 <= share <= settings.test_share * 2:
            messages.append(f"{share:.0%} of the rows are test rows: prepare.time.cutoff can be moved")
    return messages + [f"`{name}` {doubt}" for name, doubt in unfamiliar(table, contract, settings).items()]
