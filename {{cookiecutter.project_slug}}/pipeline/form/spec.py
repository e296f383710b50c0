"""What form.json says."""

from typing import Any, Literal

from pipeline.contract.schema import Contract
from pipeline.form.inputs import Input, Words
from pipeline.run.settings import Block


class Form(Block):
    """form.json. `reason`: why the kind is `archive`; `known`: the classes of the training rows."""

    format: Literal[1]
    kind: Literal["trees", "linear", "archive"]
    reason: str | None
    archive: str
    libraries: dict[str, str]
    link: Literal["logistic", "softmax", "identity", "log"] | None
    known: list[str]
    inputs: list[Input]
    words: list[Words]
    golden: list[dict[str, Any]]
    predictions: list[dict[str, Any]]
    contract: Contract
