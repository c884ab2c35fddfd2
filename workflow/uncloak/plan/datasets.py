"""Datasets by source, and what their jobs are made from."""

from collections.abc import Mapping

from uncloak import paths


def made_from(config: Mapping, *sources: str) -> list[str]:
    """The datasets whose pictures come from these sources."""
    return [name for name, record in config["datasets"].items() if record["source"] in sources]


def fetchable(config: Mapping) -> list[str]:
    """The datasets whose pictures are fetched where the user does not bring them."""
    return [name for name, record in config["datasets"].items() if record.get("fetch")]


def fetched(config: Mapping, dataset: str) -> str:
    """What fetches the pictures of a dataset."""
    return config["datasets"][dataset]["fetch"]


def fetcher_modules(config: Mapping, dataset: str) -> list[str]:
    """The module that fetching the pictures of a dataset picks at run time."""
    return [f"uncloak.fetchers.{fetched(config, dataset)}"]


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
    return {key: config["datasets"][dataset].get(key) for key in ("layout", "minimum_size", "duplicate_distance")}


def layout_modules(config: Mapping, dataset: str) -> list[str]:
    """The module that listing the pictures of a dataset picks at run time."""
    return [f"uncloak.layouts.{config['datasets'][dataset].get('layout', 'folder')}"]


def alignment(config: Mapping, dataset: str) -> dict:
    """What faces are found and aligned by."""
    return _of(config, dataset, "face_size", "margin", "alignment")


def crop(config: Mapping, dataset: str) -> dict[str, int]:
    """What the faces of a dataset show: their side, and their margin."""
    record = config["datasets"][dataset]
    return {"face_size": record["face_size"], "margin": record.get("margin", 0)}


def split_record(config: Mapping, dataset: str) -> Mapping:
    """What a dataset is split by."""
    return config["datasets"][dataset]["split"]


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
