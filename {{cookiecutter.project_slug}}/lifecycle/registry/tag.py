"""A tag in GTO's formats, `model@v1.2.3` or `model#prod#4`, with what a promotion or rollback wrote down in it."""

import json
import re
from dataclasses import dataclass
from typing import Any

FIELDS = ("refname:strip=2", "objecttype", "objectname", "*objecttype", "*objectname", "taggername", "taggeremail",
          "taggerdate:unix", "contents:body", "contents:signature", "tag")  # fmt: skip
FORMAT = "%00".join(f"%({name})" for name in FIELDS) + "%00%01"
NUMBER = r"(0|[1-9]\d*)"
TEXTS = ("kind", "stage", "version", "commit", "reason")  # of what is written down


@dataclass(frozen=True)
class Tag:
    """A believed tag: the version that it names or, with a `stage`, that it points the stage to."""

    name: str
    commit: str
    by: str
    mail: str
    when: int  # seconds since 1970
    says: dict[str, Any]  # what the verb that made it wrote down; empty in a tag made by hand
    signed: bool
    version: str = ""
    stage: str = ""
    number: int = 0

    @property
    def kind(self) -> str:
        """registration, promotion or rollback."""
        return str(self.says.get("kind", "promotion")) if self.stage else "registration"


def rows(text: str) -> list[list[str]]:
    """What `git for-each-ref` printed in FORMAT, a list of FIELDS for each tag."""
    return [line.lstrip("\n").split("\0")[: len(FIELDS)] for line in text.split("\0\1") if line.strip("\n")]


def tag(row: list[str], artifact: str) -> Tag | str:
    """The tag in a row, or why it can be none of ours."""
    ref, kind, _, target_kind, commit, by, mail, when, body, signature, title = row
    name = re.escape(artifact)
    version = re.fullmatch(rf"{name}@(v{NUMBER}\.{NUMBER}\.{NUMBER})", ref)
    stage = re.fullmatch(rf"{name}#([^#!]+)#([1-9]\d*)", ref)
    if re.fullmatch(rf"{name}[@#].*!(#\d+)?", ref):
        return "is an undo tag of GTO and undoes nothing here: `python -m lifecycle.rollback` makes a new tag."
    if not version and not stage:
        return f"is malformed: a version is {artifact}@v1.2.3, a stage {artifact}#stage#4."
    if kind != "tag" or not when:
        return "is a lightweight tag, or one without a tagger, which says neither who nor when: it is not believed."
    if target_kind != "commit":
        return f"names a {target_kind}, not a commit: it is not believed."
    if title != ref:  # a signature holds for the name inside the tag, not for that of the ref
        return f"is the tag {title} under another name: it is not believed."
    says = written(body.removesuffix(signature))
    if says.get("commit", commit) != commit:
        return f"was made for commit {str(says['commit'])[:9]} and stands on {commit[:9]}: it was moved."
    common = (ref, commit, by, mail.strip("<>"), int(when), says, bool(signature))
    if version:
        return Tag(*common, version=version[1])
    assert stage
    return Tag(*common, version=str(says.get("version", "")), stage=stage[1], number=int(stage[2]))


def written(body: str) -> dict[str, Any]:
    """The JSON object of a message; empty where it has none of ours, as in a tag made by hand."""
    try:
        found = json.loads(body)
        names = found.get("approved_by", [])
        texts = [found.get(key, "") for key in TEXTS] + names
    except (ValueError, AttributeError, TypeError):
        return {}
    return found if isinstance(names, list) and all(isinstance(text, str) for text in texts) else {}


def order(version: str) -> tuple[int, ...]:
    """What versions are sorted by."""
    return tuple(map(int, version[1:].split(".")))
