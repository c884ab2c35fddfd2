"""What recognition takes: embeddings of posted pictures, and distances between them.

A posting is a file of posted pictures: `clean` or an attack, with a channel behind a dot. Where a defense treats faces
before they are embedded, its name follows behind a tilde (`uncloak.plan.defenses`).
"""

from collections.abc import Iterable, Mapping, Sequence

from uncloak import paths
from uncloak.marks import marked
from uncloak.plan import attacks, evaluated, extractors
from uncloak.plan.defenses import NONE, Recognizer, treating, treatments, treats_probes_alone


def metric(config: Mapping) -> str:
    return config["recognition"]["metric"]


def posted_faces(config: Mapping, dataset: str, posting: str) -> str:
    """The faces of a posting, before they are treated."""
    return attacks.posted_faces(config, dataset, posting.partition("~")[0])


def embeddings(dataset: str, extractor: str, posting: str) -> str:
    """The file of embeddings of a posting."""
    return paths.fill(paths.EMBEDDINGS, dataset=dataset, extractor=extractor, posting=posting)


def clean_embeddings(config: Mapping, dataset: str, extractor: str) -> list[str]:
    """Embeddings of everybody's clean faces."""
    return [embeddings(dataset, extractor, "clean")]


def embedding_modules(config: Mapping, extractor: str, posting: str) -> list[str]:
    """The modules that embedding a posting picks at run time."""
    return [*extractors.modules(config, extractor), *treating(config, posting)]


def compared(config: Mapping, dataset: str, extractor: str, treated: str = "") -> dict[str, str]:
    """Embeddings of the clean faces that are compared, which may be treated: of the gallery, and of the probes."""
    record = config["defenses"][treated.removeprefix("~")] if treated else {}
    return {
        "gallery": embeddings(dataset, extractor, f"clean{treated if record.get('scraped', True) else ''}"),
        "probes": embeddings(dataset, extractor, f"clean{treated if record.get('probes', False) else ''}"),
    }


def embedded_probes(config: Mapping, dataset: str, posting: str) -> str | list[str]:
    """The split whose probes are all that is embedded of a posting; nothing where every face is."""
    alone = any(treats_probes_alone(config, name) for name in treatments(posting))
    return paths.fill(paths.SPLIT, dataset=dataset) if alone else []


def comparisons(dataset: str, extractor: str, treated: str = "") -> str:
    """The file of what an extractor's probes were compared with."""
    return paths.fill(paths.COMPARISONS, dataset=dataset, extractor=extractor, treated=treated)


def postings(config: Mapping, named: Iterable[str], channels: Iterable[str] = ()) -> dict[str, tuple[str, str]]:
    """Posting -> attack and channel, of all that recognition compares with the clean faces."""
    made_by = evaluated.parts(config, named)
    found = {name: (name, "png") for name in made_by}
    for channel in channels:
        for name in ("clean", *made_by):
            found[f"{name}.{channel}"] = ("none" if name == "clean" else name, channel)
    return found


def shares_of(config: Mapping, named: Iterable[str]) -> dict[str, Mapping]:
    """Attack -> its shares, which only a mixture has."""
    return {name: attacks.shares(config, name) for name in named}


def dataset_shares(config: Mapping, dataset: str) -> dict[str, Mapping]:
    """Shares of the attacks of a dataset."""
    return shares_of(config, evaluated.attacks_of(config, dataset))


def described(config: Mapping, dataset: str, recognizers: Sequence[Recognizer], named: Iterable[str]) -> dict:
    """Labels and releases of what a table has rows of, and what each attack knows of each recognizer.

    A recognizer is as new as the newest of its extractors, and known where all of them are surrogates; a mixture's
    surrogates are those of its parts.
    """
    records = config["attacks"]
    known = {
        name: {used for part in evaluated.parts(config, [name]) for used in records[part].get("surrogates", [])}
        for name in named
    }
    return {
        "attacks": {
            "none": {"label": "no attack", "released": None},
            **{name: {key: records[name][key] for key in ("label", "released")} for name in known},
        },
        "recognizers": [
            {
                "extractor": each.extractor,
                "defense": each.defense,
                "extractor_label": extractors.label(config, each.extractor, dataset),
                "defense_label": _defense_label(config, dataset, each),
                "released": max(config["extractors"][name].get("released") or "" for name in each.models) or None,
                "known_to": [name for name, surrogates in known.items() if set(each.models) <= surrogates],
            }
            for each in recognizers
        ],
    }


def _defense_label(config: Mapping, dataset: str, each: Recognizer) -> str:
    """Name of a defense in figures, marked where it brings an extractor that saw people of the dataset."""
    if each.defense == NONE:
        return NONE
    saw = {name for name in (each.extractor, *each.models) if extractors.saw_people(config, name, dataset)}
    own = config["defenses"][each.defense]["label"]
    return marked(own) if saw and each.extractor not in saw else own
