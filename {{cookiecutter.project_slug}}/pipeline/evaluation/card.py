"""The model card: what a reader must know before using the model. Figures come from files, opinions from people."""

from typing import Any

import pandas as pd
from skops.card import Card

from pipeline.contract.schema import Contract

TITLE = "Model card"
FOLDED = ("Made from", "Libraries")


def card(
    contract: Contract,
    profile: dict[str, Any],
    manifest: dict[str, Any],
    scores: dict[str, float],
    intervals: dict[str, Any],
    slices: pd.DataFrame,
    importance: pd.DataFrame,
    notes: str,
    doubts: list[str],
) -> str:
    """The card as Markdown; `notes` is the part that people write, `doubts` what evaluate warns of."""
    parameters, libraries = manifest["parameters"], manifest["libraries"]
    made_from = {**manifest["inputs"], manifest["model"]["path"]: manifest["model"]["md5"]}
    sections: dict[str, str | dict[str, list[Any]]] = {
        "Notes": notes.strip(),
        "Data": _data(profile),
        "Metrics": _metrics(scores, intervals),
        "Metrics by slice": _rounded(slices) if len(slices) else "No column has few enough values of 10 rows or more.",
        "Permutation importance": _rounded(importance.head(20)),
        "Limits": _limits([*profile["warnings"], *doubts], slices, intervals["test_rows"]),
        "Parameters": {"parameter": list(parameters), "value": list(parameters.values())},
        "Made from": {"file": list(made_from), "md5": list(made_from.values())},
        "Libraries": {"library": list(libraries), "version": list(libraries.values())},
    }
    descriptions = {"Permutation importance": _left_out(importance)}
    document = Card(None, template=None)
    document.add(**{TITLE: _summary(contract, intervals["test_rows"])})
    for name, content in sections.items():
        key = f"{TITLE}/{name}"
        if isinstance(content, str):
            document.add(**{key: content})
        else:
            document.add_table(description=descriptions.get(name), folded=name in FOLDED, **{key: content})
            document.select(key).title = name  # skops writes the whole key above a table
    return document.render().strip() + "\n"


def _summary(contract: Contract, test_rows: int) -> str:
    labels = contract.columns[contract.target].values
    kind = f"one of {len(labels)} classes ({', '.join(labels[:10])})" if labels else "a number"
    return (
        f"Predicts `{contract.target}`, {kind}, from {len(contract.features)} columns of a table. "
        f"Evaluated on {test_rows} test rows that were not used for training."
    )


def _data(profile: dict[str, Any]) -> str:
    missing = {name: entry["missing"] for name, entry in profile["columns"].items() if entry["missing"] > 0}
    most = ", ".join(f"`{n}` {share:.1%}" for n, share in sorted(missing.items(), key=lambda item: -item[1])[:10])
    return (
        f"{profile['rows']} training rows; {profile['rows_without_target']} rows without a target were left out. "
        f"Missing values: {most or 'none'}. `data/schema.yaml` says what each column is."
    )


def _metrics(scores: dict[str, float], intervals: dict[str, Any]) -> dict[str, list[Any]]:
    edges, baseline = intervals["interval"], intervals["baseline"]
    return {
        "metric": list(edges),
        "value": [f"{scores[name]:.4g}" if name in scores else "-" for name in edges],
        "interval": [f"{edge['low']:.4g} to {edge['high']:.4g}" for edge in edges.values()],
        "baseline": [f"{baseline[name]:.4g}" if name in baseline else "-" for name in edges],
    }


def _left_out(importance: pd.DataFrame) -> str | None:
    count = importance.attrs.get("left_out", 0)
    return f"{count} columns that change few predictions were not shuffled by themselves." if count else None


def _limits(known: list[str], slices: pd.DataFrame, test_rows: int) -> str:
    limits = [f"- {warning}" for warning in known]
    if test_rows < 200:
        limits.append(f"- only {test_rows} test rows: small differences between versions cannot be detected")
    if len(slices):
        limits.append(f"- a slice is evaluated on its own rows alone (the smallest has {slices['rows'].min()})")
    return "\n".join(limits) or "None that the pipeline can detect."


def _rounded(frame: pd.DataFrame) -> dict[str, list[Any]]:
    plain = frame.astype(object).where(frame.notna(), "-")
    return {n: [f"{v:.4g}" if isinstance(v, float) else v for v in plain[n]] for n in plain.columns}
