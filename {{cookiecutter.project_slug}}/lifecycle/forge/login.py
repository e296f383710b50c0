"""How Git signs in with a token."""

import base64


def header(user: str, token: str) -> str:
    """The HTTP header; given to Git in its environment alone, never on a command line."""
    return f"Authorization: Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}"
