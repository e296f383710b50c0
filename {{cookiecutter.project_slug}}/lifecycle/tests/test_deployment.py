"""What a deployment reads from a service's metrics, which addresses it asks, and when it stops waiting."""

import socket
from collections import Counter

import pytest

from lifecycle.deployment import service, verify, watch
from lifecycle.deployment.service import NoAnswer
from lifecycle.deployment.watch import Deploy
from lifecycle.errors import LifecycleError

METRICS = """# HELP predict_requests_total Requests.
# TYPE predict_requests_total counter
predict_requests_total{code="200"} 1.2e+03
predict_requests_total{path="/predict",code="503"} 7.0 1700000000
predict_requests_created{code="200"} 1.7e+09
predict_seconds_bucket{le="0.1"} 1190.0
predict_seconds_bucket{le="+Inf"} 1207.0
predict_seconds_sum 12.5
"""
SETTINGS = Deploy(timeout=1, watch=0, errors=0.01, p99=0.5)


def test_counters_are_read_from_the_text_format(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests by code and latencies by bucket are read, whatever other labels and metrics there are."""
    monkeypatch.setattr(service, "send", lambda *_: METRICS.encode())
    assert service.counters("http://x") == {"code 200": 1200, "code 503": 7, "le 0.1": 1190, "le +Inf": 1207}
    monkeypatch.setattr(service, "send", lambda *_: b"up 1\n")
    with pytest.raises(NoAnswer, match="has no predict_requests_total"):
        service.counters("http://x")


def buckets(*counts: int) -> Counter[str]:
    """A histogram with the bounds 0.1, 0.5, 1 and infinity."""
    return Counter(dict(zip(("le 0.1", "le 0.5", "le 1.0", "le +Inf"), counts)))


@pytest.mark.parametrize(
    ("counts", "seconds"),
    [
        ((100, 100, 100, 100), 0.099),
        ((0, 100, 100, 100), 0.1 + 0.4 * 0.99),
        ((98, 98, 100, 100), 0.75),
        ((0, 0, 0, 9), 1),
        ((0, 0, 0, 0), 0),
    ],
)
def test_quantile_is_that_of_prometheus(counts: tuple[int, ...], seconds: float) -> None:
    """The 99 % quantile is interpolated within its bucket; the last bucket has its lower bound."""
    assert watch.quantile(buckets(*counts), 0.99) == pytest.approx(seconds)


class Clock:
    """Time that passes in sleep alone."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def watched(monkeypatch: pytest.MonkeyPatch, *looks: Counter[str] | NoAnswer, seconds: float = 0) -> watch.Findings:
    """The findings for one replica that answers so, once a second; the watch ends with the last unless it is longer."""
    left = [*looks]

    def counters(_: str) -> Counter[str]:
        look = left.pop(0)
        if isinstance(look, NoAnswer):
            raise look
        return look

    monkeypatch.setattr(service, "counters", counters)
    monkeypatch.setattr(service, "version", lambda _: {"version": "v1"})
    monkeypatch.setattr(watch, "time", Clock())
    return watch.watch(["http://x"], "v1", SETTINGS.model_copy(update={"watch": seconds or len(looks) - 1}))


def test_what_was_counted_before_is_not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors before the watch do not count; those within it do."""
    before = Counter({"code 200": 10, "code 500": 90})
    assert watched(monkeypatch, before).figures == {"requests": 0, "errors": 0}
    found = watched(monkeypatch, before, Counter({"code 200": 20, "code 500": 91}))
    assert found.figures == {"requests": 11, "errors": 1}
    assert found.faults == ["1 of 11 requests failed, more than 1.00%"]
    assert not watched(monkeypatch, before, Counter({"code 200": 110, "code 500": 91})).faults


def test_counters_of_a_restarted_replica_start_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A counter that went back counts from zero."""
    found = watched(monkeypatch, Counter({"code 200": 500}), Counter({"code 200": 30}), Counter({"code 200": 32}))
    assert found.figures["requests"] == 32


def test_watch_ends_early_when_many_requests_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 100 requests a share of errors above the limit is a fault at once."""
    found = watched(monkeypatch, Counter({"code 500": 0}), Counter({"code 500": 100}), seconds=60)
    assert found.faults == ["100 of 100 requests failed, more than 1.00%"]


def test_one_missed_look_is_forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replica may miss two looks in a row, but neither three nor the last."""
    away, there = NoAnswer("/metrics does not answer", reached=False), Counter({"code 200": 5})
    assert not watched(monkeypatch, there, away, away, there, away, there).faults
    for found in (watched(monkeypatch, there, away, away, away, there), watched(monkeypatch, there, there, away)):
        assert found.faults == ["http://x /metrics does not answer while it was watched"]


@pytest.mark.parametrize("url", ["host:8000", "ftp://host", "http://user:secret@host", "http://", "http://a b"])
def test_address_must_be_one_of_http_without_password(url: str) -> None:
    """Other addresses are refused, without being repeated: they may hold a password."""
    with pytest.raises(LifecycleError) as error:
        service.addresses([url])
    assert "secret" not in str(error.value)


def test_name_with_several_addresses_is_several_replicas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A headless service's name leads to every replica; with HTTPS the name must stay."""
    rows = [(2, 1, 6, "", (ip, 8000)) for ip in ("10.0.0.2", "10.0.0.1", "10.0.0.2")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: rows)
    assert service.replicas(["http://all:8000/x"]) == ["http://10.0.0.1:8000/x", "http://10.0.0.2:8000/x"]
    assert service.replicas(["https://all"]) == ["https://all"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: rows[:1])
    assert service.replicas(["http://one"]) == ["http://one"]


def test_refused_version_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a replica refused the version, the wait ends at once with its reason; another version is waited for."""
    refused = [{"version": "v2", "reason": "wrong hash"}]
    monkeypatch.setattr(service, "version", lambda _: {"version": "v1", "refused": refused})
    assert verify.wait(["http://x"], "v2", 60)[1] == ["http://x refused v2: wrong hash"]
    assert verify.wait(["http://x"], "v3", 0.01)[1] == ["http://x serves v1, not v3 after 0.01 s"]


def test_replicas_are_looked_up_while_they_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """During a rollout the name leads to old replicas, then to new ones: these are asked from then on."""
    versions = {"http://old": "v1", "http://new": "v2"}
    looks = iter([["http://old"], ["http://old", "http://new"], ["http://new"]])
    monkeypatch.setattr(service, "replicas", lambda _: next(looks))
    monkeypatch.setattr(service, "version", lambda url: {"version": versions[url]})
    monkeypatch.setattr(verify, "SECOND", 0.01)
    assert verify.wait(["http://all"], "v2", 5) == (["http://new"], [])
