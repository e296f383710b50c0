"""The settings of the split, which set-up chooses from the data and writes into params.yaml."""

from typing import Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from pipeline.run.errors import InputError
from pipeline.run.settings import Block

Unit = Literal["moment", "hour", "day", "week", "month", "quarter", "year"]


class Time(Block):
    """Rows from `cutoff` on are test rows. `format`: as in the contract; `number` for years and steps.

    `column`: one, or several called year, month, day, hour, of which the first two are needed.
    """

    column: str | list[str]
    format: str | None
    cutoff: str | int | float
    block: Unit

    @property
    def start(self) -> pd.Timestamp | float:
        """The cutoff as a value of the column; raises InputError."""
        try:
            if self.format == "number":
                return float(self.cutoff)
            moment = pd.Timestamp(self.cutoff)
            return moment.tz_convert("UTC").tz_localize(None) if moment.tzinfo else moment
        except ValueError:
            raise InputError(
                f"params.yaml, prepare.time.cutoff: {self.cutoff!r} is not a moment: write 2024-03-31."
            ) from None


class Prepare(Block):
    """`row_key`: columns that identify a row, all but target and ids if empty; `split_on`: whose row it is."""

    split: Literal["hash", "stratified", "time"]
    row_key: list[str] = []
    copies: Literal["together", "apart"] = "together"
    split_on: list[str]
    time: Time | None = None
    test_share: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0, lt=2**32)

    @model_validator(mode="after")
    def _has_time(self) -> Self:
        if self.split == "time" and not self.time:
            raise ValueError("split: time needs time: {column: NAME, format: null, cutoff: 2024-03-31, block: week}")
        return self

    @property
    def columns(self) -> dict[str, list[str]]:
        """The columns of the table that the split needs, by setting."""
        column = self.time.column if self.time else []
        dated = {"time.column": column if isinstance(column, list) else [column]}
        return {"row_key": self.row_key, "split_on": self.split_on} | dated

    @property
    def remedy(self) -> str:
        """The setting to change where a side is empty."""
        return {"hash": "test_share, or set prepare.split to stratified", "stratified": "test_share"}.get(
            self.split, "time.cutoff"
        )
