"""Runs a stage: its inputs are watched, its environment is checked, and an error is one sentence."""

import gc
import sys
from collections.abc import Callable

from pipeline.run.environment import check_environment
from pipeline.run.errors import InputError
from pipeline.run.inputs import edited_since_start, state
from pipeline.run.threads import threads

Main = Callable[..., None]


def stage(main: Main) -> Main:
    """Decorates the `main` of a stage: `python -m pipeline.STAGE PATHS` runs it with the paths of dvc.yaml.

    It must be the last definition of its file, since it runs as soon as it is read.
    """
    if main.__module__ == "__main__":
        spec = sys.modules["__main__"].__spec__
        if spec is None:
            sys.exit(f"run this as `python -m pipeline.{sys.argv[0].split('/')[-1].removesuffix('.py')}`.")
        run(spec.name.rpartition(".")[2], main)
    return main


def run(name: str, main: Main) -> None:
    """Run `main` with the command line's paths; exit 1 with a sentence on an InputError or an edited input."""
    try:
        before, edited = state(name), edited_since_start(name)
        if not edited:
            check_environment()
            with threads():
                main(*sys.argv[1:])
            after = state(name)
            edited = [path for path in {**before, **after} if before.get(path) != after.get(path)]
        gc.freeze()  # saves the half second that Python needs to free all imported objects
        if edited:
            raise InputError(f"{', '.join(edited)} changed while the stage ran: run `dvc repro` again.")
    except InputError as error:
        sys.exit(f"{name}: {error}")
    except FileNotFoundError as error:
        sys.exit(f"{name}: {error.filename} does not exist: run `dvc repro`, or `dvc pull` for stored data.")
    except OSError as error:
        sys.exit(
            f"{name}: {error.filename or 'a file'} cannot be used ({error.strerror or error}): see its permissions."
        )
