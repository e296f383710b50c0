"""The one comment, the one issue and the one request: each is found by its marker or branch, and updated.

What is shown is a report.json, which anybody may have written; markdown.py escapes all of it.
"""

import json

from lifecycle.errors import ForgeError
from lifecycle.forge.api import Forge
from lifecycle.git.run import git
from lifecycle.report.markdown import markdown

REPORT, RERUN = "<!-- lifecycle:report -->\n", "<!-- lifecycle:reproduce -->\n"
FROM_FORK = "_From a fork: this was computed by the request's own code._\n\n"
LONGEST = 65_536  # characters of a text on GitHub
CUT = "\n\nThe report is too long to be shown here and was cut: the run has all of it.\n"
TITLE = "The weekly check of main failed"
WELL = "All results were reproduced, and no attack of the drill got through"


def rendered(content: bytes, ours: bool = True) -> str:
    """A report.json as Markdown after its marker, cut if too long; raises ForgeError if it is not a report."""
    try:
        text = REPORT + ("" if ours else FROM_FORK) + markdown(json.loads(content))
    except Exception as error:  # whatever it is: the content may be anybody's
        raise ForgeError(f"report.json cannot be shown ({type(error).__name__}): nothing is published.") from None
    return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)].rsplit("\n", 1)[0] + CUT


def comment(forge: Forge, number: int, content: bytes, ours: bool = True) -> str:
    text = rendered(content, ours)
    if old := forge.mine(forge.comments.format(number), "body", REPORT):
        forge.call(forge.update_method, forge.comment.format(number, old["id"]), {"body": text})
        return f"Updated the comment on request {number}."
    forge.call("POST", forge.comments.format(number), {"body": text})
    return f"Wrote the comment on request {number}."


def issue(forge: Forge, messages: list[str]) -> str:
    old = forge.mine(forge.issues, forge.text, RERUN)
    text = RERUN + "".join(f"- {message}\n" for message in messages)[: LONGEST - len(RERUN)]
    if messages and old:
        forge.call(forge.update_method, f"/issues/{old[forge.number]}", {forge.text: text})
        return f"Updated issue {old[forge.number]}."
    if messages:
        new = forge.call("POST", "/issues", {"title": TITLE, forge.text: text})
        return f"Opened issue {new[forge.number]}."
    if old:
        forge.call("POST", forge.issue_comments.format(old[forge.number]), {"body": f"{WELL}."})
        forge.call(forge.update_method, f"/issues/{old[forge.number]}", forge.closed)
        return f"Closed issue {old[forge.number]}."
    return f"{WELL}; there is no issue to close."


def request(forge: Forge, name: str, title: str, content: bytes) -> str:
    if git("rev-parse", "HEAD") not in forge.tip(name):
        return f"Branch {name} has nothing new for this commit: no request."
    text = rendered(content)
    if old := forge.open_request(name):
        forge.call(forge.update_method, f"{forge.requests}/{old[forge.number]}", {forge.text: text})
        return f"Updated request {old[forge.number]}."
    words = {"title": title, forge.source: name, forge.target: forge.default_branch(), forge.text: text}
    return f"Opened request {forge.call('POST', forge.requests, words)[forge.number]}."
