"""A service follows its stage: promotions and rollbacks under load, broken versions, Git and remote away, kills."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.registered import Repo
from tests.service import Load, golden, running, serving_clone

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow


def same(predicted: dict[str, Any], recorded: dict[str, Any]) -> bool:
    """Whether a prediction is the recorded one."""
    return all(
        value == predicted[name] if isinstance(value, str) else abs(predicted[name] - value) < 1e-9
        for name, value in recorded.items()
    )


def logged(folder: Path) -> list[dict[str, Any]]:
    """The entries of all files of a log."""
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def test_promotions_and_rollbacks_are_served_under_load_without_a_failed_request(
    repo: Repo, home: dict[str, str]
) -> None:
    """Each answer is right for the version that it names; all accepted predictions are in the log at the end."""
    folder = serving_clone(repo)
    row, old = golden(repo.clone)[0]
    with running(folder, home, MODEL="stage:prod") as service:
        service.ready()
        load = Load(service, row)
        time.sleep(2)
        repo.retrain("learning_rate: 0.1", "learning_rate: 0.05")
        new = golden(repo.clone)[0][1]
        repo.verb("promote", "--stage", "prod")
        promoted = time.monotonic()
        assert service.serves("v0.0.3") < 10
        swapped = time.monotonic()
        repo.verb("rollback", "--stage", "prod")
        assert service.serves("v0.0.2") < 10
        codes = load.stop()
        assert {*codes} == {200}
        right = {"v0.0.2": old, "v0.0.3": new}
        found = dict.fromkeys(right, 0)
        for _, _, _, content in load.answers:
            found[content["version"]] += 1
            assert same(content["predictions"][0], right[content["version"]])
        assert all(found.values())
        print(f"{sum(codes.values())} answers, p99 {load.p99(end=promoted):.4f} s, "
              f"during the swap {load.p99(promoted, swapped):.4f} s")  # fmt: skip
        assert service.kill(signal.SIGTERM) in (0, -signal.SIGTERM)
    entries = {entry["id"]: entry for entry in logged(folder / "logs")}
    for _, _, _, content in load.answers:
        entry = entries[content["predictions"][0]["id"]]
        assert (entry["version"], entry["row"]) == (content["version"], row)


@pytest.mark.parametrize("how", ["truncated", "other bytes", "missing"])
def test_a_version_whose_object_is_broken_is_refused_once_and_served_when_it_is_mended(
    repo: Repo, home: dict[str, str], how: str
) -> None:
    """The old one keeps serving; the refusal is in /version and /metrics, with the reason."""
    with running(serving_clone(repo), home, MODEL="stage:prod") as service:
        service.ready()
        repo.retrain("learning_rate: 0.1", "learning_rate: 0.05")
        service.process.send_signal(signal.SIGSTOP)
        repo.verb("promote", "--stage", "prod")
        stored = repo.stored("models/serving.zip")
        content = stored.read_bytes()
        stored.chmod(0o644)
        if how == "missing":
            stored.unlink()
        else:
            stored.write_bytes(content[:1000] if how == "truncated" else content[:-1] + b"x")
        service.process.send_signal(signal.SIGCONT)
        service.wait(lambda: service.about()["refused"])
        time.sleep(3)
        about = service.about()
        (refused,) = about["refused"]
        assert (about["version"], refused["version"]) == ("v0.0.2", "v0.0.3")
        assert ("missing" if how == "missing" else "corrupt") in refused["reason"]
        assert service.metric("model_refusals_total") == 1
        assert service.said().count("v0.0.3 is refused") == 1
        stored.write_bytes(content)
        service.serves("v0.0.3")
        assert service.about()["refused"] == []


def test_a_full_disk_for_models_keeps_the_old_version_until_there_is_space(repo: Repo, home: dict[str, str]) -> None:
    """A folder that has room for one model: /version says why the new one is not there, and nothing is half written."""
    models = repo.folder / "models"
    models.mkdir()
    small = ["mount", "-t", "tmpfs", "-o", "size=36k", "tmpfs", str(models)]
    if subprocess.run(small, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk here")
    try:
        folder = serving_clone(repo)
        with running(folder, home, MODEL="stage:prod", MODEL_FOLDER=str(models)) as service:
            service.ready()
            row = golden(repo.clone)[0][0]
            repo.retrain("learning_rate: 0.1", "learning_rate: 0.05")
            repo.verb("promote", "--stage", "prod")
            service.wait(lambda: service.about()["trouble"])
            assert "models cannot be written (No space left on device)" in service.about()["trouble"]["reason"]
            assert (service.about()["version"], service.about()["refused"]) == ("v0.0.2", [])
            assert service.ask("/predict", row)[0] == 200
            assert len([*models.glob("*.zip")]) == 1
            assert not [*models.glob("*.part")]
            subprocess.run(["mount", "-o", "remount,size=1m", str(models)], check=True)
            service.serves("v0.0.3")
            assert service.about()["trouble"] is None
    finally:
        subprocess.run(["umount", "--lazy", str(models)], check=True)


def test_git_and_remote_may_be_away_later_and_at_start(repo: Repo, home: dict[str, str]) -> None:
    """The service goes on, says what is away and since when, and starts with the last good copy; then it catches up."""
    folder, row = serving_clone(repo), golden(repo.clone)[0][0]
    away = repo.folder / "away"
    with running(folder, home, MODEL="stage:prod") as service:
        service.ready()
        repo.origin.rename(away)
        service.wait(lambda: service.about()["trouble"])
        trouble = service.about()["trouble"]
        time.sleep(2)
        assert service.about()["trouble"] == trouble
        assert service.metric("git_poll_age_seconds") > 2
        assert (trouble["what"], service.ask("/predict", row)[0], service.ask("/ready")[0]) == ("Git", 200, 200)
    with running(folder, home, MODEL="stage:prod") as service:
        assert service.ready() < 10
        assert service.ask("/predict", row)[1]["version"] == "v0.0.2"
        service.wait(lambda: service.about()["trouble"])
        away.rename(repo.origin)
        service.wait(lambda: service.about()["trouble"] is None)
        repo.retrain("learning_rate: 0.1", "learning_rate: 0.05")
        service.process.send_signal(signal.SIGSTOP)
        repo.verb("promote", "--stage", "prod")
        repo.storage.rename(away)
        service.process.send_signal(signal.SIGCONT)
        service.wait(lambda: service.about()["trouble"])
        about = service.about()
        assert ("does not exist" in about["trouble"]["reason"], about["version"]) == (True, "v0.0.2")
        assert about["refused"] == []
        away.rename(repo.storage)
        service.serves("v0.0.3")
        assert service.about()["trouble"] is None


def test_without_git_and_a_copy_it_is_alive_and_not_ready_until_git_is_back(repo: Repo, home: dict[str, str]) -> None:
    """/predict and /ready say 503 with the reason."""
    folder = serving_clone(repo)
    repo.origin.rename(repo.folder / "away")
    with running(folder, home, MODEL="stage:prod") as service:
        service.wait(lambda: "origin cannot be reached" in service.ask("/ready")[1]["detail"])
        assert service.ask("/health")[0] == 200
        assert service.ask("/predict", {})[0] == 503
        (repo.folder / "away").rename(repo.origin)
        service.ready()


def test_a_fixed_version_and_a_path_are_served_without_following(repo: Repo, home: dict[str, str]) -> None:
    """MODEL=v0.0.1 stays that version; a path needs neither Git nor DVC; a wrong one is one sentence."""
    folder = serving_clone(repo)
    with running(folder, home, MODEL="v0.0.1") as service:
        service.ready()
        assert (service.about()["version"], service.about()["poll_age"]) == ("v0.0.1", None)
    away = {"MODEL": str(repo.clone / "models"), "MODEL_VERSION": "v9", "GIT_DIR": "/nowhere"}
    with running(folder, home, **away) as service:
        assert service.ready() < 10
        assert (service.about()["version"], service.about()["source"]) == ("v9", away["MODEL"])
    with running(folder, home, MODEL="models/nothing.zip") as service:
        assert service.process.wait(20) != 0
        assert "service: models/nothing.zip does not exist" in service.said()


def test_kills_while_it_fetches_leave_nothing_that_the_next_start_trips_over(repo: Repo, home: dict[str, str]) -> None:
    """Ten kills of service and fetch at other moments, without and with a copy: the next start serves the version."""
    folder = serving_clone(repo)
    for number in range(10):
        with running(folder, home, MODEL="stage:prod"):
            time.sleep(0.8 + 0.25 * number)
    with running(folder, home, MODEL="stage:prod") as service:
        service.ready()
        service.serves("v0.0.2")
        row, recorded = golden(repo.clone)[0]
        assert same(service.ask("/predict", row)[1]["predictions"][0], recorded)
    assert not list((folder / ".served").glob("*.part")) or len(list((folder / ".served").glob("*.part"))) < 5


def test_sigterm_under_load_loses_no_accepted_prediction(repo: Repo, home: dict[str, str]) -> None:
    """Not ready first; a request that came before ends well; every id that a client got is in the log."""
    folder = serving_clone(repo)
    row = golden(repo.clone)[0][0]
    with running(folder, home, MODEL=str(repo.clone / "models")) as service:
        service.ready()
        load = Load(service, row, clients=8)
        time.sleep(1)
        body = json.dumps(row).encode()
        with socket.create_connection(("127.0.0.1", service.port)) as slow:
            slow.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:10])
            service.process.send_signal(signal.SIGTERM)
            service.wait(lambda: service.ask("/ready")[0] == 503, 2)
            assert service.ask("/predict", row)[0] == 200
            time.sleep(1.2)  # the time of grace is over
            slow.sendall(body[10:])
            assert b"200 OK" in slow.recv(10_000)
        service.process.wait(20)
        codes = load.stop()
    assert {*codes} <= {200, 0}
    ids = {content["predictions"][0]["id"] for _, _, status, content in load.answers if status == 200}
    assert len(ids) == codes[200] > 20
    assert ids < {entry["id"] for entry in logged(folder / "logs")}


def test_two_services_on_one_folder_keep_their_rows_apart(repo: Repo, home: dict[str, str]) -> None:
    """Each writes files of its own; nothing is mixed or lost."""
    folder, row = serving_clone(repo), golden(repo.clone)[0][0]
    model = {"MODEL": str(repo.clone / "models"), "LOG_FOLDER": str(repo.folder / "logs")}
    with running(folder, home, **model) as one, running(folder, home, **model) as two:
        one.ready()
        two.ready()
        loads = [Load(one, row), Load(two, row)]
        time.sleep(2)
        counts = [load.stop()[200] for load in loads]
        for service in (one, two):
            service.kill(signal.SIGTERM)
    entries = logged(repo.folder / "logs")
    assert len(entries) == len({entry["id"] for entry in entries}) == sum(counts)
    assert len([*(repo.folder / "logs").iterdir()]) == 2
    assert not (folder / ".served").exists()
