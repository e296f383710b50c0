"""Builds the container image of a version, from the commit of its tag and the model in the remote.

The labels say version, commit and the hashes of the model, as tag and dvc.lock have them. With --push the image goes to
its registry (REGISTRY_USER and REGISTRY_TOKEN sign in), and its name with the digest is printed; an image with which
the version was deployed before is not built again. Docker, podman or buildah builds it, whichever is there.

  uv run lifecycle image v0.0.2 penguins
  uv run lifecycle image prod ghcr.io/me/penguins --push --to image.txt
"""

import argparse
import subprocess
from pathlib import Path

from lifecycle.deployment.image import FILE, build
from lifecycle.errors import LifecycleError, Refused
from lifecycle.git import origin
from lifecycle.outcome import Outcome
from lifecycle.paths import path, write
from lifecycle.registry import policy
from lifecycle.registry.deployments import VERIFIED, Deployment, deployments, image_of
from lifecycle.registry.tag import Tag
from lifecycle.storage import dvc, objects
from lifecycle.storage.version import FORM, head

EXPORT = ["uv", "export", "--quiet", "--frozen", "--only-group", "serve", "--no-emit-project", "--no-header"]
TO = "--to takes a file name"
tip = origin.tip


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", help="a version, or a stage for the one that it points to")
    parser.add_argument("name", help="of the image, without a tag: it gets the version's; empty: no image")
    parser.add_argument("--push", action="store_true", help="push it to its registry")
    parser.add_argument("--to", metavar="FILE", type=path, help="write the name into a file")
    parser.add_argument("--rebuild", action="store_true", help="build although the version was deployed before")
    option_help = "an option for the builder, such as --option=--platform=linux/arm64"
    parser.add_argument("--option", action="append", default=[], help=option_help)


def run(options: argparse.Namespace) -> Outcome:
    if not options.name:
        if options.to:
            write(options.to, "\n", "name", TO)
        return Outcome(0, ["No name, no image: the services follow their stage."], {"image": ""})
    tag, main, known = looked_up(options.version)
    name, verified = options.name.lower(), [one for one in known if one.outcome == VERIFIED]
    image = image_of(verified, tag.version) if options.push and not options.rebuild else ""
    if image.split("@")[0] == name:
        message = f"{tag.version} was deployed before, with {image}: it is not built again."
    else:
        image = built(tag, main, name, options)
        message = f"The image of {tag.version}, commit {tag.commit[:9]}, is {image}."
    if options.to:
        write(options.to, f"{image}\n", "name", TO)
    return Outcome(0, [message], {"image": image, "version": tag.version, "commit": tag.commit})


def looked_up(which: str) -> tuple[Tag, str, list[Deployment]]:
    """The tag of a version, or the one that a stage points to; main's commit, and all deployments."""
    with policy.registry() as (folder, registry, rules):
        tag = registry.versions.get(which)
        known, main = deployments(folder, registry)[0], origin.default_commit(folder)
        if tag:
            origin.bring([tag.name])
            return tag, main, known
        if which not in rules:
            raise Refused(f"no version or stage is called {which}: there {registry.listed()}.")
    with policy.stage_of(which) as (folder, registry, _):
        tag = registry.current(which)
        if tag is None:
            raise Refused(f"{which} has no version yet: run `uv run lifecycle promote --stage {which}`.")
        origin.bring([tag.name])
        return tag, main, known


def built(tag: Tag, main: str, name: str, options: argparse.Namespace) -> str:
    with dvc.checkout(tag.commit, main) as folder:
        if not Path(folder, FILE).is_file():
            raise Refused(f"commit {tag.commit[:9]} of {tag.version} has no {FILE}.")
        version = head()
        form = version.file(FORM)
        if (real := objects.digest(form.md5)) != form.md5:
            raise Refused(f"{form.path} is {'corrupt' if real else 'missing'} in the remote: `uv run dvc push`.")
        Path(form.path).parent.mkdir(exist_ok=True)
        Path(form.path).write_bytes(objects.content(form.md5))
        done = subprocess.run([*EXPORT, "--output-file", "requirements.txt"], capture_output=True, text=True)
        if done.returncode:
            raise LifecycleError(f"the dependencies cannot be exported: {done.stderr.strip()[-300:]}")
        values = {
            "VERSION": tag.version,
            "REVISION": tag.commit,
            "MODEL": version.model.md5,
            "FORM": form.md5,
            "PYTHON": Path(".python-version").read_text("utf-8").strip(),
        }
        return build(f"{name}:{tag.version}", values, options.push, options.option)
