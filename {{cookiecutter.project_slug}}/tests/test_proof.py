"""What verify and reproduce promise: values are compared, other bytes need a reason, a torn lock is seen."""

import json
from pathlib import Path

from lifecycle.lock import Lock, differing, files, torn
from lifecycle.reproduce import CAUSES, EQUAL, OTHER, tell
from lifecycle.review.values import differences


def test_values_are_compared_within_the_tolerance(tmp_path: Path) -> None:
    """Last bits are equal, more is listed side by side, a missing file and another format are told apart."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps({"a": 1.0, "b": {"md5": "x"}}))
    new.write_text(json.dumps({"a": 1.0 + 1e-12, "b": {"md5": "y"}}))
    assert differences(old, new, 1e-9, {"x": "y"}) == []
    assert differences(old, new, 1e-9, {}) == ["b.md5: recorded 'x', now 'y'"]
    assert differences(tmp_path / "none.json", new, 1e-9, {}) == ["new.json is there in one version only"]
    assert differences(old, tmp_path / "model.skops", 1e-9, {}) == ["model.skops is there in one version only"]
    (tmp_path / "model.skops").touch()
    assert differences(old, tmp_path / "model.skops", 1e-9, {}) is None


def test_other_bytes_need_a_reason() -> None:
    """A text or model of other bytes is excused by figures in their last bits or by what was computed from it alone."""
    stages = {"train": {"outs": [{"path": "m"}]}, "evaluate": {"deps": [{"path": "m"}], "outs": [{"path": "card"}]}}
    lock = Lock(stages, {}, {})
    assert tell({"m": OTHER, "card": EQUAL}, [*stages], lock)[0] == 0
    assert tell({"m": OTHER}, [*stages], lock)[0] == 0
    code, says = tell({"m": "identical", "card": OTHER}, [*stages], lock)
    assert (code, says[-1]) == (1, CAUSES)
    assert tell({"m": "identical", "card": ["a: recorded 1, now 2"]}, [*stages], lock)[0] == 1


def test_lock_that_disagrees_with_itself_is_seen() -> None:
    """An input recorded otherwise than its maker recorded it is named, and stages come in the order of their inputs."""
    stages = {
        "b": {"deps": [{"path": "x", "md5": "2"}], "outs": [{"path": "y", "md5": "3"}]},
        "a": {"outs": [{"path": "x", "md5": "1"}]},
    }
    outs = [out for entry in stages.values() for out in entry["outs"]]
    lock = Lock(stages, files(outs, {"y"}), {})
    assert torn(lock) == [("b", "x")]
    assert differing(None, lock) == ["a", "b"]
    assert [*lock.stored] == ["x"]
