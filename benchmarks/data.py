"""Makes a table of any size to measure with: `python benchmarks/data.py ROWS FILE.csv`, the same bytes every time.

14 numbers, 4 categories, a whole number and a truth value; 2 numbers have gaps; `bought` is the target to predict.
"""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

NUMBERS = 14
LEVELS = {"region": 4, "plan": 3, "channel": 6, "segment": 12}  # how many values each category has
GAPS = ["number_03", "number_07"]
MISSING = 0.02


def table(rows: int, seed: int = 0) -> pa.Table:
    """`rows` rows of 20 columns and a binary target that half of them, and chance, decide."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(NUMBERS, rows)) * np.geomspace(0.1, 1000, NUMBERS)[:, None]
    codes = {name: rng.integers(0, levels, rows) for name, levels in LEVELS.items()}
    visits, member = rng.poisson(6, rows), rng.random(rows) < 0.3
    standard = numbers / np.geomspace(0.1, 1000, NUMBERS)[:, None]
    score = standard[0] - 0.7 * standard[1] + standard[2] * standard[4] + np.abs(standard[6]) + 0.2 * visits
    score += np.where(codes["plan"] == 1, 1.5, 0) + 0.1 * codes["segment"] - member
    columns: dict[str, pa.Array] = {f"number_{i + 1:02}": pa.array(v.round(4 + i % 3)) for i, v in enumerate(numbers)}
    for name in GAPS:
        columns[name] = pa.array(columns[name].to_numpy(), mask=rng.random(rows) < MISSING)
    for name, levels in LEVELS.items():
        columns[name] = pa.array([f"{name}_{level}" for level in range(levels)]).take(pa.array(codes[name]))
    chance = rng.logistic(size=rows)
    bought = score + chance > 3
    labels = pa.array(["no", "yes"]).take(pa.array(bought.astype(int)))
    return pa.table(columns | {"visits": pa.array(visits), "member": pa.array(member), "bought": labels})


if __name__ == "__main__":
    made = table(int(sys.argv[1]))
    with open(sys.argv[2], "wb") as file:
        file.write((",".join(made.column_names) + "\n").encode())
        pa_csv.write_csv(made, file, pa_csv.WriteOptions(include_header=False, quoting_style="none"))
