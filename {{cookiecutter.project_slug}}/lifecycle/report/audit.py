"""The audit as one HTML page without scripts or anything from elsewhere; every text escaped."""

from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --line: #8885; --good: #1a7f37; --bad: #cf222e }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .6rem 0; padding: .5rem .8rem }
summary { cursor: pointer } summary b { margin-right: .5rem }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; border-top: 1px solid var(--line) }
th { font-weight: 600; width: 35% } code { font-size: .85em }
.good { color: var(--good) } .bad { color: var(--bad) }
.now { border: 1px solid var(--good); border-radius: 1rem; padding: 0 .5rem; font-size: .85rem; color: var(--good) }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(found: dict[str, Any]) -> str:
    """The page for what `audit --json` has as details; the newest version first."""
    name = escape(found["artifact"])
    owners = "".join(_row(stage, version) for stage, version in found["stages"].items())
    wrong = "".join(f"<li>{escape(fault)}</li>" for fault in found["faults"])
    state = f'<p class="bad">Records that disagree:</p><ul class="bad">{wrong}</ul>' if wrong else (
        '<p class="good">All records agree, and the stored models have their hashes.</p>'
    )  # fmt: skip
    versions = "".join(_version(one) for one in reversed(found["versions"])) or "<p>No version is registered yet.</p>"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Audit of {name}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style></head>\n'
        f"<body><h1>Audit of {name}</h1>\n{state}\n<h2>Stages</h2>\n<table>{owners}</table>\n"
        f"<h2>Versions</h2>\n{versions}\n</body></html>\n"
    )


def _version(one: dict[str, Any]) -> str:
    now = "".join(f' <span class="now">{escape(each["stage"])}</span>' for each in one["stages"] if each["now"])
    bad = "".join(f'<p class="bad">{escape(fault)}</p>' for fault in one["faults"])
    facts = {
        "registered": f"{one['date']} by {one['by']}",
        "approved by": ", ".join(one["approved_by"]) or "nobody",
        "gate": one["gate"],
        "commit": one["commit"],
        "dvc.lock": one["lock"],
        "model": one["model"],
        **one["data"],
        "training rows": one["rows"],
    }
    metrics = {key: f"{value:.4g}" for key, value in one["metrics"].items() if isinstance(value, float)}
    parameters = {f"{block}.{key}": value for block, values in one["parameters"].items() for key, value in
                  (values.items() if isinstance(values, dict) else [("", values)])}  # fmt: skip
    stages = [
        (f"{each['date']} {each['stage']}", f"{each['kind']} by {each['by']} ({each['tag']}) {each['reason']}")
        for each in one["stages"]
    ]
    parts = {"Metrics": metrics, "Parameters": parameters, "Libraries": one["libraries"]}
    folded = "".join(
        f"<details><summary>{title}</summary><table>{''.join(_row(*pair) for pair in pairs.items())}</table></details>"
        for title, pairs in parts.items()
    )
    rows = "".join(_row(*pair) for pair in [*facts.items(), *stages])
    opened = " open" if now or bad else ""
    title = f"<b>{escape(one['version'])}</b>{escape(one['date'])}{now}"
    return f"<details{opened}><summary>{title}</summary>{bad}<table>{rows}</table>{folded}</details>\n"


def _row(name: object, value: object) -> str:
    return f"<tr><th>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>"
