"""The one error that a stage raises on purpose."""


class InputError(Exception):
    """Data, settings or files that a stage cannot use; the message says what is wrong and what to do next."""
