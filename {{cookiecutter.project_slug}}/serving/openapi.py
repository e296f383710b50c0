"""The OpenAPI document, with the real columns of the contract and an example."""

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from pipeline.contract.schema import Column
from pipeline.table.cells import as_written
from serving.served import Served

if TYPE_CHECKING:
    from serving.service import Service

TYPES = {"number": "number", "integer": "number", "boolean": "boolean"}
TEXT = {"type": "string"}
LATER = {"description": "Known as soon as a model is served", "type": "object"}


def document(app: FastAPI, service: "Service", said: str) -> dict[str, Any]:
    """The whole document; `said`: what /predict does."""
    found, served = get_openapi(title=app.title, version=app.version, routes=app.routes), service.current
    post: dict[str, Any] = {"summary": "Predict one row or several", "description": said}
    post |= {"requestBody": request_body(served), "responses": responses(served)}
    found["paths"] = {"/predict": {"post": post}, **found["paths"]}
    found["paths"]["/ready"]["get"]["responses"]["503"] = {"description": "Not ready"}
    if service.settings.token:
        found.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        post["security"] = [{"token": []}]
    return found


def request_body(served: Served | None) -> dict[str, Any]:
    """The body of /predict: one row, or several."""
    row = row_schema(served) if served else LATER
    example = {"one row": {"value": example_row(served)}, "two rows": {"value": [example_row(served)] * 2}}
    schema = {"oneOf": [row, {"type": "array", "items": row, "minItems": 1}]}
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": example}}}


def row_schema(served: Served) -> dict[str, Any]:
    """A row: all features, and no column that the contract does not have."""
    columns = served.model.contract.columns
    features = served.model.contract.features
    properties = {name: column_schema(column) if name in features else {} for name, column in columns.items()}
    return {"type": "object", "properties": properties, "required": [*features], "additionalProperties": False}


def column_schema(column: Column) -> dict[str, Any]:
    """The values that a column may have, in JSON."""
    schema: dict[str, Any] = {"type": TYPES.get(column.type, "string")}
    if column.type == "integer":
        schema["multipleOf"] = 1
    if column.range:
        schema |= {"minimum": column.range[0], "maximum": column.range[1]}
    if column.values:
        schema["enum"] = [*column.values]
    if column.type == "datetime":
        schema["description"] = f"A date: {column.format or 'ISO 8601'}"
    if column.missing:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return schema


def example_row(served: Served | None) -> dict[str, Any]:
    """A row whose answer is known: the first golden one."""
    return as_written(served.model.golden[0][0], served.model.contract) if served and served.model.golden else {}


def prediction_schema(served: Served | None) -> dict[str, Any]:
    """What is predicted for a row."""
    classes = served.model.classes if served else []
    predicted = {"type": "string", "enum": classes} if classes else {"type": "number"}
    shares = {f"p({label})": {"type": "number", "minimum": 0, "maximum": 1} for label in classes}
    properties = {"id": TEXT, "predicted": predicted if served else {}, **shares}
    return {"type": "object", "properties": properties, "required": [*properties]}


def responses(served: Served | None) -> dict[str, Any]:
    """The answers of /predict by status."""
    predictions = {"type": "array", "items": prediction_schema(served)}
    answer = {"type": "object", "properties": {"version": {"type": ["string", "null"]}, "predictions": predictions}}
    place = {"row": {"type": ["integer", "null"]}, "column": {"type": ["string", "null"]}}
    fault = {**place, "kind": TEXT, "reason": TEXT, "allowed": {}}
    faults = {"type": "array", "items": {"type": "object", "properties": fault, "required": ["reason"]}}
    refused = {"type": "object", "properties": {"detail": TEXT}, "required": ["detail"]}
    broken = {"type": "object", "properties": {"detail": faults}, "required": ["detail"]}
    said = {
        "200": ("The version, and a prediction with an id for each row", answer),
        "401": ("The bearer token is missing or wrong", refused),
        "408": ("The body did not arrive in time", refused),
        "413": ("Too many bytes or rows", refused),
        "422": ("Rows that break the contract, cell by cell", broken),
        "503": ("No model yet, or no answer in time", refused),
    }
    return {
        code: {"description": text, "content": {"application/json": {"schema": schema}}}
        for code, (text, schema) in said.items()
    }
