"""Inputs of the rules that make datasets."""


def folder_root(wildcards):
    """Folder of a dataset's raw pictures: drawn by us, or the user's."""
    entry = DATASETS[wildcards.dataset]
    if entry["source"] == "drawn":
        return f"results/{wildcards.dataset}/photographs"
    root = Path(config["data"], entry["root"])
    return exists(
        root,
        f"put the dataset '{wildcards.dataset}' there or set `data` (resources/README.md)",
    )


def folder_listing(wildcards):
    """Digest of the names and sizes of the user's files: content that a touch or a copy does not change."""
    entry = DATASETS[wildcards.dataset]
    return (
        "drawn"
        if entry["source"] == "drawn"
        else listing_digest(folder_root(wildcards))
    )


def known_landmarks(wildcards):
    drawn = DATASETS[wildcards.dataset]["source"] == "drawn"
    return f"results/{wildcards.dataset}/landmarks.csv" if drawn else []
