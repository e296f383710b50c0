"""Reads a request to /predict: its token, its body and its rows, each within the limits."""

import hmac
from typing import Any, NoReturn

import msgspec
from starlette.requests import Request


class Refusal(Exception):
    """An answer other than 200: a status and its detail."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def check_token(request: Request, token: str) -> None:
    """Raise Refusal without the bearer token, if there is one; the comparison takes the same time for any other."""
    given = request.headers.get("authorization", "").encode("latin-1", "replace")
    if not hmac.compare_digest(given, f"Bearer {token}".encode()):
        raise Refusal(401, "the header `Authorization: Bearer TOKEN` is missing or has another token")


async def body(request: Request, most: int) -> bytes:
    """The whole body; raises Refusal as soon as it is too large."""
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        if (size := size + len(part)) > most:
            raise Refusal(413, f"a request may have {most:,} bytes at most")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def rows_of(content: bytes, most: int) -> list[object]:
    """The rows in a body; raises Refusal."""
    try:
        decoded = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        refuse_all(f"the body is not JSON in UTF-8: {error}")
    rows = decoded if isinstance(decoded, list) else [decoded]
    if not rows:
        refuse_all("the list has no rows")
    if len(rows) > most:
        raise Refusal(413, f"a request may have {most:,} rows at most, this one has {len(rows):,}")
    return rows


def refuse_all(reason: str) -> NoReturn:
    """Raise the refusal of a body that has no rows to speak of."""
    raise Refusal(422, [{"row": None, "column": None, "reason": reason, "allowed": None, "kind": "body"}])
