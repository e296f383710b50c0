"""The forge that a CI run is on."""

import os

from lifecycle.forge.api import Forge
from lifecycle.forge.github import GitHub
from lifecycle.forge.gitlab import GitLab


def forge() -> Forge:
    return GitHub() if os.environ.get("GITHUB_REPOSITORY") else GitLab()
