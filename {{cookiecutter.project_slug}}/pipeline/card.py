"""The model card: what a reader must know before trusting the model. Figures come from files, opinions from people."""

from typing import Any

import pandas as pd
from skops.card import Card

from pipeline.contract import Contract

TITLE = "Model card"
FOLDED = ("Made from", "Libraries")


def card(
    contract: Contract,
    profile: dict[str, Any],
    made: dict[str, Any],
    scores: dict[str, Any],
    groups: pd.DataFrame,
    importance: pd.DataFrame,
    notes: str,
) -> str:
    """The card as Markdown; `notes` is the part that people write."""
    parameters, libraries = made["parameters"], made["libraries"]
    made_from = {**made["inputs"], made["model"]["path"]: made["model"]["md5"]}
    sections: dict[str, str | dict[str, list[Any]]] = {
        "Notes by people": notes.strip(),
        "Data": _data(profile),
        "Metrics": _metrics(scores),
        "Metrics by group": _rounded(groups) if len(groups) else "No column has few enough groups of 10 rows or more.",
        "What it looks at": _rounded(importance.head(20)),
        "Limits": _limits(profile, groups, scores),
        "Parameters": {"parameter": list(parameters), "value": list(parameters.values())},
        "Made from": {"file": list(made_from), "md5": list(made_from.values())},
        "Libraries": {"library": list(libraries), "version": list(libraries.values())},
    }
    document = Card(None, template=None)
    document.add(**{TITLE: _summary(contract, scores)})
    for name, content in sections.items():
        key = f"{TITLE}/{name}"
        if isinstance(content, str):
            document.add(**{key: content})
        else:
            document.add_table(folded=name in FOLDED, **{key: content})
            document.select(key).title = name  # skops writes the whole key over a table
    return document.render().strip() + "\n"


def _summary(contract: Contract, scores: dict[str, Any]) -> str:
    labels = contract.columns[contract.target].values
    kind = f"one of {len(labels)} classes ({', '.join(labels[:10])})" if labels else "a number"
    return (
        f"Predicts `{contract.target}`, {kind}, from {len(contract.features)} columns of a table. "
        f"Judged on {scores['test_rows']} rows that it has not seen."
    )


def _data(profile: dict[str, Any]) -> str:
    gaps = {name: entry["missing"] for name, entry in profile["columns"].items() if entry["missing"] > 0}
    worst = ", ".join(f"`{n}` {share:.1%}" for n, share in sorted(gaps.items(), key=lambda item: -item[1])[:10])
    return (
        f"{profile['rows']} training rows; {profile['rows_without_target']} rows without a target were left out. "
        f"Missing values: {worst or 'none'}. What each column is stands in `data/schema.yaml`."
    )


def _metrics(scores: dict[str, Any]) -> dict[str, list[Any]]:
    names = list(scores["interval"])
    edges = [scores["interval"][name] for name in names]
    return {
        "metric": names,
        "value": [f"{scores[name]:.4g}" if name in scores else "-" for name in names],
        "interval": [f"{edge['low']:.4g} to {edge['high']:.4g}" for edge in edges],
        "baseline": [f"{scores['baseline'][name]:.4g}" if name in scores["baseline"] else "-" for name in names],
    }


def _limits(profile: dict[str, Any], groups: pd.DataFrame, scores: dict[str, Any]) -> str:
    limits = [f"- {warning}" for warning in profile["warnings"]]
    if scores["test_rows"] < 200:
        limits.append(f"- only {scores['test_rows']} test rows: small differences between versions cannot be seen")
    if len(groups):
        limits.append(
            f"- the groups above with few rows are judged on those rows alone (the smallest has {groups['rows'].min()})"
        )
    return "\n".join(limits) or "None that the pipeline could see."


def _rounded(frame: pd.DataFrame) -> dict[str, list[Any]]:
    plain = frame.astype(object).where(frame.notna(), "-")
    return {n: [f"{v:.4g}" if isinstance(v, float) else v for v in plain[n]] for n in plain.columns}
