"""Whose faces does robust training perturb? Public identities and their pictures, by attack (Table 1)."""

from uncloak.plan.extractors import learned_public, public_perturbed

TITLE = "Whose faces does robust training perturb?"
CATEGORY = "Defenses"
HOOKS = ("extractor",)
LABELED = False


def _tuned(asked):
    return [each.embedder for each in asked.recognizers if learned_public(asked.config, each.embedder)]


def possible(asked):
    return bool(_tuned(asked))


def files(asked):
    return {"perturbed": [path for name in _tuned(asked) for _, path in public_perturbed(asked.config, name)]}


def told(asked):
    """The attack of each file, and where the public identities come from."""
    tuned = _tuned(asked)
    return {
        "recognizers": [],
        "attacks": _learned(asked),
        "public": learned_public(asked.config, tuned[0]).get("dataset", "") if tuned else "",
    }


def labels(asked):
    """The names of attacks in tables."""
    return {"labels": {name: asked.config["attacks"][name]["label"] for name in _learned(asked)}}


def _learned(asked):
    return [attack for name in _tuned(asked) for attack, _ in public_perturbed(asked.config, name)]
