"""Is a user safe from verification? A probe is accepted at a fixed false-accept rate, whoever else is near."""

from uncloak.errors import InputError
from uncloak.plan import datasets

TITLE = "Is a user safe from verification?"
CATEGORY = "How long does a cloak last?"
CHANNELS = WHOLE_TABLE = True
HOOKS = ()  # its figure tells no defenses apart


def check(asked, place):
    """Thresholds come from people who are no users: impostors to one another."""
    record = asked.config["datasets"][asked.dataset]
    users, background, distractors = (
        datasets.number_of(asked.config, asked.dataset, role) for role in ("user", "background", "distractor")
    )
    others = record.get("people", float("inf")) - users - background
    if others < 2 or others == distractors:
        there = f"{others} people are in the gallery besides the users, {distractors} of them without probes"
        reason = f"of '{asked.dataset}', {there}, and thresholds need two, one of them with probes"
        raise InputError(f"{place}.datasets: {reason}; give it more people")
