"""The one comment, the one issue and the one request: each is found again by its marker or branch, and written anew.

What is shown is a report.json, which anybody may have written; markdown.py escapes all of it.
"""

import json

from lifecycle.forge.api import Forge
from lifecycle.forge.branch import git
from lifecycle.forge.web import Refused
from lifecycle.review.markdown import markdown

REPORT, PROOF = "<!-- lifecycle:report -->\n", "<!-- lifecycle:reproduce -->\n"
FOREIGN = "_From a fork: the request's own code computed what stands here._\n\n"
LONGEST = 65_536  # characters of a text on GitHub
CUT = "\n\nThe report is longer than a text may be here and was cut: the run has all of it.\n"
UNTRUE = "The results on main cannot be reproduced"


def rendered(content: bytes, ours: bool = True) -> str:
    """A report.json as Markdown after its marker, as long as it may be; raises Refused for what is none."""
    try:
        whole = REPORT + ("" if ours else FOREIGN) + markdown(json.loads(content))
    except Exception as why:  # whatever it is: the content may be anybody's
        raise Refused(f"report.json cannot be shown ({type(why).__name__}): nothing is published.") from None
    return whole if len(whole) <= LONGEST else whole[: LONGEST - len(CUT)].rsplit("\n", 1)[0] + CUT


def comment(at: Forge, number: int, content: bytes, ours: bool = True) -> str:
    """Write the one comment of a request, or write it anew."""
    text = rendered(content, ours)
    if old := at.mine(at.comments.format(number), "body", REPORT):
        at.call(at.update, at.comment.format(number, old["id"]), {"body": text})
        return f"The comment on request {number} is written anew."
    at.call("POST", at.comments.format(number), {"body": text})
    return f"Request {number} has its comment."


def issue(at: Forge, code: int, says: list[str]) -> str:
    """Open the one issue, bring it up to date, or close it."""
    old = at.mine(at.issues, at.text, PROOF)
    text = PROOF + "".join(f"- {sentence}\n" for sentence in says)[: LONGEST - len(PROOF)]
    if code and old:
        at.call(at.update, f"/issues/{old[at.number]}", {at.text: text})
        return f"Issue {old[at.number]} is up to date."
    if code:
        return f"Opened issue {at.call('POST', '/issues', {'title': UNTRUE, at.text: text})[at.number]}."
    if old:
        at.call("POST", at.remarks.format(old[at.number]), {"body": "All results were reproduced."})
        at.call(at.update, f"/issues/{old[at.number]}", at.closed)
        return f"Closed issue {old[at.number]}."
    return "All results were reproduced, and no issue says otherwise."


def request(at: Forge, name: str, title: str, content: bytes) -> str:
    """Open the one request of a branch, or bring its text up to date."""
    if git("rev-parse", "HEAD") not in at.tip(name):
        return f"Branch {name} holds nothing new for this commit: no request."
    text = rendered(content)
    if old := at.open_request(name):
        at.call(at.update, f"{at.requests}/{old[at.number]}", {at.text: text})
        return f"Request {old[at.number]} is up to date."
    words = {"title": title, at.source: name, at.target: at.default(), at.text: text}
    return f"Opened request {at.call('POST', at.requests, words)[at.number]}."
