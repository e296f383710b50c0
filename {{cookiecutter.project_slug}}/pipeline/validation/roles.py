"""The columns that decide how rows are split: who a row belongs to, and when its event was."""

import re

import pyarrow as pa

from pipeline.contract.schema import Contract
from pipeline.split.time import moments, words

PERSON = (
    r"(customer|client|patient|user|subject|person|participant|member|player|student|child|household|account|owner)"
)
OWNERS = [  # names that say whose row it is, the clearest first; camelCase is read as words
    re.compile(rf"^{PERSON}s?([_ ]?(id|no|nr|num|number|key|code|name))?$"),
    re.compile(rf"(^|_){PERSON}s?_(id|no|nr|num|number|key|code)$"),
    re.compile(r"^(id|uid|uuid|pid|sid|subj|psu)$"),
    re.compile(r"(^|_)(id|uid|uuid)$"),
]
PARTS = ("year", "month", "day", "hour")
EVENTS = 20  # different moments, at least
EVENT = re.compile(
    r"(^|_)(date|time|datetime|timestamp|ts|moment|when|created|ordered|sold|day|hour|week|month)(_|$)|_(at|on)$"
)
ATTRIBUTE = re.compile(
    r"birth|born|dob|expir|due|until|valid|hire|hiring|join|found|built|signup|start_of|opened|death|died"
)
GROUPS = 10  # a split by fewer groups would rest on one or two


def owner_column(table: pa.Table, contract: Contract) -> str | None:
    """The column that says whose row it is: by its name, if enough owners have more than one row."""
    kinds = ("integer", "text", "category")
    for pattern in OWNERS:
        for name, column in contract.columns.items():
            if pattern.search(words(name)) and column.role != "target" and column.type in kinds:
                count = len(table[name].unique().drop_null())
                if GROUPS <= count < 0.9 * table.num_rows:
                    return name
    return None


def event_columns(table: pa.Table, contract: Contract) -> str | list[str] | None:
    """The column that says when the event of a row was: a date in every row, named so or in order.

    Or the columns year, month and, if there are any, day and hour.
    """
    for name in _dates(contract):
        moment = moments(table, name, contract.columns[name].format)
        ordered = moment.is_monotonic_increasing or moment.is_monotonic_decreasing
        if moment.nunique() >= EVENTS and (ordered or EVENT.search(words(name))):
            return name
    known = {words(n): n for n, c in contract.columns.items() if c.role != "target" and not c.missing}
    parts = [known[part] for part in PARTS if part in known]
    if {"year", "month"} <= known.keys() and (moment := moments(table, parts, None)).notna().all():
        return parts if moment.nunique() >= EVENTS else None
    return None


def _dates(contract: Contract) -> list[str]:
    """The dates that every row has and that may be of an event, those first that are named so."""
    dates = [name for name, column in contract.columns.items() if column.type == "datetime" and not column.missing]
    return sorted((n for n in dates if not ATTRIBUTE.search(words(n))), key=lambda n: EVENT.search(words(n)) is None)
