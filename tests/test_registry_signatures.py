"""Signatures with real OpenPGP and SSH keys: what is signed by a valid key counts, and nothing else does."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.registered import Repo
from tests.test_registry_rights import require

pytest_plugins = ["tests.registered"]
pytestmark = pytest.mark.slow
INVALID = "model#prod#{} has no valid signature, which prod requires"


@pytest.fixture
def gnupg(run: Run) -> Iterator[Path]:
    """A home of GnuPG; its path must be short, since it holds the agent's socket."""
    folder = Path(tempfile.mkdtemp(prefix="gpg"))
    yield folder
    run("gpgconf", "--homedir", str(folder), "--kill", "all", cwd=folder)
    shutil.rmtree(folder, ignore_errors=True)


def sign_by_hand(repo: Repo, name: str, key: str, commit: str = "model@v0.0.1^{}", **variables: str) -> None:
    """Create a signed tag without the lifecycle commands, and push it."""
    repo.run("git", "tag", "-s", "-u", key, "-m", "signed", name, commit, cwd=repo.clone, **variables)
    repo.git("push", "--quiet", "--no-verify", "--force", "origin", f"refs/tags/{name}")


def copy_signature(repo: Repo, source: str, name: str) -> None:
    """Push a tag that says what it likes, with the signature of another tag."""
    text = repo.git("cat-file", "tag", source)
    signature = text[text.index("-----BEGIN") :]
    forged = text[: text.index("\n\n")].replace(f"tag {source}", f"tag {name}") + f"\n\nforged\n{signature}\n"
    (repo.folder / "forged").write_text(forged)
    hashed = repo.git("hash-object", "-t", "tag", "-w", str(repo.folder / "forged"))
    repo.git("push", "--quiet", "--no-verify", "origin", f"{hashed}:refs/tags/{name}")


def test_openpgp_signature_counts_only_from_a_valid_key(repo: Repo, gnupg: Path) -> None:
    """promote signs with the clone's own program and key; unknown, expired and revoked keys do not count."""
    home: dict[str, Any] = {"GNUPGHOME": str(gnupg)}

    def gpg(*arguments: str) -> str:
        command = ["gpg", "--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback", *arguments]
        return repo.run(*command, cwd=repo.folder, **home).stdout

    for name in ("tester", "expired", "revoked"):
        gpg("--quick-gen-key", f"{name}@example.com", "ed25519", "sign", "never")
    listed = [line.split(":")[9] for line in gpg("--list-keys", "--with-colons").splitlines() if line[:3] == "fpr"]
    key, expired, revoked = listed
    program = repo.clone / ".git" / "own" / "gpg"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nexec gpg "$@"\n')
    program.chmod(0o755)
    for setting, value in {"gpg.program": ".git/own/gpg", "user.signingkey": key, "tag.gpgSign": "true"}.items():
        repo.git("config", setting, value)
    require(repo, "signed: true")
    repo.verb("promote", "--stage", "prod", **home)
    assert "Good signature" in repo.run("git", "verify-tag", "model#prod#3", cwd=repo.clone, **home).stderr
    repo.verb("audit", **home)
    empty = gnupg / "other"
    empty.mkdir(mode=0o700)
    assert INVALID.format(3) in repo.messages("audit", code=1, GNUPGHOME=str(empty))
    for number, name in ((4, expired), (5, revoked)):
        sign_by_hand(repo, f"model#prod#{number}", name, **home)
        repo.verb("audit", **home)
    certificate = (gnupg / "openpgp-revocs.d" / f"{revoked}.rev").read_text().replace(":-----", "-----")
    (repo.folder / "revocation").write_text(certificate)
    gpg("--import", str(repo.folder / "revocation"))
    assert INVALID.format(5) in repo.messages("audit", code=1, **home)
    repo.git("push", "--quiet", "--no-verify", "origin", ":refs/tags/model#prod#5")
    repo.git("tag", "--delete", "model#prod#5")
    repo.verb("audit", **home)
    gpg("--quick-set-expire", expired, "seconds=1")
    time.sleep(2)
    assert INVALID.format(4) in repo.messages("audit", code=1, **home)
    copy_signature(repo, "model#prod#3", "model#prod#6")
    messages = repo.messages("rollback", "--stage", "prod", code=1, **home)
    assert "no version before v0.0.3" in messages


def test_ssh_signature_counts_only_from_a_signer_of_the_default_branch(repo: Repo) -> None:
    """A list of signers in the repository is the default branch's; revoked, expired and unknown keys do not count."""
    keys = {}
    for name in ("tester", "stranger"):
        keys[name] = f"{repo.folder}/{name}.pub"
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", keys[name].removesuffix(".pub")]
        repo.run(*command, cwd=repo.folder)
    public = {name: Path(key).read_text() for name, key in keys.items()}
    (repo.clone / "signers").write_text(f"tester@example.com {public['tester']}")
    for setting, value in {"gpg.format": "ssh", "gpg.ssh.allowedSignersFile": "signers",
                           "user.signingkey": os.path.relpath(keys["tester"], repo.clone)}.items():  # fmt: skip
        repo.git("config", setting, value)
    require(repo, "signed: true")
    repo.verb("promote", "--stage", "prod")
    sign_by_hand(repo, "model#prod#4", keys["stranger"])
    assert INVALID.format(4) in repo.messages("audit", code=1)
    (repo.clone / "signers").write_text(f"tester@example.com {public['stranger']}")  # in this work tree alone
    assert INVALID.format(4) in repo.messages("audit", code=1)
    repo.git("checkout", "--quiet", "--", "signers")
    copy_signature(repo, "model#prod#3", "model#prod#5")
    assert INVALID.format(5) in repo.messages("audit", code=1)
    for name in ("model#prod#4", "model#prod#5"):
        repo.git("push", "--quiet", "--no-verify", "origin", f":refs/tags/{name}")
    repo.git("tag", "--delete", "model#prod#4")
    repo.verb("audit")
    (repo.clone / ".git" / "revoked").write_text(public["tester"])
    repo.git("config", "gpg.ssh.revocationFile", ".git/revoked")
    assert INVALID.format(3) in repo.messages("audit", code=1)
    repo.git("config", "--unset", "gpg.ssh.revocationFile")
    (repo.clone / "signers").write_text(f'tester@example.com valid-before="20200101" {public["tester"]}')
    repo.commit("The key has expired")
    assert INVALID.format(3) in repo.messages("audit", code=1)


@pytest.mark.parametrize("setting", ["tag.gpgSign", "tag.forceSignAnnotated"])
def test_settings_that_sign_every_tag_do_not_stop_other_stages(setting: str, repo: Repo) -> None:
    """Without a key, a stage that requires no signature can be changed whatever Git's settings say."""
    repo.git("config", setting, "true")
    repo.verb("rollback", "--stage", "prod")
