"""The service: `MODEL=stage:prod uv run uvicorn serving.app:app`. MODEL is a path, a version, or `stage:NAME`.

One process serves one model: start more processes, not workers, to serve more.
"""

import gc
import logging
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.routing import Route

from serving.drain import drain_on_sigterm
from serving.openapi import document
from serving.predict import encode, predict
from serving.request import Refusal
from serving.service import Service
from serving.settings import settings

JSON = "application/json"


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model, and at the end write what the log still has."""
    access = logging.getLogger("uvicorn.access")  # a line per request costs more than the prediction; see /metrics
    access.handlers, access.propagate = [], False
    service = app.state.service = Service(settings())
    service.start()
    gc.collect()
    gc.freeze()  # the libraries' objects, which no collection needs to look at
    drain_on_sigterm(service)
    try:
        yield
    finally:
        service.stop()


app = FastAPIOffline(title="Predictions", redoc_url=None, lifespan=lifespan, version="1")


def answer(status: int, content: Any) -> Response:
    """A JSON answer."""
    return Response(encode(content), status, media_type=JSON)


async def predict_rows(request: Request) -> Response:
    """Checks the rows against the contract and predicts them; the answer names the version and an id per row."""
    service: Service = app.state.service
    start, metrics = time.perf_counter(), service.metrics
    try:
        content, rows = await predict(service, request)
    except Refusal as refusal:
        status, content = refusal.status, encode({"detail": refusal.detail})
    except Exception:
        traceback.print_exc()
        status, content = 500, encode({"detail": "the model failed: see the service's error output"})
    else:
        metrics.rows.inc(rows)
        metrics.ok.inc()
        metrics.seconds.observe(time.perf_counter() - start)
        return Response(content, media_type=JSON)
    metrics.requests.labels(str(status)).inc()
    metrics.seconds.observe(time.perf_counter() - start)
    return Response(content, status, headers={"Retry-After": "5"} if status == 503 else None, media_type=JSON)


app.router.routes.append(Route("/predict", predict_rows, methods=["POST"]))  # FastAPI's own route takes 25 us more


@app.get("/health", summary="Is the process alive?")
async def health() -> Response:
    """200 while the process answers, with the state of the log."""
    fault = app.state.service.log.fault
    return answer(200, {"status": "alive", "log": f"cannot be written: {fault}" if fault else "up"})


@app.get("/ready", summary="Should requests be sent here?")
async def ready() -> Response:
    """200 with a verified model, 503 before that and after SIGTERM."""
    reason = app.state.service.not_ready()
    return answer(503, {"detail": reason}) if reason else answer(200, {"version": app.state.service.current.version})


@app.get("/version", summary="What answers here?")
async def version() -> Response:
    """The version, commit and hash of the model, since when it answers, and what was refused."""
    return answer(200, app.state.service.about())


@app.get("/metrics", summary="For Prometheus")
async def metrics() -> Response:
    """The metrics in Prometheus' format."""
    return Response(generate_latest(app.state.service.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def openapi() -> dict[str, Any]:
    """The OpenAPI document for the model that answers now."""
    return document(app, app.state.service, predict_rows.__doc__ or "")


app.openapi = openapi  # type: ignore[method-assign]
