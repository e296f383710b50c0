"""Whatever a file contains, its reader ends in a result or in one sentence, within ten seconds.

`make fuzz` runs many more cases, with another seed each time.
"""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz_inputs import PLACES, cases, real

pytestmark = pytest.mark.slow
LIMIT = 10  # seconds for one file
LONG = "FUZZ_CASES" in os.environ
OTHERS = ["list.dir", "raw.parquet", "tag", "answer.json", "report.json", "verify.json"]
READERS = [*(name for names in PLACES.values() for name in names), *OTHERS]
EACH = int(os.environ.get("FUZZ_CASES", "4400")) // len(READERS)
SETTINGS = settings(
    max_examples=EACH, derandomize=not LONG, database=None, deadline=None, suppress_health_check=[*HealthCheck]
)


class Reader:
    """The process that reads, in the environment of a project."""

    def __init__(self, project: Path, home: dict[str, str]) -> None:
        python = f"{home['UV_PROJECT_ENVIRONMENT']}/bin/python"
        command = [python, "-W", "ignore", str(Path(__file__).with_name("fuzz_reader.py"))]
        self.process = subprocess.Popen(command, cwd=project, env=home, stdin=-1, stdout=-1, text=True)
        self.answers: Queue[str] = Queue()
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            if line.startswith("answer "):
                self.answers.put(line.removeprefix("answer "))
        self.answers.put("null")

    def read(self, name: str, content: bytes, limit: float) -> Any:
        """What the reader ended in; None if the process died, or did not answer in time."""
        assert self.process.stdin
        case = {"reader": name, "content": base64.b64encode(content).decode()}
        try:
            self.process.stdin.write(json.dumps(case) + "\n")
            self.process.stdin.flush()
            return json.loads(self.answers.get(timeout=limit))
        except (Empty, OSError):
            self.process.kill()
            return None


@pytest.fixture(scope="module")
def valid(reproduced: Path) -> dict[str, st.SearchStrategy[bytes]]:
    """The strategy of each reader."""
    return cases(reproduced)


@pytest.fixture(scope="module")
def reader(reproduced: Path, home: dict[str, str]) -> Iterator[list[Reader]]:
    """The reading process, in a list, since one that hangs or dies is replaced."""
    current = [Reader(reproduced, home)]
    current[0].read("tag", b"", 60)  # which loads the libraries
    yield current
    current[0].process.kill()


@pytest.mark.parametrize("name", READERS)
def test_any_content_ends_in_a_result_or_a_sentence(
    name: str, valid: dict[str, st.SearchStrategy[bytes]], reader: list[Reader], reproduced: Path, home: dict[str, str]
) -> None:
    """No content of a file leads to a traceback, a dead process or a long wait."""

    @SETTINGS
    @given(content=valid[name])
    def check(content: bytes) -> None:
        answer = reader[0].read(name, content, LIMIT)
        if answer is None:
            reader[0] = Reader(reproduced, home)
            reader[0].read("tag", b"", 60)
        assert answer, f"{name} did not answer within {LIMIT} s, or died"
        assert answer["how"] in ("result", "sentence"), answer["how"]

    check()


def test_the_valid_files_are_read(reader: list[Reader], reproduced: Path) -> None:
    """The readers accept the files that the project wrote; otherwise every case would end in a sentence."""
    for name, content in real(reproduced).items():
        answer = reader[0].read(name, content, 60)
        assert answer["how"] == "result", (name, answer)
