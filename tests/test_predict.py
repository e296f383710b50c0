"""`lifecycle predict` and `lifecycle fetch` with registered versions."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.registered import Repo
from tests.test_life import edit

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow


def test_a_table_is_predicted_with_the_stages_version_and_logged(repo: Repo) -> None:
    """OUT and the log have the same ids and the version; rows that break the contract are refused as a whole."""
    lines = [line.split(",", 1)[1] for line in (repo.clone / "data/raw.csv").read_text().splitlines()]
    new = repo.clone / "new.csv"
    new.write_text("\n".join(lines) + "\n")
    details = repo.verb("predict", "new.csv", "out.csv", "--stage", "prod")["details"]
    assert (details["version"], details["rows"], details["not_logged"]) == ("v0.0.2", len(lines) - 1, 0)
    written = [line.split(",")[:2] for line in (repo.clone / "out.csv").read_text().splitlines()[1:]]
    (log,) = (repo.clone / "logs").iterdir()
    logged = [(entry["id"], entry["version"]) for entry in map(json.loads, log.read_text().splitlines())]
    assert [tuple(pair) for pair in written] == logged
    assert repo.verb("predict", "new.csv", "again.parquet", "--version", "v0.0.1")["details"]["version"] == "v0.0.1"
    assert repo.verb("predict", "new.csv", "here.csv")["details"]["version"] is None
    new.write_text("\n".join([*lines, lines[1].replace(lines[1].split(",")[0], "Atlantis")]) + "\n")
    message = repo.messages("predict", "new.csv", "bad.csv", "--stage", "prod", code=2)
    assert f"rows {len(lines)}, values Atlantis" in message
    assert not (repo.clone / "bad.csv").exists()


def test_other_code_than_the_versions_is_found_by_its_golden_predictions(repo: Repo) -> None:
    """A feature that was changed since the version was made gives other predictions: nothing is written."""
    line = "    words = data[texts].astype(object)\n"
    doubled = "    data = data.assign(**{name: data[name] * 2 for name in others})\n"
    edit(repo.clone / "pipeline" / "features.py", line, doubled + line)
    (repo.clone / "new.csv").write_text((repo.clone / "data/raw.csv").read_text())
    message = repo.messages("predict", "new.csv", "out.csv", "--version", "v0.0.1", code=2)
    assert "golden predictions of v0.0.1" in message
    assert not (repo.clone / "out.csv").exists()


def test_fetch_brings_what_was_recorded_or_says_why_not(repo: Repo) -> None:
    """The file has its recorded hash; an intact copy needs no remote; another dvc.lock than the tag's is refused."""
    details = repo.verb("fetch", "--stage", "prod", "--out", "models/served")["details"]
    file = repo.clone / details["file"]
    assert hashlib.md5(file.read_bytes()).hexdigest() == details["md5"] == file.stem
    repo.storage.rename(repo.folder / "away")
    assert repo.verb("fetch", "--version", "v0.0.2", "--out", "models/served")["details"] == details
    file.write_bytes(b"cut off")
    assert "does not exist" in repo.messages("fetch", "--stage", "prod", "--out", "models/served", code=2)
    assert file.read_bytes() == b"cut off"
    (repo.folder / "away").rename(repo.storage)
    assert repo.verb("fetch", "--stage", "prod", "--out", "models/served")["details"] == details
    assert "no version yet" in repo.messages("fetch", "--stage", "staging", "--out", "x", code=1)
    message = repo.messages("fetch", "--version", "v9.0.0", "--out", "x", code=1)
    assert "not registered: there are v0.0.1, v0.0.2" in message
    assert not Path(repo.clone / "x").exists()
