"""How Git signs in with a token: by a header in its environment, never on a command line."""

import base64

from lifecycle.git.run import ENVIRONMENT


def header(server: str, user: str, token: str) -> dict[str, str]:
    """The setting that signs in to a server."""
    credentials = base64.b64encode(f"{user}:{token}".encode()).decode()
    return {f"http.{server}/.extraHeader": f"Authorization: Basic {credentials}"}


def variables(settings: dict[str, str]) -> dict[str, str]:
    """The environment variables that give Git these settings too, and keep it from asking."""
    count = int(ENVIRONMENT.get("GIT_CONFIG_COUNT", "0"))
    names = {"GIT_CONFIG_COUNT": str(count + len(settings)), "GIT_TERMINAL_PROMPT": "0"}
    for place, (key, value) in enumerate(settings.items(), start=count):
        names |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": value}
    return names
