"""The errors that a verb raises on purpose. Each message says what happened, why, and what to type next."""

from collections.abc import Iterator
from contextlib import contextmanager


class LifecycleError(Exception):
    """Something could not be done or checked: exit code 2."""


class Refused(LifecycleError):
    """The answer is no: exit code 1, with one message per reason."""

    def __init__(self, *messages: str) -> None:
        super().__init__(" ".join(messages))
        self.messages = messages


class RemoteError(LifecycleError):
    """The DVC remote is needed and cannot be used; a request from a fork has no secrets for it."""


class ForgeError(LifecycleError):
    """GitHub or GitLab refused a request or did not answer; `status` is the HTTP status, 0 without an answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def reading(file: str, advice: str = "run `uv run dvc repro` and commit") -> Iterator[None]:
    """Raise LifecycleError for whatever the content of one file, which anybody may have written, leads to."""
    try:
        yield
    except LifecycleError:
        raise
    except Exception as error:
        text = "".join(c if c.isprintable() else " " for c in str(error)[:200])
        why = f"{type(error).__name__}: {' '.join(text.split())}"
        raise LifecycleError(f"{file} has an unexpected content ({why}): {advice}.") from None
