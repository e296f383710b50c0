"""The service's answers, with a model that answers each row alike; lifecycle's own tests serve real ones."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from pipeline.batch.prediction_log import read_log
from pipeline.contract.schema import Column, Contract
from serving.app import app

LIMITS = {"bytes": 20_000, "rows": 50, "seconds": 5, "poll": 1, "grace": 0}
ROW = {"size": 1.5, "color": "red", "day": "2024-01-31", "count": 3, "new": True}


class Steady:
    """A model as serving.model has them."""

    kind, archive, classes = "trees", "0" * 32, ["a", "b"]
    golden: list[Any] = [(ROW, {"predicted": "a", "p(a)": 0.75, "p(b)": 0.25})]

    def __init__(self) -> None:
        common: dict[str, Any] = {"role": "feature", "missing": False}
        columns = {
            "size": Column(type="number", range=[0, 10], **common),
            "color": Column(type="category", values=["red", "blue"], **common | {"missing": True}),
            "day": Column(type="datetime", **common),
            "count": Column(type="integer", **common),
            "new": Column(type="boolean", **common),
            "note": Column(type="text", **common | {"role": "ignored"}),
            "kind": Column(type="category", values=["a", "b"], **common | {"role": "target"}),
        }
        self.contract = Contract(task="classification", columns=columns)
        self.seen: list[Any] = []

    def verify(self) -> None:
        """Nothing is wrong with it."""

    def predict(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same for each row; a size of 9 breaks it."""
        if any(row["size"] == 9 for row in rows):
            raise ZeroDivisionError
        self.seen += rows
        return [self.golden[0][1] for _ in rows]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Steady:
    """The model that the service loads, in a folder of its own."""
    steady = Steady()
    (tmp_path / "params.yaml").write_text(f"serve: {json.dumps(LIMITS)}\n")
    (tmp_path / "serving.zip").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("serving.served.load", lambda _: steady)
    monkeypatch.setenv("MODEL", str(tmp_path))
    monkeypatch.setenv("MODEL_VERSION", "v0.0.2")
    return steady


@pytest.fixture
def client(model: Steady) -> Iterator[TestClient]:
    """A client of the service."""
    assert model.contract
    with TestClient(app) as client:
        yield client


def details(client: TestClient, row: Any) -> dict[str, dict[str, Any]]:
    """What the service says is wrong with a row, by column."""
    answer = client.post("/predict", json=row)
    assert answer.status_code == 422, answer.text
    return {detail["column"]: detail for detail in answer.json()["detail"]}


def metric(client: TestClient, name: str) -> float:
    """The value of a line of /metrics."""
    lines = dict(line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines() if line[0] != "#")
    return float(lines[name])


def test_rows_are_predicted_in_order_with_version_and_ids_that_the_log_has(client: TestClient, model: Steady) -> None:
    """One row or many give a prediction each; each is in the log with its id once the service has ended."""
    one, two = client.post("/predict", json=ROW).json(), client.post("/predict", json=[ROW, ROW | {"size": 2}]).json()
    assert one["version"] == two["version"] == "v0.0.2"
    predictions = one["predictions"] + two["predictions"]
    assert [p["p(a)"] for p in predictions] == [0.75] * 3
    assert [row["size"] for row in model.seen] == [1.5, 1.5, 2.0]
    ids = [prediction.pop("id") for prediction in predictions]
    assert len({*ids}) == 3
    client.__exit__(None, None, None)
    entries = {entry["id"]: entry for entry in read_log(Path("logs"))}
    assert [entries[name]["row"]["size"] for name in ids] == [1.5, 1.5, 2]
    assert all(e["version"] == "v0.0.2" and e["prediction"] == predictions[0] for e in entries.values())
    client.__enter__()


def test_a_breach_names_column_reason_and_what_is_allowed(client: TestClient) -> None:
    """Missing and unknown columns, types, values and ranges are each named, and counted for monitoring."""
    wrong = details(client, {"size": 11, "color": "green", "day": "31.1.", "count": 1.5, "extra": 1})
    assert wrong["size"]["allowed"] == [0, 10]
    assert wrong["color"]["allowed"] == ["red", "blue"]
    assert "not a date" in wrong["day"]["reason"]
    assert "not a whole number" in wrong["count"]["reason"]
    assert "missing" in wrong["new"]["reason"]
    assert "no such column" in wrong["extra"]["reason"]
    assert details(client, [ROW, ROW | {"size": None}])["size"]["row"] == 1
    assert metric(client, 'predict_refused_rows_total{column="size",kind="missing"}') == 1
    assert metric(client, 'predict_refused_rows_total{column="",kind="unknown"}') == 1
    client.__exit__(None, None, None)
    refused = [entry["refused"] for entry in read_log(Path("logs"))]
    assert {"column": "color", "kind": "values", "cells": 1} in refused[0]
    client.__enter__()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"\xff", b"[" * 10_000, b'{"size": NaN}', b"[[]]", b"[null]"])
