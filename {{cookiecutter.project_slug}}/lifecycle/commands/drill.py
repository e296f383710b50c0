"""Do the checks say no? Forges changes and registries in a disposable copy of this project, and runs the verbs on them.

Nothing real is touched: the copy has an origin and a DVC remote of its own. Exit code 1 if a forgery gets through.

  uv run lifecycle drill
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lifecycle.errors import LifecycleError
from lifecycle.outcome import Outcome
from lifecycle.paths import path

if TYPE_CHECKING:
    from lifecycle.drill.world import World


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", nargs="+", metavar="ATTACK", help="only the attacks whose names contain these words")
    parser.add_argument("--report", metavar="DIR", dest="leave", type=path, help="leave the outcome in DIR")


def run(options: argparse.Namespace) -> Outcome:
    from lifecycle.drill.attacks import ATTACKS  # takes half a second
    from lifecycle.drill.world import world

    chosen = [attack for attack in ATTACKS if not options.only or any(words in attack.name for words in options.only)]
    if not chosen:
        raise LifecycleError(f"there is no such attack; there are: {', '.join(attack.name for attack in ATTACKS)}.")
    with TemporaryDirectory(prefix="lifecycle-drill-", ignore_cleanup_errors=True) as folder:
        original = world(Path(folder, "original"))
        copies = [Path(folder, str(number)) for number in range(len(chosen))]
        with ProcessPoolExecutor(os.cpu_count()) as pool:  # numbers, since steps cannot be sent to a process
            answers = [*pool.map(forged, map(ATTACKS.index, chosen), [original] * len(chosen), copies)]
    width = max(len(attack.name) for attack in chosen)
    table = [
        f"{attack.name:{width}}  {attack.verb:9}  {f'NOT CAUGHT: {why}' if why else 'caught'}"
        for attack, why in zip(chosen, answers)
    ]
    through = [attack.name for attack, why in zip(chosen, answers) if why]
    count = f"{len(chosen)} forged, {len(chosen) - len(through)} caught"
    details = {"attacks": {attack.name: why or "caught" for attack, why in zip(chosen, answers)}}
    if through:
        return Outcome(1, [*table, f"{count}. Got through: {', '.join(through)}."], details)
    return Outcome(0, [*table, f"{count}."], details)


def forged(number: int, original: "World", folder: Path) -> str:
    """Forge in a copy, and run the verb; empty if it says no in the words that it should, or what it said."""
    from lifecycle.drill.attacks import ARGUMENTS, ATTACKS

    attack, world = ATTACKS[number], original.copy(folder)
    try:
        for step in attack.steps:
            step(world)
        if attack.verb != "audit":
            world.commit("main" if attack.verb == "promote" else "change")
    except Exception as error:  # of a project that is built differently
        return f"it could not be forged here ({type(error).__name__}: {error})"
    done = world.verb(*ARGUMENTS[attack.verb], own_code=attack.own_code)
    output = done.stdout + done.stderr
    if done.returncode and attack.caught in output:
        return ""
    return f"exit code {done.returncode}, {' '.join(output.split())[-300:]}"
