"""One request to /predict: read, checked, predicted, logged and answered."""

import asyncio
import hmac
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NoReturn

import msgspec
from starlette.requests import Request

from serving.check import MOST, Fault
from serving.served import Served
from serving.service import Service

AT_ONCE = 200  # rows that are predicted before other requests have their turn
encode, decode = msgspec.json.encode, msgspec.json.decode


class Refusal(Exception):
    """An answer other than 200: a status and its detail."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def check_token(request: Request, token: str) -> None:
    """Raise Refusal without the bearer token, if there is one; the comparison takes the same time for any other."""
    given = request.headers.get("authorization", "").encode("latin-1", "replace")
    if not hmac.compare_digest(given, f"Bearer {token}".encode()):
        raise Refusal(401, "the header `Authorization: Bearer TOKEN` is missing or has another token")


async def body(request: Request, most: int) -> bytes:
    """The whole body; raises Refusal as soon as it is too large."""
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        if (size := size + len(part)) > most:
            raise Refusal(413, f"a request may have {most:,} bytes at most")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def rows_of(content: bytes, most: int) -> list[object]:
    """The rows in a body; raises Refusal."""
    try:
        decoded = decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        refuse_all(f"the body is not JSON in UTF-8: {error}")
    rows = decoded if isinstance(decoded, list) else [decoded]
    if not rows:
        refuse_all("the list has no rows")
    if len(rows) > most:
        raise Refusal(413, f"a request may have {most:,} rows at most, this one has {len(rows):,}")
    return rows


def refuse_all(reason: str) -> NoReturn:
    """Raise the refusal of a body that has no rows to speak of."""
    raise Refusal(422, [{"row": None, "column": None, "reason": reason, "allowed": None, "kind": "body"}])


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
