"""The forge that a CI run is on."""

import os

from lifecycle.errors import ForgeError, LifecycleError
from lifecycle.forge.api import Forge
from lifecycle.forge.github import GitHub
from lifecycle.forge.gitlab import GitLab


def forge() -> Forge:
    """GitHub or GitLab; raises ForgeError outside CI."""
    return GitHub() if os.environ.get("GITHUB_REPOSITORY") else GitLab()


def approvers(commit: str) -> list[str]:
    """Who approved the merged request of a commit, without its author; raises LifecycleError if nobody can say."""
    try:
        return sorted(forge().approvers(commit))
    except (ForgeError, KeyError, TypeError) as error:
        raise LifecycleError(
            f"the stage requires an approval, which cannot be looked up here ({error}): promote with the CI job "
            "`promote`, or set its variables."
        ) from None
