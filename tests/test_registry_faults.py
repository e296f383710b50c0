"""What goes wrong while tags are written, or was done to them by hand: nothing lost, nothing wrong believed."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.registered import NOBODY, World

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow

# Writes tags as promote does, without the checks before: a new commit's version, to a stage
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
        found, commit = read(folder, "model"), full_hash("HEAD")
        version = found.version_of(commit) or found.next_version("patch")
        content = {"kind": "promotion", "stage": stage, "version": version, "commit": commit}
        return write.point(folder, found, content, False)
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
# A `git` that kills the process that called it, before or after it does its work, at a call of a number
KILLER = """#!/bin/sh
count=$(($(cat "$COUNTER") + 1)); echo $count > "$COUNTER"
[ "$count" = "$BEFORE" ] && kill -9 "$VICTIM" && exit 1
{git} "$@"; code=$?
[ "$count" = "$AFTER" ] && kill -9 "$VICTIM"
exit $code
"""


def test_killed_at_any_git_command_leaves_all_or_nothing(made: World, home: dict[str, str]) -> None:
    """Killed before or after each Git command, origin has both tags or neither, and the clone none of its own."""
    (made.clone / "NEWS.md").write_text("Something new.\n")
    made.commit("More news")
    tools, counter = made.folder / "tools", made.folder / "counter"
    tools.mkdir()
    (tools / "git").write_text(KILLER.replace("{git}", str(shutil.which("git"))))
    (tools / "git").chmod(0o755)
    path = f"{tools}:{home['UV_PROJECT_ENVIRONMENT']}/bin:{home['PATH']}"
    before, counts = made.tags(), {"nothing": 0, "all": 0}
    for moment in ("BEFORE", "AFTER"):
        for number in range(1, 100):
            counter.write_text("0")
            given = {"PATH": path, "COUNTER": str(counter), "BEFORE": "", "AFTER": "", moment: str(number)}
            done = made.run("python", "-c", ONCE, cwd=made.clone, code=None, **NOBODY | given)
            if done.returncode == 0:
                break
            assert done.returncode == -9, done.stderr
            new = made.tags().keys() - before.keys()
            assert new in (set(), {"model@v0.0.3", "model#prod#3"})
            assert made.tags(made.clone).keys() <= made.tags().keys()
            counts["all" if new else "nothing"] += 1
            for name in new:
                made.git("update-ref", "-d", f"refs/tags/{name}", cwd=made.origin)
            made.git("fetch", "--quiet", "--prune", "--prune-tags", "origin")
        assert made.shows() == {"prod": "v0.0.3"}
        for name in made.tags().keys() - before.keys():
            made.git("update-ref", "-d", f"refs/tags/{name}", cwd=made.origin)
            made.git("tag", "--delete", name)
    print(f"killed {sum(counts.values())} times: {counts}")
    assert counts["nothing"] > 10
    assert counts["all"] > 1


@pytest.mark.parametrize("refused", ["model@*", "model#*"])
def test_push_refused_half_way_leaves_no_tag(refused: str, made: World) -> None:
    """Where origin takes one of two tags only, it gets neither, the clone keeps neither, and the next try works."""
    (made.clone / "NEWS.md").write_text("Something new.\n")
    made.commit("More news")
    before, hook = made.tags(), made.origin / "hooks" / "update"
    hook.write_text(f'#!/bin/sh\ncase "$1" in refs/tags/{refused}) echo "protected tag"; exit 1;; esac\n')
    hook.chmod(0o755)
    said = made.says("promote", "--stage", "prod", code=2)
    assert "origin did not accept the tags" in said
    assert made.tags() == before == made.tags(made.clone)
    if refused == "model#*":
        hook.unlink()
        made.verb("promote", "--stage", "prod")
        assert made.shows() == {"prod": "v0.0.3"}


def start(home: dict[str, str], clone: Path, branch: str) -> subprocess.Popen[str]:
    """A process that promotes once for each line that it is sent."""
    environment = home | {"PATH": f"{home['UV_PROJECT_ENVIRONMENT']}/bin:{home['PATH']}"} | NOBODY
    command = [f"{home['UV_PROJECT_ENVIRONMENT']}/bin/python", "-c", ROUNDS, branch]
    return subprocess.Popen(command, cwd=clone, env=environment, text=True, stdin=-1, stdout=-1)


def together(racers: list[subprocess.Popen[str]], line: str) -> list[tuple[int, str, list[str]]]:
    """What each says after all were ready and then started at once."""
    for word in (line, "go\n"):
        for racer in racers:
            assert racer.stdin and racer.stdout
            racer.stdin.write(word)
            racer.stdin.flush()
        heard = [racer.stdout.readline() for racer in racers if racer.stdout]
    return [json.loads(answer) for answer in heard]


def test_two_at_once_never_both_own_a_stage(made: World, home: dict[str, str]) -> None:
    """A hundred rounds of two promotions at the same moment: one wins, the other is told who, and all agrees after."""
    made.git("clone", "--quiet", str(made.origin), str(made.folder / "other"), cwd=made.folder)
    both = [made, World(made.folder, made.run, "other").settle()]
    racers = [start(home, one.clone, name) for one, name in zip(both, ("left", "right"))]
    counts = {"one won": 0, "one after the other": 0}
    for number in range(100):
        answers = together(racers, f"round {number}\n")
        codes = sorted(code for code, _, _ in answers)
        assert codes in ([0, 1], [0, 0]), answers
        counts["one won" if codes == [0, 1] else "one after the other"] += 1
        for code, said, _ in answers:
            assert code == 0 or ("Somebody was faster" in said and "Tester" in said), said
        assert not {name for _, _, names in answers for name in names} - made.tags().keys()
    for racer in racers:
        racer.communicate()
    won = 100 + counts["one after the other"]
    print(f"100 rounds: {counts}")
    found = made.verb("audit")["details"]
    assert len(found["versions"]) == 2 + won
    assert len(made.tags()) == 2 * (2 + won)
    assert made.tags(made.clone).items() <= made.tags().items()
    assert made.shows() == found["stages"]
    assert counts["one won"] > 50
