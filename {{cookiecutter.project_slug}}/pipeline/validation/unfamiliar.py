"""Categories whose values are mostly new in the test rows of a split by time, such as names, which are of no use."""

import numpy as np
import pyarrow as pa

from pipeline.contract.schema import Contract
from pipeline.split.keys import cells
from pipeline.split.settings import Prepare
from pipeline.split.time import moments

MOST = 0.8  # share of the test rows


def unfamiliar(table: pa.Table, contract: Contract, settings: Prepare) -> dict[str, str]:
    """What to say of each feature of which most test rows have a value that no training row has."""
    if settings.split != "time" or not settings.time:
        return {}
    test = (moments(table, settings.time.column, settings.time.format) >= settings.time.start).to_numpy()
    found = {}
    for name, column in contract.features.items():
        if column.type == "category" and test.any():
            values = cells(table[name])
            share = 1 - np.isin(values[test], values[~test]).mean()
            if share >= MOST:
                found[name] = (
                    f"has a value that is in no training row in {share:.0%} of the test rows: if it is a name, "
                    "set role: ignored"
                )
    return found
