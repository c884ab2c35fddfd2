"""What recognition takes: embeddings of posted pictures, extractor by extractor, and what made them.

`compared` is always extractor -> the attacks compared with it. A source is a file of posted pictures: `clean` or an
attack, with a channel behind a dot.
"""

from collections.abc import Iterable, Mapping

from uncloak import paths
from uncloak.plan import evaluated
from uncloak.plan.attacks import shares


def metric(config: Mapping) -> str:
    return config["recognition"]["metric"]


def source_faces(config: Mapping, dataset: str, source: str) -> str:
    """The faces of a source."""
    if source == "clean":
        return paths.fill(paths.FACES, dataset=dataset)
    return paths.fill(paths.PERTURBED, dataset=dataset, attack=source)


def embeddings(dataset: str, extractors: Iterable[str], sources: Iterable[str]) -> list[str]:
    """Files of embeddings, extractor by extractor; all sources of each."""
    names = list(sources)
    return [
        paths.fill(paths.EMBEDDINGS, dataset=dataset, extractor=extractor, source=name)
        for extractor in extractors
        for name in names
    ]


def clean_embeddings(config: Mapping, dataset: str, extractor: str) -> list[str]:
    """Embeddings of everybody's clean faces."""
    return embeddings(dataset, [extractor], ["clean"])


def comparisons(dataset: str, extractors: Iterable[str]) -> list[str]:
    """Files of what each extractor's probes were compared with."""
    return [paths.fill(paths.COMPARISONS, dataset=dataset, extractor=name) for name in extractors]


def sources(config: Mapping, attacks: Iterable[str], channels: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Source -> attack and channel, of all that recognition compares with the clean faces."""
    made_by = evaluated.parts(config, attacks)
    found = {name: (name, "png") for name in made_by}
    for channel in channels:
        for name in ("clean", *made_by):
            found[f"{name}.{channel}"] = ("none" if name == "clean" else name, channel)
    return found


def posted_embeddings(
    config: Mapping, dataset: str, compared: Mapping[str, list[str]], channels: Iterable[str] = ()
) -> list[str]:
    """Embeddings of the users' pictures as posted, extractor by extractor."""
    return [
        path
        for extractor, attacks in compared.items()
        for path in embeddings(dataset, [extractor], sources(config, attacks, channels))
    ]


def posted_sources(config: Mapping, compared: Mapping[str, list[str]], channels: Iterable[str] = ()) -> list:
    """Attack and channel of each of these embeddings: extractor, and the pairs."""
    return [[name, list(sources(config, attacks, channels).values())] for name, attacks in compared.items()]


def shares_of(config: Mapping, attacks: Iterable[str]) -> dict[str, Mapping]:
    """Attack -> its shares, which only a mixture has."""
    return {name: shares(config, name) for name in attacks}


def dataset_shares(config: Mapping, dataset: str) -> dict[str, Mapping]:
    """Shares of the attacks of a dataset."""
    return shares_of(config, evaluated.attacks_of(config, dataset))


# One table of errors holds all that is evaluated on a dataset; one each holds what a figure shows, so that the figure
# waits for nothing else.


def compared_in(config: Mapping, dataset: str, figure: str | None = None) -> dict[str, list[str]]:
    """What the table compares: of the dataset, or of a figure."""
    return evaluated.shown(config, dataset, figure) if figure else evaluated.compared(config, dataset)


def channels_in(config: Mapping, figure: str | None = None) -> list[str]:
    return [] if figure else evaluated.channels(config)


def comparisons_in(config: Mapping, dataset: str, figure: str | None = None) -> list[str]:
    return comparisons(dataset, compared_in(config, dataset, figure))


def embeddings_in(config: Mapping, dataset: str, figure: str | None = None) -> list[str]:
    return posted_embeddings(config, dataset, compared_in(config, dataset, figure), channels_in(config, figure))


def sources_in(config: Mapping, dataset: str, figure: str | None = None) -> list:
    return posted_sources(config, compared_in(config, dataset, figure), channels_in(config, figure))


def shares_in(config: Mapping, dataset: str, figure: str | None = None) -> dict[str, dict[str, Mapping]]:
    return {name: shares_of(config, attacks) for name, attacks in compared_in(config, dataset, figure).items()}


def described_extractors(config: Mapping, dataset: str, figure: str | None = None) -> dict[str, dict]:
    """Label and release of the extractors that a table shows, and of the systems, which are as new as their models."""
    extractors = config["extractors"]
    described = {
        name: {key: extractors[name].get(key) for key in ("label", "released")}
        for name in compared_in(config, dataset, figure)
    }
    systems = {} if figure else config["experiments"]["systems"]["systems"]
    for name, system in systems.items():
        released = [extractors[system[model]].get("released") or "" for model in ("accurate", "robust")]
        described[name] = {"label": system["label"], "released": max(released)}
    return described


def described_attacks(config: Mapping, dataset: str, figure: str | None = None) -> dict[str, dict]:
    """Label, release and surrogates of the attacks that a table shows; a mixture has those of its parts."""
    records = config["attacks"]
    attacks = [name for names in compared_in(config, dataset, figure).values() for name in names]
    return {
        name: {
            "label": records[name]["label"],
            "released": records[name]["released"],
            "surrogates": sorted(
                {used for part in evaluated.parts(config, [name]) for used in records[part].get("surrogates", [])}
            ),
        }
        for name in dict.fromkeys(attacks)
    }
