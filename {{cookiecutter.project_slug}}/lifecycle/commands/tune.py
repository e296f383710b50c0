"""Search for better settings of train by cross-validation within the training rows, with Optuna.

The test rows are not read: they judge the one model that is chosen. Reads the training rows and the blocks train,
cross_validation and tune of params.yaml; writes the best settings into the block train, if they are better.

  uv run --group tune lifecycle tune --trials 30
"""

import argparse
import sys
from typing import Annotated, Any

from pydantic import Field

from lifecycle import project
from lifecycle.errors import LifecycleError
from lifecycle.outcome import Outcome
from lifecycle.project import Block
from lifecycle.review import limits


class Range(Block):
    """The lowest and highest value of a setting; `log`: the search is by factors."""

    low: int | float
    high: int | float
    log: bool = False


class Tune(Block):
    """`first`: settings to try before the search; `search`: a range or a list of choices for each setting of train."""

    trials: int = Field(ge=1)
    first: list[dict[str, str | int | float | bool]] = []
    search: dict[str, Range | Annotated[list[str | int | float | bool], Field(min_length=1)]] = Field(min_length=1)
    seed: int = Field(ge=0, lt=2**32)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trials", type=int, help="how many settings are tried (default: tune.trials)")
    parser.add_argument("--metric", help="what is optimised (default: log_loss, or rmse for numbers)")


def run(options: argparse.Namespace) -> Outcome:
    """0 if the search was made, whether or not it found better settings."""
    try:
        import optuna
    except ImportError:
        raise LifecycleError("Optuna is not installed: run `uv run --group tune lifecycle tune`.") from None
    blocks = project.load_yaml("params.yaml")
    settings = project.check(Tune, blocks.get("tune"), "params.yaml, block tune,")
    trial = project.trials(blocks)
    before = trial({})
    metric = options.metric or next((name for name in ("log_loss", "rmse") if name in before), "")
    if metric not in before:
        raise LifecycleError(f"cross-validation does not give {metric!r}: choose one of {', '.join(before)}.")
    higher = limits.gate(blocks, "params.yaml").metrics[metric].better == "higher"
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=settings.seed)
    study = optuna.create_study(sampler=sampler, direction="maximize" if higher else "minimize")
    count = options.trials or settings.trials
    tried: list[tuple[float, dict[str, Any]]] = []
    for number in range(1, count + 1):
        asked = study.ask() if number > len(settings.first) else None
        searched = {name: _suggest(asked, name, values) for name, values in settings.search.items() if asked}
        chosen = searched or settings.first[number - 1]
        score = trial(chosen)[metric]
        if asked:
            study.tell(asked, score)
        tried.append((score, chosen))
        best = (max if higher else min)(tried, key=lambda pair: pair[0])
        print(f"tune: {number}/{count}, {metric} {score:.5g}, best {best[0]:.5g}", file=sys.stderr, flush=True)
    return _outcome(metric, before[metric], *best, higher)


def _suggest(asked: Any, name: str, values: Range | list[Any]) -> Any:
    """The next value to try for one setting."""
    if isinstance(values, list):
        return asked.suggest_categorical(name, values)
    if isinstance(values.low, int) and isinstance(values.high, int):
        return asked.suggest_int(name, values.low, values.high, log=values.log)
    return float(f"{asked.suggest_float(name, values.low, values.high, log=values.log):.3g}")


def _outcome(metric: str, before: float, best: float, found: dict[str, Any], higher: bool) -> Outcome:
    details = {"metric": metric, "before": before, "best": best, "parameters": found}
    if not (best > before if higher else best < before):
        return Outcome(0, [f"No settings are better than those of params.yaml ({metric} {before:.5g})."], details)
    project.write_params("train", found)
    shown = ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in found.items()
    )
    better = f"{metric} {before:.5g} -> {best:.5g} in cross-validation, with {shown}."
    return Outcome(0, [better, "They are in params.yaml now: run `uv run dvc repro`, and let a review judge."], details)
