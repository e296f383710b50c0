"""The one error that a stage raises on purpose, and how a file that cannot be parsed becomes it."""

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(Exception):
    """Data, settings or files that a stage cannot use; the message says what is wrong and what to do next."""


@contextmanager
def reading(file: str, advice: str) -> Iterator[None]:
    """Raise InputError for whatever the content of one file makes its parser raise; a missing file stays one."""
    try:
        yield
    except (InputError, FileNotFoundError):
        raise
    except Exception as error:  # every parser has its own errors, and anybody may have written the file
        raise InputError(f"{file} cannot be read ({reason(error)}): {advice}.") from None


def reason(error: Exception) -> str:
    """An error of a library on one short line."""
    text = one_line(str(error)).rstrip(".") if not isinstance(error, KeyError) else ""
    return text or one_line(f"{type(error).__name__} {error}")


def one_line(text: str) -> str:
    """The start of a text without line breaks and codes that a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))[:200]
