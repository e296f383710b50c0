"""Golden rows as the form predicts them, and whether two predictions are the same."""

import math
from datetime import datetime

from pipeline.contract.schema import Contract
from pipeline.form.inputs import Row

TOLERANCE = 1e-9  # relative, or absolute below 1
Prediction = dict[str, str | float]


def typed(row: Row, contract: Contract) -> Row:
    """A row from JSON with the types that `predict` needs."""
    dates = [name for name, column in contract.features.items() if column.type == "datetime" and row.get(name)]
    return row | {name: datetime.fromisoformat(str(row[name])) for name in dates}


def difference(old: Prediction, new: Prediction) -> str | None:
    """The name of the first value that differs: labels at all, numbers by more than TOLERANCE."""
    for name in {**old, **new}:
        a, b = old.get(name), new.get(name)
        close = (
            isinstance(a, float) and isinstance(b, float) and math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        )
        if not (close or a == b):
            return name
    return None
