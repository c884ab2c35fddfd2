"""Is a user safe among the k nearest? (section 4 of the ICLR 2022 paper; LowKey, section 6)."""

TITLE = "Is a user safe among the k nearest?"
CATEGORY = "How long does a cloak last?"
CHANNELS = WHOLE_TABLE = True
HOOKS = ()  # its figure tells no defenses apart
