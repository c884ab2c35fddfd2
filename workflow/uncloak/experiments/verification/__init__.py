"""Is a user safe from verification? A probe is accepted at a fixed false-accept rate, whoever else is near."""

from uncloak.errors import InputError

TITLE = "Is a user safe from verification?"
CATEGORY = "How long does a cloak last?"
CHANNELS = WHOLE_TABLE = True
HOOKS = ()  # its figure tells no defenses apart


def check(asked, place):
    """Thresholds come from people who are no users: impostors to one another."""
    record = asked.config["datasets"][asked.dataset]
    roles = record["split"]["roles"]
    others = record.get("people", float("inf")) - roles["user"] - roles.get("background", 0)
    if others < 2:
        reason = f"of '{asked.dataset}', {others} people are in the gallery besides the users, and thresholds need two"
        raise InputError(f"{place}.datasets: {reason}; give it more people")
