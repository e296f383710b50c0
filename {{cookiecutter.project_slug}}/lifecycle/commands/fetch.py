"""Downloads the model of a version or stage in the form that the service loads, checked against its records.

The service calls it when its stage has moved. The file is named by its hash; an intact one is not downloaded again.

  uv run lifecycle fetch --stage prod --out models/served
"""

import argparse

from lifecycle import paths
from lifecycle.outcome import Outcome
from lifecycle.registry.delivery import Unfit, bring, registered, stored
from lifecycle.storage.version import FORM


def arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--stage", help="the version that this stage points to")
    which.add_argument("--version", help="a registered version, such as v0.0.2")
    parser.add_argument("--out", required=True, type=paths.path, metavar="FOLDER", help="where the file goes")


def run(options: argparse.Namespace) -> Outcome:
    """0 with the file; 1 if there is no such version, or it is not what was recorded; 2 if it cannot be had now."""
    try:
        name, results = registered(options.stage, options.version)
        file = stored(name, results, FORM)
        path = bring(name, file, options.out)
    except Unfit as refusal:
        return Outcome(1, [*refusal.messages], {"version": refusal.version})
    kept = {"file": str(path), "md5": file.md5, "archive": results.model.md5}
    details = {"version": name, "commit": results.commit, **kept}
    return Outcome(0, [f"{name} is {path}."], details)