def test_a_body_that_is_no_rows_is_a_422(client: TestClient, body: bytes) -> None:
    """It is refused with a sentence."""
    answer = client.post("/predict", content=body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["reason"]


def test_columns_that_are_not_features_may_be_sent_and_do_not_reach_the_model(
    client: TestClient, model: Steady
) -> None:
    """A target or an ignored column is logged, so that labels can be joined, and never predicted from."""
    assert client.post("/predict", json=ROW | {"note": "order 7", "kind": "a"}).status_code == 200
    assert {*model.seen[0]} == {*ROW}


def test_too_many_bytes_or_rows_are_a_413(client: TestClient) -> None:
    """Limits are those of params.yaml."""
    assert client.post("/predict", json=[ROW] * 50).status_code == 200
    assert client.post("/predict", json=[ROW] * 51).status_code == 413
    assert client.post("/predict", content=b" " * 20_001).status_code == 413


def test_the_token_is_required_for_predictions_alone(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing, wrong or similar token is a 401; probes need none."""
    client.__exit__(None, None, None)
    monkeypatch.setenv("SERVE_TOKEN", "s3cret")
    client.__enter__()
    for given in (None, "Bearer", "Bearer s3cre", "Bearer s3cretx", "bearer s3cret", "s3cret", "Bearer é"):
        headers = {b"authorization": given.encode("latin-1")} if given else {}
        assert client.post("/predict", json=ROW, headers=headers).status_code == 401, given
    assert client.post("/predict", json=ROW, headers={"authorization": "Bearer s3cret"}).status_code == 200
    assert client.get("/ready").status_code == client.get("/metrics").status_code == 200
    assert client.get("/openapi.json").json()["paths"]["/predict"]["post"]["security"]


def test_a_model_that_fails_is_a_500_with_a_sentence_and_counted(client: TestClient) -> None:
    """The service goes on."""
    answer = client.post("/predict", json=ROW | {"size": 9})
    assert (answer.status_code, "failed" in answer.json()["detail"]) == (500, True)
    assert metric(client, 'predict_requests_total{code="500"}') == 1
    assert client.post("/predict", json=ROW).status_code == 200


def test_documents_have_the_real_columns_and_an_example_and_load_nothing_from_outside(client: TestClient) -> None:
    """The example predicts, the schema has the contract's values and ranges, and the page names no other server."""
    post = client.get("/openapi.json").json()["paths"]["/predict"]["post"]
    body = post["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        assert client.post("/predict", json=example["value"]).status_code == 200
    row = body["schema"]["oneOf"][0]
    assert row["required"] == [*ROW]
    assert row["properties"]["size"] == {"type": "number", "minimum": 0, "maximum": 10}
    assert row["properties"]["color"]["anyOf"][0]["enum"] == ["red", "blue"]
    page = client.get("/docs").text
    assert "http" not in page.replace("http-equiv", "")
    for path in (part.split('"')[0] for part in page.split('src="')[1:]):
        assert client.get(path).status_code == 200


def test_version_and_probes_say_what_is_served(client: TestClient) -> None:
    """Version, form and source; not ready while draining, but alive and answering."""
    about = client.get("/version").json()
    assert (about["version"], about["form"], about["refused"]) == ("v0.0.2", "trees", [])
    assert client.get("/ready").json() == {"version": "v0.0.2"}
    app.state.service.draining = True
    assert client.get("/ready").status_code == 503
    assert client.get("/health").status_code == client.post("/predict", json=ROW).status_code == 200


def test_a_log_that_cannot_be_written_stops_no_answer_and_is_shown(client: TestClient) -> None:
    """A folder where a file is: predictions go on, /health and /metrics say so; the log goes on once it can."""
    Path("logs").write_text("")
    assert client.post("/predict", json=ROW).status_code == 200
    wait_for(lambda: metric(client, "prediction_log_up") == 0)
    assert "cannot be written" in client.get("/health").json()["log"]
    assert client.post("/predict", json=ROW).status_code == 200
    Path("logs").unlink()
    wait_for(lambda: metric(client, "prediction_log_up") == 1)
    assert metric(client, "prediction_log_rows_total") == 2


def wait_for(reached: Any) -> None:
    """Wait until something is so, ten seconds at most."""
    end = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)
