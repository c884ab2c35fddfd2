"""Inputs, outputs and words of the figures."""

# The browser's part of the pages, made once: making it costs more than drawing a figure.
VEGA = "results/vega.js"


def other_files(figure):
    """Outputs of a figure beside its page: pictures for papers and slides, and the table it was drawn from."""
    return {
        kind: f"results/{{dataset}}/figures/{figure}.{kind}"
        for kind in ("svg", "png", "csv")
    }


def figure_files(name, category, label):
    """All outputs of a figure, its page with its place in the report."""
    page = report(
        f"results/{{dataset}}/figures/{name}.html",
        caption=f"../report/{name}.rst",
        category=category,
        subcategory="{dataset}",
        labels={"figure": label},
    )
    return {**other_files(name), "html": page}


def about(title, paper=""):
    """What a figure and its caption say of themselves."""
    return {
        "title": title,
        "paper": paper,
        "dataset": lambda wildcards: DATASETS[wildcards.dataset]["label"],
        "n_users": lambda wildcards: DATASETS[wildcards.dataset]["split"]["roles"][
            "user"
        ],
        "data_note": data_note,
        "seed": SEED,
    }


def robust_start():
    """Where robust end-to-end training starts from, in words."""
    start = EXPERIMENTS["classifiers"]["end_to_end"].get("robust_start", "extractor")
    return f"the {'plain' if start == 'extractor' else 'robust'} extractor"


def adaptive_extractors(wildcards):
    """Extractors of a dataset that were tuned on public identities' perturbed faces: they know the attacks."""
    return spec(
        [name for name in extractors_of(wildcards.dataset) if learned_public(name)]
    )


def trained_on(wildcards):
    """Extractors and the attacks that they were tuned on, in the order of the rows of the matrix, as text."""
    adaptive = EXPERIMENTS["adaptive"]
    tuned = [*one_attack_each(wildcards.dataset).values(), adaptive["robust"]]
    return spec(
        [
            [name, learned_public(name).get("attacks", [])]
            for name in (adaptive["base"], *tuned)
        ]
    )


def data_note(wildcards):
    """What a reader must know about the pictures and the extractors of a dataset."""
    return DATASETS[wildcards.dataset].get("note", "")


def figure_record(wildcards):
    return spec(config["figures"][wildcards.figure])


def drawn_extractors(dataset, figure):
    """Extractors of a figure, those tuned on one attack each left out."""
    chosen = config["figures"][figure].get("extractors")
    return [name for name in extractors_of(dataset) if chosen is None or name in chosen]


def drawn(dataset):
    """The figures by extractor that are drawn of a dataset, at least one of their attacks being run."""
    return [
        name
        for name, entry in config["figures"].items()
        if dataset in entry.get("datasets", [dataset])
        and set(attacks_of(dataset)) & set(entry["attacks"])
    ]


def paper_figures(number):
    """The figures by extractor that correspond to a figure of the paper."""
    return [
        f"results/{dataset}/figures/{name}.html"
        for dataset in config["run"]["datasets"]
        for name in drawn(dataset)
        if config["figures"][name]["paper"] == f"Figure {number}"
    ]


def figures_of(experiment, figure):
    """A figure of an experiment, on every dataset that it is made on."""
    return [
        f"results/{dataset}/figures/{figure}.html"
        for dataset in datasets_of(experiment)
    ]


def tables_of(experiment, table):
    return [
        f"results/{dataset}/tables/{table}.csv" for dataset in datasets_of(experiment)
    ]


def measured_rates():
    """Averaged tables that published rates are compared with."""
    found = [
        f"results/{dataset}/tables/{name}.csv"
        for dataset in datasets_of("claims")
        for name in ("protection", "ranks")
    ]
    return (
        found
        + tables_of("systems", "systems")
        + tables_of("classifiers", "classifiers")
    )
