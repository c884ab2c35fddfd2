"""Datasets by source, and what their jobs are made from."""

from collections.abc import Mapping

from uncloak import paths
from uncloak.plan.records import seed_of


def made_from(config: Mapping, *sources: str) -> list[str]:
    """The datasets whose pictures come from these sources."""
    records = config["datasets"]
    return [name for name, record in records.items() if record["source"] in sources and "pictures_of" not in record]


def split_anew(config: Mapping) -> list[str]:
    """The datasets that are others, with other users and probes."""
    return [name for name, record in config["datasets"].items() if "pictures_of" in record]


def pictures_of(config: Mapping, dataset: str) -> str:
    """The dataset whose pictures are those of one: itself, unless it is another split anew."""
    return config["datasets"][dataset].get("pictures_of", dataset)


def first_files(config: Mapping, dataset: str) -> dict[str, str]:
    """What a dataset that is split anew takes over, or keeps in part."""
    first = pictures_of(config, dataset)
    found = {"faces": paths.FACES, "manifest": paths.MANIFEST, "split": paths.SPLIT}
    return {name: paths.fill(path, dataset=first) for name, path in found.items()}


def seed(config: Mapping, dataset: str) -> int:
    """By which seed a dataset is split."""
    return seed_of(config, "datasets", dataset)


def of_photographs(config: Mapping) -> list[str]:
    """The datasets whose faces are found in photographs."""
    return made_from(config, "drawn", "folder", "joined")


def fetchable(config: Mapping) -> list[str]:
    """The datasets of one folder whose pictures are fetched where the user does not bring them."""
    records = config["datasets"]
    return [name for name, record in records.items() if record.get("fetch") and "pictures_of" not in record]


def folders(record: Mapping) -> dict[str, Mapping]:
    """The folders that a dataset is read from, by name; one without a name where it is not joined; none if drawn."""
    return record.get("folders") or ({"": record} if "root" in record else {})


def fetched(config: Mapping, dataset: str) -> str:
    """What fetches the pictures of a dataset."""
    return config["datasets"][dataset]["fetch"]


def fetcher_modules(config: Mapping, dataset: str) -> list[str]:
    """The modules that fetching the pictures of a dataset picks at run time."""
    found = {each["fetch"] for each in folders(config["datasets"][dataset]).values() if "fetch" in each}
    return [f"uncloak.fetchers.{name}" for name in sorted(found)]


def photographs_record(config: Mapping, dataset: str) -> dict:
    """What photographs are drawn by, and nothing of what is done with them."""
    return _of(config, dataset, "people", "pictures", "prolific", "size", "variation", "quality")


def faces_record(config: Mapping, dataset: str) -> dict:
    """What faces are drawn by, straight in the aligned frame, and their people's role."""
    return _of(config, dataset, "people", "pictures", "face_size", "margin", "jitter", "role")


def _of(config: Mapping, dataset: str, *keys: str) -> dict:
    """These keys of a dataset's record, where it has them."""
    record = config["datasets"][dataset]
    return {key: record[key] for key in keys if key in record}


def manifest_record(config: Mapping, dataset: str) -> dict:
    """What pictures are listed by; None stands for the default."""
    record = config["datasets"][dataset]
    joined = {
        name: {key: folder[key] for key in ("layout", "without") if key in folder}
        for name, folder in record.get("folders", {}).items()
    }
    known = {key: record.get(key) for key in ("layout", "minimum_size")}
    return known | ({"folders": joined} if joined else {})


def layout_modules(config: Mapping, dataset: str) -> list[str]:
    """The modules that listing the pictures of a dataset picks at run time."""
    found = {each["layout"] for each in folders(config["datasets"][dataset]).values()} or {"folder"}
    return [f"uncloak.layouts.{name}" for name in sorted(found)]


def alignment(config: Mapping, dataset: str) -> dict:
    """What faces are found and aligned by."""
    return _of(config, dataset, "face_size", "margin", "alignment")


def duplicates(config: Mapping, dataset: str) -> dict[str, int]:
    """What pictures are near-duplicates by; nothing where all are kept."""
    # Drawn photographs share no background but by chance, and the default's results stand: the picture alone decides.
    if config["datasets"][dataset]["source"] == "drawn":
        return {"duplicate_distance": 4, "face_distance": 64}
    return _of(config, dataset, "duplicate_distance")


def crop(config: Mapping, dataset: str) -> dict[str, int]:
    """What the faces of a dataset show: their side, and their margin."""
    record = config["datasets"][dataset]
    return {"face_size": record["face_size"], "margin": record.get("margin", 0)}


def split_record(config: Mapping, dataset: str) -> Mapping:
    """What a dataset is split by."""
    given = _distractor_folders(config, dataset)
    return config["datasets"][dataset]["split"] | ({"distractor_folders": given} if given else {})


def people_of_folders(config: Mapping, dataset: str) -> str | list[str]:
    """Where it stands who is in which folder, for a split that gives a whole folder a role; else nothing."""
    return paths.fill(paths.MANIFEST, dataset=dataset) if _distractor_folders(config, dataset) else []


def _distractor_folders(config: Mapping, dataset: str) -> list[str]:
    return [name for name, each in folders(config["datasets"][dataset]).items() if each.get("role") == "distractor"]


def number_of(config: Mapping, dataset: str, role: str) -> int:
    """How many people of a dataset have a role by name or by lot."""
    split = config["datasets"][dataset]["split"]
    return len(split["users"]) if role == "user" and "users" in split else split.get("roles", {}).get(role, 0)


def known_landmarks(config: Mapping, dataset: str) -> str | list[str]:
    """Where the landmarks of drawn photographs stand; nothing for other people's."""
    return paths.fill(paths.LANDMARKS, dataset=dataset) if dataset in made_from(config, "drawn") else []


def known_manifest(config: Mapping, dataset: str) -> str | list[str]:
    """Where the photographs of a dataset are listed; nothing for faces drawn without photographs."""
    return [] if dataset in made_from(config, "drawn_faces") else paths.fill(paths.MANIFEST, dataset=dataset)


def label(config: Mapping, dataset: str) -> str:
    """Name of a dataset in figures."""
    return config["datasets"][dataset]["label"]


def note(config: Mapping, dataset: str) -> str:
    """What a reader must know about the pictures and the extractors of a dataset."""
    return config["datasets"][dataset].get("note", "")


def shows_visibility(config: Mapping, dataset: str) -> bool:
    """Whether what cloaks cost in looks is shown on a dataset."""
    return config["datasets"][dataset].get("visibility", True)
