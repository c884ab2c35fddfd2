"""Is a user found by an open-set search? The trainer answers only where the nearest face is near enough."""

from uncloak.experiments.verification import check as check

TITLE = "Is a user found where searches may find nobody?"
CATEGORY = "How long does a cloak last?"
CHANNELS = WHOLE_TABLE = True
HOOKS = ()  # its figure tells no defenses apart
