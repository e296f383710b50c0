"""A tag in GTO's formats, `model@v1.2.3` or `model#prod#4`, with the JSON that promote or rollback wrote into it."""

import json
import re
from dataclasses import dataclass
from typing import Any

from lifecycle.outcome import printable
from lifecycle.storage.dvc_yaml import NAME

FIELDS = ("refname", "objecttype", "objectname", "*objecttype", "*objectname", "taggername", "taggeremail",
          "taggerdate:unix", "contents:body", "contents:signature", "tag", "object")  # fmt: skip
FORMAT = "%00".join(f"%({name})" for name in FIELDS) + "%00%01"
NUMBER = r"(0|[1-9]\d{0,8})"
TEXTS = ("kind", "stage", "version", "commit", "reason")  # keys of the JSON
LONGEST = 1000  # characters of each text in it
LATEST = 253_402_300_799  # the end of the year 9999


@dataclass(frozen=True)
class Tag:
    """A valid tag: of a version or, with a `stage`, the one that points the stage to it."""

    name: str
    commit: str
    by: str
    mail: str
    time: int  # seconds since 1970
    content: dict[str, Any]  # the JSON, with printable texts; empty in a tag made by hand
    signed: bool
    version: str = ""
    stage: str = ""
    number: int = 0

    @property
    def kind(self) -> str:
        return str(self.content.get("kind", "promotion")) if self.stage else "registration"


def rows(text: str) -> list[list[str]]:
    """What `git for-each-ref` printed in FORMAT, a list of FIELDS per ref."""
    return [line.lstrip("\n").split("\0")[: len(FIELDS)] for line in text.split("\0\1") if line.strip("\n")]


def parse(row: list[str], artifact: str) -> Tag | str:
    """The tag in a row, or the reason why it is ignored."""
    ref, kind, _, target_kind, commit, by, mail, time, body, signature, title, target = row
    name = re.escape(artifact)
    version = re.fullmatch(rf"{name}@(v{NUMBER}\.{NUMBER}\.{NUMBER})", ref, re.ASCII)
    stage = re.fullmatch(rf"{name}#({NAME})#([1-9]\d{{0,8}})", ref, re.ASCII)
    if re.fullmatch(rf"{name}[@#].*!(#\d+)?", ref):
        return "is an undo tag of GTO, which has no effect here: use `lifecycle rollback`."
    if not version and not stage:
        return f"is malformed: a version is {artifact}@v1.2.3, a stage {artifact}#stage#4."
    if kind != "tag" or not time:
        return "is a lightweight tag, or has no tagger, so it does not say who and when."
    if not re.fullmatch(r"\d{1,12}", time, re.ASCII) or int(time) > LATEST:
        return "has a date after the year 9999, or one that is not a number."
    if target_kind != "commit" or target != commit:
        return f"points to a {target_kind}, not to a commit."
    if title != ref:  # a signature is valid for the name inside the tag, not for that of the ref
        return f"is the tag {title} under another name."
    content = parse_body(body.removesuffix(signature))
    if content.get("commit", commit) != commit:
        return f"was made for commit {str(content['commit'])[:9]} and points to {commit[:9]}: it was moved."
    common = (ref, commit, short(by), short(mail.strip("<>")), int(time), content, bool(signature))
    if version:
        return Tag(*common, version=version[1])
    assert stage
    return Tag(*common, version=str(content.get("version", "")), stage=stage[1], number=int(stage[2]))


def parse_body(body: str) -> dict[str, Any]:
    """The JSON object of a message; empty if it is none of ours, as in a tag made by hand."""
    try:
        content = clean(json.loads(body))
        names, previous = content.get("approved_by", []) + content.get("tags", []), content.get("previous", {})
        texts = [content.get(key, "") for key in TEXTS] + names + [*previous, *previous.values()]
        if not all(isinstance(text, str) for text in texts):
            return {}
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}
    safe = [
        re.fullmatch(r"[\w/.@#-]+", name, re.ASCII) for name in [*previous, *content.get("tags", [])]
    ]  # in commands
    hashed = [re.fullmatch("[0-9a-f]{40,64}", value) for value in previous.values()]
    return content if all([*safe, *hashed]) else {}


def clean(value: Any) -> Any:
    """The same JSON with texts that can be printed, whoever wrote them."""
    if isinstance(value, dict):
        return {short(key): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return short(value) if isinstance(value, str) else value


def short(text: str) -> str:
    return printable(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version[1:].split(".")))
