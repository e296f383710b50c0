"""Failures while tags are written and concurrent promotions leave a consistent registry."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.registered import NO_TOKENS, Repo

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow

# Writes tags as `promote` does, without its checks: registers HEAD and points a stage to it
POINT = """
import json, os, sys
os.environ["VICTIM"] = str(os.getpid())
from lifecycle.errors import LifecycleError
from lifecycle.git import origin
from lifecycle.git.commits import full_hash
from lifecycle.git.run import git
from lifecycle.registry import write
from lifecycle.registry.read import read

def point(stage):
    with origin.scratch() as folder:
        registry, commit = read(folder, "model"), full_hash("HEAD")
        version = registry.version_of(commit) or registry.next_version("patch")
        content = {"kind": "promotion", "stage": stage, "version": version, "commit": commit}
        return write.point(folder, registry, content, False)
"""
ONCE = POINT + "sys.exit(point('prod').code)"
ROUNDS = (
    POINT
    + """
write.cross_check = lambda *_: None  # GTO is asked once, at the end
for line in sys.stdin:
    git("commit", "--quiet", "--allow-empty", "--message", sys.argv[1] + line)
    git("push", "--quiet", "origin", "HEAD:" + sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        done = point("prod")
        print(json.dumps([done.code, done.messages[0], done.details.get("tags", [])]), flush=True)
    except LifecycleError as why:
        print(json.dumps([2, str(why), []]), flush=True)
"""
)
# A `git` that kills its caller before or after the call with a given number
KILLER = """#!/bin/sh
count=$(($(cat "$COUNTER") + 1)); echo $count > "$COUNTER"
[ "$count" = "$BEFORE" ] && kill -9 "$VICTIM" && exit 1
{git} "$@"; code=$?
[ "$count" = "$AFTER" ] && kill -9 "$VICTIM"
exit $code
"""


def take_back(repo: Repo, names: set[str], newest: str) -> None:
    """Remove new tags from origin and from the clone."""
    repo.git("update-ref", "refs/lifecycle/model", newest, cwd=repo.origin)
    for name in names:
        repo.git("update-ref", "-d", f"refs/tags/{name}", cwd=repo.origin)
    repo.git("fetch", "--quiet", "--prune", "--prune-tags", "origin")


def test_promotion_is_atomic_when_killed(repo: Repo, home: dict[str, str]) -> None:
    """Killed before or after any Git command, origin has both tags or neither, and the clone no others."""
    (repo.clone / "NEWS.md").write_text("Something new.\n")
    repo.commit("More news")
    tools, counter = repo.folder / "tools", repo.folder / "counter"
    tools.mkdir()
    (tools / "git").write_text(KILLER.replace("{git}", str(shutil.which("git"))))
    (tools / "git").chmod(0o755)
    path = f"{tools}:{home['UV_PROJECT_ENVIRONMENT']}/bin:{home['PATH']}"
    before, counts, newest = repo.tags(), {"nothing": 0, "all": 0}, repo.newest()
    for moment in ("BEFORE", "AFTER"):
        for number in range(1, 100):
            counter.write_text("0")
            variables = {"PATH": path, "COUNTER": str(counter), "BEFORE": "", "AFTER": "", moment: str(number)}
            result = repo.run("python", "-c", ONCE, cwd=repo.clone, code=None, **NO_TOKENS | variables)
            if result.returncode == 0:
                break
            assert result.returncode == -9, result.stderr
            new = repo.tags().keys() - before.keys()
            assert new in (set(), {"model@v0.0.3", "model#prod#3"})
            assert repo.tags(repo.clone).keys() <= repo.tags().keys()
            assert repo.newest() == repo.tags().get("model#prod#3", newest)
            counts["all" if new else "nothing"] += 1
            take_back(repo, new, newest)
        assert repo.stages() == {"prod": "v0.0.3"}
        take_back(repo, repo.tags().keys() - before.keys(), newest)
    print(f"killed {sum(counts.values())} times: {counts}")
    assert counts["nothing"] > 10
    assert counts["all"] > 1


def start(home: dict[str, str], clone: Path, branch: str) -> subprocess.Popen[str]:
    """Start a process that promotes once for each line it reads."""
    environment = home | {"PATH": f"{home['UV_PROJECT_ENVIRONMENT']}/bin:{home['PATH']}"} | NO_TOKENS
    command = [f"{home['UV_PROJECT_ENVIRONMENT']}/bin/python", "-c", ROUNDS, branch]
    return subprocess.Popen(command, cwd=clone, env=environment, text=True, stdin=-1, stdout=-1)


def promote_together(racers: list[subprocess.Popen[str]], line: str) -> list[tuple[int, str, list[str]]]:
    """Start all processes at the same moment and return their results."""
    for text in (line, "go\n"):
        for racer in racers:
            assert racer.stdin and racer.stdout
            racer.stdin.write(text)
            racer.stdin.flush()
        replies = [racer.stdout.readline() for racer in racers if racer.stdout]
    return [json.loads(reply) for reply in replies]


def test_concurrent_promotions_stay_consistent(repo: Repo, home: dict[str, str]) -> None:
    """In a hundred concurrent pairs of promotions the loser names the winner, and audit, tags and GTO agree."""
    repo.git("clone", "--quiet", str(repo.origin), str(repo.folder / "other"), cwd=repo.folder)
    both = [repo, Repo(repo.folder, repo.run, "other").configure()]
    racers = [start(home, repository.clone, name) for repository, name in zip(both, ("left", "right"))]
    counts = {"one won": 0, "one after the other": 0}
    for number in range(100):
        results = promote_together(racers, f"round {number}\n")
        codes = sorted(code for code, _, _ in results)
        assert codes in ([0, 1], [0, 0]), results
        counts["one won" if codes == [0, 1] else "one after the other"] += 1
        for code, message, _ in results:
            assert code == 0 or ("came first" in message and "Tester" in message), message
        assert not {name for _, _, names in results for name in names} - repo.tags().keys()
    for racer in racers:
        racer.communicate()
    promotions = 100 + counts["one after the other"]
    print(f"100 rounds: {counts}")
    details = repo.verb("audit")["details"]
    assert len(details["versions"]) == 2 + promotions
    assert len(repo.tags()) == 2 * (2 + promotions)
    assert repo.tags(repo.clone).items() <= repo.tags().items()
    assert repo.stages() == details["stages"]
    assert counts["one won"] > 50
