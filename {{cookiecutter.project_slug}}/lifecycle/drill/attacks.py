"""The attacks: each forges something in a copy of the project, and names the verb and the words that must catch it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lifecycle.drill import forge
from lifecycle.drill.world import STAGE, World
from lifecycle.storage.dvc_yaml import TRAIN

Step = Callable[[World], object]
ARGUMENTS = {  # the attack is on the branch `change`, or for a promotion and the audit on main
    "verify": ("verify", "main"),
    "reproduce": ("reproduce", "main"),
    "gate": ("gate", "main"),
    "promote": ("promote", "--stage", STAGE),
    "audit": ("audit", "--deep"),
}
MODULE = f"pipeline/{TRAIN}.py"
LOOSE = {"better": "higher", "drop": 1e9}
WORSE = "entirely beyond the allowed drop"
PASSING = '\n\ndef judge(*_, **__):\n    return {"evidence": "none", "verdict": PASS, "why": ""}\n'
SECOND = f"#{STAGE}#2"


@dataclass(frozen=True)
class Attack:
    """`caught`: words of the message that says no; `own_code`: the verb runs with the code of the change itself."""

    verb: str
    name: str
    caught: str
    steps: tuple[Step, ...]
    own_code: bool = False


def attack(verb: str, name: str, caught: str, *steps: Step, own_code: bool = False) -> Attack:
    return Attack(verb, name, caught, steps, own_code)


def do(step: Callable[..., object], *arguments: Any, **options: Any) -> Step:
    """A step with arguments after the world."""
    return lambda world: step(world, *arguments, **options)


def stage(*files: str, change: Callable[[dict[str, Any]], object]) -> Step:
    """Change the entry of the train stage in dvc.yaml, dvc.lock or both."""

    def step(world: World) -> None:
        for file in files:
            world.yaml(file, lambda content: change(content["stages"][TRAIN]))

    return step


def parameters(change: Callable[[dict[str, Any]], object]) -> Step:
    return do(World.yaml, "params.yaml", change)


def remove(name: str) -> Step:
    return lambda world: world.object(name).unlink()


WORSEN = do(forge.predictions, forge.useless)
STATUS = [  # results that are stale, hidden or not stored
    attack("verify", "edit a metric", "is not what stage", lambda w: w.path("metrics.json").write_text("{}\n")),
    attack("verify", "change code without running it", "changed after the last", do(World.append, MODULE, "# later\n")),
    attack("verify", "change a parameter without running", f"params.yaml: {TRAIN}",
           parameters(lambda content: content[TRAIN].update(forged=1))),
    attack("verify", "freeze a stage", "is frozen", stage("dvc.yaml", change=lambda entry: entry.update(frozen=True))),
    attack("verify", "move a stage to another folder", "runs in another folder",
           stage("dvc.yaml", change=lambda entry: entry.update(wdir="pipeline"))),
    attack("verify", "never push the model", "is never pushed", do(forge.option, push=False)),
    attack("verify", "keep the model elsewhere", "is stored in another remote", forge.elsewhere),
    attack("verify", "keep the model out of the cache", "is not in the remote", do(forge.option, cache=False),
           remove("model")),
    attack("verify", "forget to push", "is not in the remote", remove("test.parquet")),
    attack("verify", "cut an object in the remote", "truncated or overwritten",
           do(World.replace, "model", lambda content: content[:-1])),
    attack("verify", "hide a dependency", "which is not declared",
           stage("dvc.yaml", "dvc.lock", change=lambda entry: forge.without(entry, MODULE))),
    attack("verify", "hide the parameters", "does not declare its block of params.yaml",
           stage("dvc.yaml", "dvc.lock", change=lambda entry: entry.pop("params"))),
    attack("verify", "hide an edit from dvc", ".dvcignore hides a part of it",
           do(World.append, "pipeline/run/hidden.py", "X = 1\n"), do(World.append, ".dvcignore", "hidden.py\n")),
    attack("verify", "hide the data from dvc", "is hidden from DVC",
           do(World.append, "data/more.csv.dvc", f"outs:\n- md5: {'a' * 32}\n  path: more.csv\n"),
           do(World.append, ".dvcignore", "more.csv.dvc\n")),
    attack("verify", "add a second pipeline", "part of a second pipeline",
           do(World.append, "more/dvc.yaml", "stages: {}\n")),
]  # fmt: skip
REVIEW = [  # results that the code does not give, and a model that is worse, whatever the change says about it
    attack("reproduce", "forge predictions and metrics", "cannot be reproduced", do(forge.predictions, forge.perfect)),
    attack("reproduce", "loosen the tolerance", "cannot be reproduced", forge.metric,
           parameters(lambda content: content["reproduce"].update(tolerance=0.09))),
    attack("reproduce", "leak the target", f"{TRAIN} ended with exit code", forge.leak),
    attack("gate", "make the model worse", WORSE, WORSEN),
    attack("gate", "loosen the limits", WORSE, WORSEN, parameters(lambda content:
           content["gate"].update(metrics=dict.fromkeys(content["gate"]["metrics"], LOOSE)))),
    attack("gate", "edit the checks", WORSE, do(World.append, "lifecycle/review/limits.py", PASSING), WORSEN,
           own_code=True),
    attack("gate", "forge metrics alone", "the predictions give", do(forge.predictions, forge.turned), forge.metric),
    attack("gate", "forge the labels", "does not have the rows, labels and weights of test",
           do(forge.predictions, lambda frame: frame.assign(actual=frame["predicted"]))),
    attack("gate", "leave out test rows", "fewer rows could hide a loss",
           do(forge.predictions, lambda frame: frame.iloc[:-1])),
]  # fmt: skip
PROMOTION = [  # a version that does not follow from its own model
    attack("promote", "promote another model", "contradicts", forge.model),
    attack("promote", "forge the golden predictions", "contradicts its golden predictions", do(World.json,
           "golden.json", lambda content: content["predictions"][0].update(predicted="forged"))),
    attack("promote", "promote forged predictions", "contradicts the stored predictions",
           do(forge.predictions, forge.perfect)),
    attack("promote", "forge the manifest", "the manifest was written for a model",
           do(World.json, "manifest.json", lambda content: content["model"].update(md5="0" * 32))),
    attack("promote", "ship another file", f"which the stage {TRAIN} does not write", forge.artifact),
    attack("promote", "promote without the data", "is not in the remote", remove("predictions.parquet")),
    attack("promote", "replace the model in the remote", "is corrupt in the remote",
           do(World.replace, "model", lambda content: bytes([content[0] ^ 1]) + content[1:])),
]  # fmt: skip
REGISTRY = [  # a registry that was tampered with
    attack("audit", "delete the newest tag", "it was deleted", do(forge.register, "promotion", "rollback"),
           do(forge.delete, SECOND)),
    attack("audit", "delete a tag in between", "it was deleted",
           do(forge.register, "promotion", "rollback", "promotion"), do(forge.delete, SECOND)),
    attack("audit", "delete a version", "it was deleted", do(forge.register, "promotion"), do(forge.delete, "@v0.0.1")),
    attack("audit", "move a tag", "it was moved", do(forge.register, "promotion"), do(forge.move, f"#{STAGE}#1")),
    attack("audit", "add a tag that says nothing", "is a lightweight tag", do(forge.register, "promotion"),
           do(forge.tag, f"#{STAGE}#9")),
    attack("audit", "register forged metrics", "the predictions give", forge.metric, do(forge.register, "promotion")),
    attack("audit", "register another model", "contradicts", forge.model, do(forge.register, "promotion")),
]  # fmt: skip
ATTACKS = STATUS + REVIEW + PROMOTION + REGISTRY
