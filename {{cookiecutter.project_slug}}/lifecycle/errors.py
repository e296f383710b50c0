"""The errors that a verb raises on purpose. Each message says what happened, why, and what to type next."""


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
