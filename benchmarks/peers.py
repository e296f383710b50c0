"""What the service is measured against: `uvicorn peers:echo` and `uvicorn peers:frame`, in a project's folder.

echo: FastAPI that checks a body with pydantic and sends it back. frame: FastAPI that asks the project's scikit-learn
pipeline about a DataFrame of the row, as most tutorials do.
"""

import os
from typing import Any

from fastapi import FastAPI
from pipeline.contract import schema
from pipeline.contract.schema import NUMBERS
from pydantic import create_model

contract = schema.load("data/schema.yaml")
kinds: dict[str, Any] = {
    name: ((float if column.type in NUMBERS else str) | None, None) for name, column in contract.features.items()
}
Row = create_model("Row", **kinds)
echo, frame = FastAPI(), FastAPI()


@echo.post("/predict")  # type: ignore[untyped-decorator]
async def echoed(row: Row) -> Row:  # type: ignore[valid-type]
    """The body, checked."""
    return row


if os.environ.get("PEER") == "frame":
    import pandas as pd
    from pipeline.archive import model_file
    from pipeline.archive.predictions import predict
    from pipeline.run.threads import threads

    model = model_file.load("models/model.skops")
    texts = {name: "str" for name, column in contract.features.items() if column.type not in NUMBERS}
    threads(1)

    @frame.post("/predict")  # type: ignore[untyped-decorator]
    def framed(row: Row) -> dict[str, Any]:  # type: ignore[valid-type]
        """What the pipeline predicts."""
        data = pd.DataFrame([row.model_dump()]).astype(texts)  # type: ignore[attr-defined]
        answer: dict[str, Any] = predict(model, data, contract).to_dict("records")[0]
        return answer
