"""Every registered version: who, when, from what, with what result, and whether its records agree.

With VERSION, a commit or the hash of a model, one version is traced back to its training rows, and all of its objects
in the remote are read; without it the model of every version is read. The metrics are computed again from the stored
predictions; with --deep each model also predicts the test rows again. Writes nothing but the page of --html.

  uv run lifecycle audit --html report/audit.html
  uv run lifecycle audit v0.0.1
"""

import argparse
import sys
from dataclasses import asdict, replace
from typing import Any

from lifecycle.errors import LifecycleError
from lifecycle.git import origin
from lifecycle.git.batch import Batch
from lifecycle.git.run import git
from lifecycle.outcome import Outcome
from lifecycle.paths import path, write
from lifecycle.registry import policy
from lifecycle.registry.deployments import deployments
from lifecycle.registry.read import differences
from lifecycle.registry.record import Record, records
from lifecycle.report.audit import audit_page
from lifecycle.report.audit_lines import summary, trace
from lifecycle.review import limits
from lifecycle.storage import dvc, objects
from lifecycle.storage.version import Version, versions

tip = origin.tip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", nargs="?", help="a version, or the beginning of a commit or of a model's hash")
    parser.add_argument("--deep", action="store_true", help="let each model predict its test rows again")
    parser.add_argument("--html", metavar="FILE", type=path, help="write a page with everything")


def run(options: argparse.Namespace) -> Outcome:
    which = options.version
    with policy.registry() as (folder, registry, rules):
        current = [(registry.current(stage), rule) for stage, rule in rules.items()]
        unmet = [f"{fault}." for tag, rule in current if tag and (fault := policy.lacks(tag, folder, rule))]
        deployed, ignored = deployments(folder, registry)
        messages = registry.ignored + ignored + differences(registry) + unmet
        every = records(folder, registry, deployed)
        results = versions(Batch(folder, git("rev-parse", "--show-prefix")), [record.commit for record in every])
        main = origin.default_commit(folder)
        origin.bring([f"{registry.artifact}@{record.version}" for record in every])
    chosen = [record for record in every if which is None or matches(record, which)]
    if which is not None and not chosen:
        raise LifecycleError(f"no version, commit or model is called {which}: there {registry.listed()}.")
    with dvc.checkout("HEAD", main):  # the remote of the default branch
        chosen = check_objects(chosen, everything=which is not None)
    chosen = [
        replace(r, faults=[*dict.fromkeys(r.faults + prove(r, results[r.commit], main, options.deep))]) for r in chosen
    ]
    faults = [f"{record.version}: {fault}." for record in chosen for fault in record.faults] + messages
    lines = [line for record in chosen for line in (trace(record, registry.artifact) if which else [summary(record)])]
    if not chosen:
        lines = ["No version is registered yet: run `uv run lifecycle promote --stage STAGE`."]
    details: dict[str, Any] = {
        "artifact": registry.artifact,
        "stages": {stage: tags[-1].version for stage, tags in registry.stages.items() if tags},
        "versions": [asdict(record) for record in chosen],
        "faults": faults,
    }
    if options.html:
        write(options.html, audit_page(details), "page", "--html takes a file name")
        lines.append(f"The page is {options.html}.")
    checked = f"{len(chosen)} of {len(every)} versions and all {len(registry.hashes)} tags were checked"
    if faults:
        return Outcome(1, [*lines, *faults, f"{checked}: {len(faults)} records disagree."], details)
    return Outcome(0, [*lines, f"{checked}: all records agree with each other and with the remote."], details)


def matches(record: Record, which: str) -> bool:
    hashes = (record.commit, record.model)
    return record.version == which or (len(which) > 6 and any(value.startswith(which) for value in hashes))


def check_objects(chosen: list[Record], everything: bool) -> list[Record]:
    if not chosen:
        return []
    expected = {md5: size for record in chosen for md5, (_, size) in record.stored.items()}
    wrong = objects.faults(expected, expected if everything else [record.model for record in chosen])
    return [
        replace(record, faults=record.faults + [f"{path} {wrong[md5]}" for md5, (path, _) in record.stored.items()
                                                if md5 in wrong])
        for record in chosen
    ]  # fmt: skip


def prove(record: Record, version: Version | None, main: str, deep: bool) -> list[str]:
    """Where the metrics do not follow from the stored predictions or, if `deep`, those do not from the model."""
    from lifecycle.review import proof  # takes half a second

    if version is None:
        return []
    try:
        wrong = proof.wrong_metrics(version, record.proven)
        if deep:
            with dvc.checkout(version.commit, main) as folder:
                tolerance = limits.reproduce(main).tolerance
                wrong += proof.proven(version, folder, sys.executable, tolerance)[1]
    except LifecycleError as error:
        return [str(error).rstrip(".")]
    return wrong
