"""A table of somebody's own, from its set-up to the service and the monitor: its formats are the same everywhere."""

import json
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.registered import make_repo
from tests.service import running, serving_clone
from tests.test_life import edit

pytestmark = pytest.mark.slow


def test_a_table_with_formats_is_released_served_deployed_and_monitored(
    bake: Callable[..., Path], run: Run, home: dict[str, str], tmp_path: Path
) -> None:
    """Dates as people write them, prices, booleans and ordered values: golden predictions, /docs and log understand."""
    rng, table = random.Random(0), tmp_path / "given.csv"
    lines = ["joined;price;member;size;note;left"]
    for number in range(600):
        member, price = rng.random() < 0.5, rng.lognormvariate(4, 1)
        date = f"{1 + number % 28:02}/{1 + number % 12:02}/{2020 + number % 4}"
        written = f"{price:,.2f}".translate(str.maketrans(",.", ".,")) + " €"
        left = "yes" if (member and price > 60) or rng.random() < 0.1 else "no"
        lines.append(f"{date};{written};{str(member).lower()};{'SML'[number % 3]};{rng.choice('ab')};{left}")
    table.write_text("\n".join(lines) + "\n")
    project = bake(tmp_path, dataset=str(table), target="left", task="classification")
    contract = (project / "data/schema.yaml").read_text()
    assert "format: 1.234,50" in contract
    assert "%d/%m/%Y" in contract
    assert "type: boolean" in contract
    edit(project / "params.yaml", "watch: 60", "watch: 1")
    run("dvc", "repro", cwd=project)
    run("git", "add", "--all", cwd=project)
    run("git", "commit", "--quiet", "--no-verify", "-m", "Results", cwd=project)
    run("dvc", "push", cwd=project)
    repo = make_repo(project, tmp_path / "world", run, tmp_path / "storage")
    repo.verb("promote", "--stage", "prod")
    folder = serving_clone(repo)
    with running(folder, home, MODEL="stage:prod") as service:
        service.ready()
        deployed = repo.messages("deploy", "prod", "--url", f"http://127.0.0.1:{service.port}")
        assert "prod serves v0.0.1: golden predictions as recorded" in deployed
        document = service.ask("/openapi.json")[1]["paths"]["/predict"]["post"]["requestBody"]["content"]
        example = document["application/json"]["examples"]["one row"]["value"]
        status, answer = service.ask("/predict", example)
        assert status == 200, answer
        golden = json.loads((repo.clone / "models/golden.json").read_text())["predictions"][0]
        assert answer["predictions"][0]["predicted"] == golden["predicted"]
        assert service.ask("/predict", example | {"joined": "2021-02-03", "member": "maybe"})[0] == 422
        service.kill(signal.SIGTERM)  # so that the log is written
    repo.verb("predict", "data/raw.csv", "out.csv", "--stage", "prod", LOG_FOLDER=str(folder / "logs"))
    found = repo.verb("monitor", "--log", str(folder / "logs"), "--report", "report")["details"]
    assert (found["alarm"], found["rows"] > 600) == (False, True)
    assert [fault["what"] for fault in found["faults"]] == ["refused, values of another type"] * 2
