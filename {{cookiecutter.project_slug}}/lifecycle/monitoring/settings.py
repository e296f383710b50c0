"""The block monitor of params.yaml."""

from pydantic import Field

from lifecycle.project import Block


class Monitor(Block):
    """`alpha`: the chance of a drift alarm in a window without drift; `effect`: movements below it are no alarm, in
    shares; `alarms` of the last `windows` call somebody; `block`: hours, or a column, whose rows are permuted as one;
    `silence`, `label_delay`: hours."""

    alpha: float = Field(gt=0, lt=0.5)
    effect: float = Field(ge=0, lt=1)
    alarms: int = Field(ge=1)
    windows: int = Field(ge=1)
    rows: int = Field(ge=10)
    sample: int = Field(ge=100, le=100_000)
    permutations: int = Field(ge=99, le=100_000)
    block: float | str | None
    faults: float = Field(gt=0, lt=1)
    silence: float = Field(gt=0)
    label_delay: float = Field(ge=0)
    seed: int = Field(ge=0, lt=2**32)
