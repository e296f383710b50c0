"""A tag in GTO's formats, `model@v1.2.3` or `model#prod#4`, with the JSON that promote or rollback wrote into it."""

import json
import re
from dataclasses import dataclass
from typing import Any

FIELDS = ("refname:strip=2", "objecttype", "objectname", "*objecttype", "*objectname", "taggername", "taggeremail",
          "taggerdate:unix", "contents:body", "contents:signature", "tag")  # fmt: skip
FORMAT = "%00".join(f"%({name})" for name in FIELDS) + "%00%01"
NUMBER = r"(0|[1-9]\d{0,8})"
TEXTS = ("kind", "stage", "version", "commit", "reason")  # keys of the JSON


@dataclass(frozen=True)
class Tag:
    """A valid tag: of a version or, with a `stage`, the one that points the stage to it."""

    name: str
    commit: str
    by: str
    mail: str
    time: int  # seconds since 1970
    content: dict[str, Any]  # the JSON; empty in a tag made by hand
    signed: bool
    version: str = ""
    stage: str = ""
    number: int = 0

    @property
    def kind(self) -> str:
        return str(self.content.get("kind", "promotion")) if self.stage else "registration"


def rows(text: str) -> list[list[str]]:
    """What `git for-each-ref` printed in FORMAT, a list of FIELDS per tag."""
    return [line.lstrip("\n").split("\0")[: len(FIELDS)] for line in text.split("\0\1") if line.strip("\n")]


def parse(row: list[str], artifact: str) -> Tag | str:
    """The tag in a row, or the reason why it is ignored."""
    ref, kind, _, target_kind, commit, by, mail, time, body, signature, title = row
    name = re.escape(artifact)
    version = re.fullmatch(rf"{name}@(v{NUMBER}\.{NUMBER}\.{NUMBER})", ref, re.ASCII)
    stage = re.fullmatch(rf"{name}#([^#!]+)#([1-9]\d{{0,8}})", ref, re.ASCII)
    if re.fullmatch(rf"{name}[@#].*!(#\d+)?", ref):
        return "is an undo tag of GTO, which has no effect here: use `lifecycle rollback`."
    if not version and not stage:
        return f"is malformed: a version is {artifact}@v1.2.3, a stage {artifact}#stage#4."
    if kind != "tag" or not re.fullmatch(r"\d{1,12}", time, re.ASCII):
        return "is a lightweight tag, or has no tagger, so it does not say who and when."
    if target_kind != "commit":
        return f"points to a {target_kind}, not to a commit."
    if title != ref:  # a signature is valid for the name inside the tag, not for that of the ref
        return f"is the tag {title} under another name."
    content = parse_body(body.removesuffix(signature))
    if content.get("commit", commit) != commit:
        return f"was made for commit {str(content['commit'])[:9]} and points to {commit[:9]}: it was moved."
    common = (ref, commit, by, mail.strip("<>"), int(time), content, bool(signature))
    if version:
        return Tag(*common, version=version[1])
    assert stage
    return Tag(*common, version=str(content.get("version", "")), stage=stage[1], number=int(stage[2]))


def parse_body(body: str) -> dict[str, Any]:
    """The JSON object of a message; empty if it is none of ours, as in a tag made by hand."""
    try:
        content = json.loads(body)
        names = content.get("approved_by", [])
        texts = [content.get(key, "") for key in TEXTS] + names
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}
    return content if isinstance(names, list) and all(isinstance(text, str) for text in texts) else {}


def order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version[1:].split(".")))
