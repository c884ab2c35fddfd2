"""What does protection cost in looks? How much each attack shows in the users' posted pictures."""

from uncloak import paths
from uncloak.plan import attacks, evaluated, recognition
from uncloak.plan.datasets import shows_visibility

TITLE = "What does protection cost in visibility?"
CATEGORY = "What does it cost?"
HEADLINE = 31
HOOKS = ()  # it is drawn from rows without defense
LABELED = False


def possible(asked):
    return shows_visibility(asked.config, asked.dataset)


def files(asked):
    found = {
        "split": [paths.fill(paths.SPLIT, dataset=asked.dataset)],
        "perturbed": attacks.perturbed_parts(asked.config, asked.dataset),
        "lpips": attacks.lpips(asked.config, asked.dataset),
    }
    return {name: files for name, files in found.items() if files}


def told(asked):
    """The attacks that made the files, and of all attacks the shares of a mixture."""
    return {
        "recognizers": [],
        "made_by": evaluated.parts_of(asked.config, asked.dataset),
        "attacks": recognition.dataset_shares(asked.config, asked.dataset),
    }


def drawn_from(asked):
    return {"table": [asked.table()], "protection": [asked.table("protection")]}
