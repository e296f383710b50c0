"""The audit as an HTML page."""

from html import escape
from typing import Any

from lifecycle.report.html import page, rows


def audit_page(details: dict[str, Any]) -> str:
    """The page for the details of `audit --json`, the newest version first."""
    title = f"Audit of {details['artifact']}"
    wrong = "".join(f"<li>{escape(fault)}</li>" for fault in details["faults"])
    state = f'<p class="bad">Records that disagree:</p><ul class="bad">{wrong}</ul>'
    if not wrong:
        state = '<p class="good">All records agree with each other and with the remote.</p>'
    versions = "".join(map(_version, reversed(details["versions"]))) or "<p>No version is registered yet.</p>"
    stages = rows([*details["stages"].items()])
    return page(title, f"<h1>{escape(title)}</h1>\n{state}\n<h2>Stages</h2>\n{stages}\n<h2>Versions</h2>\n{versions}")


def _version(record: dict[str, Any]) -> str:
    now = "".join(f' <span class="now">{escape(move["stage"])}</span>' for move in record["moves"] if move["now"])
    faults = "".join(f'<p class="bad">{escape(fault)}</p>' for fault in record["faults"])
    facts = {
        "registered": f"{record['date']} by {record['by']}",
        "approved by": ", ".join(record["approved_by"]) or "nobody",
        "gate": record["gate"],
        "commit": record["commit"],
        "dvc.lock": record["lock"],
        "model": record["model"],
        **record["data"],
        "training rows": record["rows"],
    }
    moves = [
        (f"{move['date']} {move['stage']}", f"{move['kind']} by {move['by']} ({move['tag']}) {move['reason']}")
        for move in record["moves"]
    ]
    moves += [
        (f"{one['date']} {one['stage']}", f"deployment {one['outcome']} by {one['by']} ({one['name']}) {one['reason']}")
        for one in record["deployments"]
    ]
    parameters = [
        (f"{block}.{key}", value)
        for block, values in record["parameters"].items()
        for key, value in (values.items() if isinstance(values, dict) else [("", values)])
    ]
    metrics = [(key, f"{value:.4g}") for key, value in record["metrics"].items() if isinstance(value, float)]
    parts = {"Metrics": metrics, "Parameters": parameters, "Libraries": [*record["libraries"].items()]}
    folded = "".join(f"<details><summary>{name}</summary>{rows([*part])}</details>" for name, part in parts.items())
    opened = " open" if now or faults else ""
    title = f"<b>{escape(record['version'])}</b>{escape(record['date'])}{now}"
    shown = rows([*facts.items(), *moves])
    return f"<details{opened}><summary>{title}</summary>{faults}{shown}{folded}</details>\n"
