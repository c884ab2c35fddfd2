"""What do defenses do? Each of the run beside none: protection, and what it costs in clean error."""

TITLE = "What do defenses undo, and what do they cost?"
CATEGORY = "Defenses"
HEADLINE = 22
HOOKS = ("faces", "extractor", "gallery", "growth", "answer")
RUN_DEFENSES = True


def possible(asked):
    return len(asked.defenses) > 1
