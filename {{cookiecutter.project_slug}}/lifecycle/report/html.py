"""The one HTML page builder: no scripts, and nothing is loaded from elsewhere."""

from html import escape

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; --line: #8885; --good: #1a7f37; --bad: #cf222e }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; overflow-wrap: anywhere }
table { border-collapse: collapse; font-size: .9rem; margin: .5rem 0; display: block; overflow-x: auto;
        overflow-wrap: normal }
td, th { border-bottom: 1px solid var(--line); padding: .3rem .7rem .3rem 0; text-align: left; vertical-align: top }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .6rem 0; padding: .5rem .8rem }
summary { cursor: pointer } summary b { margin-right: .5rem }
code { font-size: .85em; overflow-wrap: anywhere }
figure { background: #fff; display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top }
figure svg { height: auto; max-width: 100% }
.good { color: var(--good) } .bad { color: var(--bad) }
.now { border: 1px solid var(--good); border-radius: 1rem; padding: 0 .5rem; font-size: .85rem; color: var(--good) }
"""


def page(title: str, body: str) -> str:
    """A page; `body` is HTML, whose texts are already escaped."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


def rows(pairs: "list[tuple[object, object]]") -> str:
    lines = [f"<tr><th>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>" for name, value in pairs]
    return f"<table>{''.join(lines)}</table>"
