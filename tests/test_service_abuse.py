"""What people and machines may do to a running service: bad bodies, slow clients, many connections, a full disk."""

import hashlib
import http.client
import json
import os
import random
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.registered import Repo
from tests.service import Load, Service, golden, running, serving_clone
from tests.test_registry_faults import ONCE

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow
BAD = 10_000
ODD: list[Any] = [[], {}, [1], {"a": 1}, "x", "\0", "é" * 50, 1e308, -1e308, 10**40, "x" * 100_000, "1" * 5000]


@pytest.fixture(scope="module")
def folder(registered: Repo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with its model, which services of this file share."""
    repo = registered.copy(tmp_path_factory.mktemp("abuse") / "world")
    text = (repo.clone / "params.yaml").read_text()
    (repo.clone / "params.yaml").write_text(text.replace("seconds: 30", "seconds: 2").replace("grace: 5", "grace: 0"))
    return repo.clone


@pytest.fixture
def service(folder: Path, home: dict[str, str]) -> Iterator[Service]:
    """A service of the model in the project's folder."""
    with running(folder, home) as service:
        service.ready()
        yield service


@pytest.fixture(scope="module")
def row(folder: Path) -> dict[str, Any]:
    """A row that keeps the contract."""
    content = json.loads((folder / "models" / "golden.json").read_text())
    return dict(content["rows"][0])


def bad_body(number: int, row: dict[str, Any], rng: random.Random) -> bytes:
    """A body that is wrong in one of twelve ways."""
    broken, name, text = dict(row), rng.choice([*row]), json.dumps(row)
    match number % 12:
        case 0:
            return b"[" * rng.choice([10, 1000, 100_000]) + b"]" * rng.choice([0, 10, 100_000])
        case 1:
            return json.dumps(row | {name: float(rng.choice(["nan", "inf", "-inf"]))}).encode()
        case 2 | 3:
            return json.dumps(row | {name: rng.choice(ODD)}).encode()
        case 4:
            return text.encode(rng.choice(["utf-16", "utf-32", "utf-16-le"]))
        case 5:
            return text.encode()[: rng.randrange(len(text))]
        case 6:
            del broken[name]
            return json.dumps(broken).encode()
        case 7:
            return json.dumps(row | {rng.choice(["a", "\ud800", "", "x" * 10_000]): 1}).encode()
        case 8:
            return bytes(rng.randrange(256) for _ in range(rng.randrange(200)))
        case 9:
            return json.dumps([row, rng.choice([None, 1, "x", [], [row]])]).encode()
        case 10:
            return rng.choice([b"", b"null", b"[]", b"{}", b"1", b'"x"', b"[null]", b"\xef\xbb\xbf{}"])
    return text.replace(":", ": 1" + "0" * rng.choice([25, 400, 5000]) + ", " + json.dumps("x") + ":", 1).encode()


def test_ten_thousand_bad_bodies_get_no_5xx(service: Service, row: dict[str, Any]) -> None:
    """Each is answered with a 4xx and a reason, or with predictions where it happens to be right."""
    rng, codes = random.Random(0), Counter[int]()
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    for number in range(BAD):
        connection.request("POST", "/predict", bad_body(number, row, rng))
        answer = connection.getresponse()
        content = json.loads(answer.read())
        codes[answer.status] += 1
        assert content["predictions"] if answer.status == 200 else content["detail"], content
    assert {*codes} <= {200, 413, 422} and codes[422] > BAD * 0.9, codes
    assert service.ask("/predict", row | {"x": "x" * 10_000_000})[0] == 413
    assert service.ask("/predict", row)[0] == 200
    print(dict(codes))


def test_schemathesis_finds_no_5xx_and_no_undocumented_answer(service: Service, tmp_path: Path) -> None:
    """Requests made from the OpenAPI document, right and wrong ones, get answers that it documents."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [shutil.which("schemathesis", path=path) or "schemathesis", "run", f"http://127.0.0.1:{service.port}/openapi.json",
               "--checks", "not_a_server_error,status_code_conformance,response_schema_conformance",
               "--max-examples", "100", "--phases", "examples,coverage,fuzzing", "--seed", "1"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "5 selected / 5 total" in done.stdout
    assert service.metric('predict_requests_total{code="200"}') > 10


def test_slow_clients_are_ended_and_hold_up_nobody(service: Service, row: dict[str, Any]) -> None:
    """A hundred bodies that never end get a 408 after the time limit; others are answered meanwhile."""
    slow = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(100)]
    for client in slow:
        client.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    start = time.monotonic()
    load = Load(service, row)
    for client in slow:
        client.settimeout(20)
        assert b" 408 " in client.recv(1000).split(b"\r\n")[0]
        client.close()
    assert time.monotonic() - start < 10
    assert {*load.stop()} == {200}


def test_two_hundred_connections_are_all_answered(service: Service, row: dict[str, Any]) -> None:
    """None fails in a minute."""
    load = Load(service, row, clients=200)
    time.sleep(60)
    codes = load.stop()
    assert {*codes} == {200} and codes[200] > 1000, codes
    print(dict(codes), f"p99 {load.p99():.3f} s")


def test_a_full_disk_stops_the_log_and_never_the_answers(
    folder: Path, home: dict[str, str], row: dict[str, Any], tmp_path: Path
) -> None:
    """A file that may grow no more: /health and /metrics say so, all requests are answered, no line is cut."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        service = Service(folder, home, LOG_FOLDER=str(tmp_path / "logs"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    try:
        service.ready()
        load = Load(service, row)
        service.wait(lambda: service.metric("prediction_log_up") == 0)
        time.sleep(1)
        assert {*load.stop()} == {200}
        assert "cannot be written" in service.ask("/health")[1]["log"]
        (path,) = (tmp_path / "logs").iterdir()
        lines = path.read_bytes().split(b"\n")
        assert lines.pop() == b""
        assert len([json.loads(line) for line in lines]) == service.metric("prediction_log_rows_total")
    finally:
        service.close()


def forged(repo: Repo, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> None:
    """Register a version whose form is another one than the stage export wrote, hashes and all."""
    path = repo.clone / "models" / "serving.zip"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    form = json.loads(parts.pop("form.json"))
    change(form, parts)
    form["parts"] = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    text = json.dumps(form).encode()
    path.unlink()
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = hashlib.sha256(text).hexdigest().encode()
        for name, content in (parts | {"form.json": text}).items():
            archive.writestr(zipfile.ZipInfo(name), content)
    repo.run("dvc", "commit", "--force", "export", cwd=repo.clone)
    repo.commit("Another form")
    repo.run("python", "-c", ONCE, cwd=repo.clone)


def other_prediction(form: dict[str, Any], _: dict[str, bytes]) -> None:
    """A golden prediction that the model does not give."""
    name = next(name for name, value in form["predictions"][0].items() if isinstance(value, float))
    form["predictions"][0][name] += 0.1


def other_model(form: dict[str, Any], _: dict[str, bytes]) -> None:
    """A form of another model than the version's."""
    form["archive"] = "0" * 32


def code(_: dict[str, Any], parts: dict[str, bytes]) -> None:
    """A pickle that would write a file, in place of the weights."""
    harm = b"cos\nsystem\n(S'touch HARMED'\ntR."
    parts.update(dict.fromkeys([*parts, "model.pkl"], harm))


@pytest.mark.parametrize(
    ("change", "reason"),
    [(other_prediction, "golden"), (other_model, "was made from the model 0000"), (code, "cannot be served")],
)
def test_a_form_that_is_not_its_models_is_refused_and_runs_nothing(
    repo: Repo, home: dict[str, str], change: Callable[[dict[str, Any], dict[str, bytes]], None], reason: str
) -> None:
    """Also with hashes that agree: the old version keeps serving, and the reason is one sentence."""
    row = golden(repo.clone)[0][0]
    folder = serving_clone(repo)
    with running(folder, home, MODEL="stage:prod") as service:
        service.ready()
        forged(repo, change)
        service.wait(lambda: service.about()["refused"])
        about = service.about()
        (refused,) = about["refused"]
        assert (about["version"], refused["version"], reason in refused["reason"]) == ("v0.0.2", "v0.0.3", True), (
            refused
        )
        assert service.ask("/predict", row)[1]["version"] == "v0.0.2"
    assert not [*repo.folder.rglob("HARMED")]


def test_a_wrong_token_is_a_401_while_the_right_one_is_served(
    folder: Path, home: dict[str, str], row: dict[str, Any]
) -> None:
    """Under concurrent use."""
    with running(folder, home, SERVE_TOKEN="right") as service:
        service.ready()
        found: Counter[tuple[str, int]] = Counter()

        def ask(token: str) -> None:
            for _ in range(50):
                found[token, service.ask("/predict", row, {"Authorization": f"Bearer {token}"})[0]] += 1

        threads = [threading.Thread(target=ask, args=(token,)) for token in ("right", "wrong", "")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {("right", 200): 50, ("wrong", 401): 50, ("", 401): 50}
