"""One request to /predict: read, checked, predicted, logged and answered."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NoReturn

import msgspec
from starlette.requests import Request

from serving.columns import Fault
from serving.request import Refusal, body, check_token, rows_of
from serving.served import Served
from serving.service import Service

AT_ONCE = 200  # rows that are predicted before other requests have their turn
MOST = 100  # refused cells that are listed
encode = msgspec.json.encode


async def predict(service: Service, request: Request) -> tuple[bytes, int]:
    """The answer's bytes and its number of rows; raises Refusal."""
    settings, loop = service.settings, asyncio.get_running_loop()
    if settings.token:
        check_token(request, settings.token)
    served, limits = service.current, settings.limits
    if served is None:
        raise Refusal(503, service.not_ready())
    end = loop.time() + limits.seconds
    try:
        async with asyncio.timeout_at(end):
            content = await body(request, limits.bytes)
    except TimeoutError:
        raise Refusal(408, f"the body did not arrive within {limits.seconds} seconds") from None
    rows = rows_of(content, limits.rows)
    predictions: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for start in range(0, len(rows), AT_ONCE):
        if start:
            await asyncio.sleep(0)
            if loop.time() > end:
                raise Refusal(503, f"no answer within {limits.seconds} seconds: send fewer rows at once")
        typed, wrong = served.check.rows(rows[start : start + AT_ONCE], start)
        faults += wrong
        if not faults:
            predictions += served.model.predict(typed)
    if faults:
        refuse(service, served, faults)
    ids = [f"{service.name}-{number}" for number in islice(service.numbers, len(rows))]
    await log(service, served, rows, predictions, ids, end)
    answers = [{"id": name, **prediction} for name, prediction in zip(ids, predictions)]
    return encode({"version": served.version, "predictions": answers}), len(rows)


def refuse(service: Service, served: Served, faults: list[Fault]) -> NoReturn:
    """Count and log what was refused, since monitoring would otherwise see clean data only, and raise Refusal."""
    known = {*served.check.known}
    kinds = Counter((f.column if f.column in known else "", f.kind) for f in faults)
    for (column, kind), number in kinds.items():
        service.metrics.refused.labels(column, kind).inc(number)
    refused = [{"column": column, "kind": kind, "cells": number} for (column, kind), number in kinds.items()]
    entry = {"time": datetime.now(UTC), "version": served.version, "refused": refused}
    service.log.add(encode(entry) + b"\n", 0)
    more = f"and {len(faults) - MOST} more" if len(faults) > MOST else ""
    details = [fault.detail() for fault in faults[:MOST]]
    rest = [{"row": None, "column": None, "reason": more, "allowed": None, "kind": "more"}] if more else []
    raise Refusal(422, details + rest)


async def log(
    service: Service, served: Served, rows: list[Any], predictions: list[dict[str, Any]], ids: list[str], end: float
) -> None:
    """Log the rows; waits while the log is behind, but not while it cannot write at all."""
    time, version = datetime.now(UTC), served.version
    entries = [
        encode({"id": name, "time": time, "version": version, "row": row, "prediction": prediction})
        for name, row, prediction in zip(ids, rows, predictions)
    ]
    lines = b"\n".join([*entries, b""])
    while not (service.log.fault or service.log.has_room(len(lines))):
        if asyncio.get_running_loop().time() > end:
            raise Refusal(503, "the prediction log is behind: try again later")
        await asyncio.sleep(0.01)
    service.log.add(lines, len(rows))
