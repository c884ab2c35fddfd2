"""How much of a rate is chance? The same with extractors trained, pictures perturbed, and users and probes drawn anew.

One thing is made anew at a time: what the `seeds` of extractors, of attacks, or of the dataset say.
"""

TITLE = "How much of a rate is chance?"
CATEGORY = "How long does a cloak last?"
HOOKS = ()
REPEATS = True


def possible(asked):
    return bool(asked.repeats("extractors") or asked.repeats("attacks") or len(asked.pooled()) > 1)


def told(asked):
    """Of what each repeat is, and by which seed."""
    first, *others = asked.pooled()
    again = {name: (first, asked.pooled()[name]) for name in others}
    return {"repeats": {"datasets": again, **{kind: asked.repeats(kind) for kind in ("extractors", "attacks")}}}
