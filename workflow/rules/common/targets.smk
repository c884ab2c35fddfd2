"""What can be asked for by name."""


def shows_visibility(dataset):
    return DATASETS[dataset].get("visibility", True)


def tables():
    """Tables, also those that no figure stands for."""
    of_datasets = [
        f"results/{dataset}/tables/{name}.csv"
        for dataset in config["run"]["datasets"]
        for name in (
            "protection",
            *(("quality", "visibility") if shows_visibility(dataset) else ()),
        )
    ]
    return of_datasets + tables_of("adaptive", "public")


# Experiment -> its figures.
FIGURES = {
    "adaptive": ["adaptive"],
    "detection": ["detection"],
    "unprotected": ["unprotected"],
    "ranks": ["ranks"],
    "classifiers": ["classifiers"],
    "systems": ["systems"],
    "collusion": ["collusion"],
    "games": ["games", "lifetime"],
}


def figures():
    of_datasets = [
        f"results/{dataset}/figures/{name}.html"
        for dataset in config["run"]["datasets"]
        for name in (
            *drawn(dataset),
            "pictures",
            *(("visibility", "contact_sheet") if shows_visibility(dataset) else ()),
            *(["channels"] if config["run"]["channels"] else []),
        )
    ]
    of_experiments = [
        path
        for experiment, names in FIGURES.items()
        for name in names
        for path in figures_of(experiment, name)
    ]
    matrices = [
        f"results/{dataset}/figures/training_matrix.html"
        for dataset in datasets_of("adaptive")
        if one_attack_each(dataset)
    ]
    return of_datasets + of_experiments + matrices


def everything():
    """What `all` makes."""
    return [
        *tables(),
        *figures(),
        *(
            [TRANSFER_TABLE, TRANSFER_FIGURE]
            if config["transfer"]["classifiers"]
            else []
        ),
        *(["results/claims/claims.html"] if datasets_of("claims") else []),
    ]
