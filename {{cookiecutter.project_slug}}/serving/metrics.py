"""What Prometheus reads from /metrics."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from serving.service import Service

BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30)


class Metrics:
    """What requests count."""

    def __init__(self, service: "Service") -> None:
        self.registry = CollectorRegistry()
        self.registry.register(State(service))
        self.requests = Counter("predict_requests", "Requests by HTTP status", ["code"], registry=self.registry)
        seconds = "Time from request to answer"
        self.seconds = Histogram("predict_seconds", seconds, buckets=BUCKETS, registry=self.registry)
        self.rows = Counter("predict_rows", "Rows that were predicted", registry=self.registry)
        refused = "Rows that broke the contract, by column and kind of breach"
        self.refused = Counter("predict_refused_rows", refused, ["column", "kind"], registry=self.registry)
        self.ok = self.requests.labels("200")


class State(Collector):
    """What the service is doing now, read when Prometheus asks."""

    def __init__(self, service: "Service") -> None:
        self.service = service

    def collect(self) -> Iterator[Metric]:
        """All families; without a stage there is no poll, and no age of it."""
        service, log, follower = self.service, self.service.log, self.service.follower
        info = GaugeMetricFamily("model_info", "The model that answers", labels=["version", "model", "form"])
        if served := service.current:
            info.add_metric([served.version or "", served.model.archive, served.model.kind], 1)
        yield info
        yield GaugeMetricFamily("service_ready", "1 if /ready says 200", float(not service.not_ready()))
        yield CounterMetricFamily("model_swaps", "Models that replaced another", service.swaps)
        yield CounterMetricFamily("model_refusals", "Versions that were refused", len(service.refused))
        yield GaugeMetricFamily("prediction_log_up", "1 if predictions can be written", float(not log.fault))
        yield CounterMetricFamily("prediction_log_rows", "Predictions that were written", log.rows)
        yield CounterMetricFamily("prediction_log_dropped", "Predictions that could not be written", log.dropped)
        if follower and (age := follower.age()) is not None:
            yield GaugeMetricFamily("git_poll_age_seconds", "Since Git was last asked with success", age)
            failing = float(bool(follower.trouble))
            yield GaugeMetricFamily("model_fetch_failing", "1 if Git or the DVC remote cannot be used", failing)
