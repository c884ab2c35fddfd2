"""What the rules of figures have in common: their outputs, with the page's place in the report, and their words."""


def figure_files(name, category, label):
    """All outputs of a figure, its page with its place in the report."""
    page = report(
        paths.fill(paths.FIGURE, figure=name, kind="html"),
        caption=f"../report/{name}.rst",
        category=category,
        subcategory="{dataset}",
        labels={"figure": label},
    )
    return {**paths.drawings(paths.fill(paths.FIGURE, figure=name)), "html": page}


def about(title, paper=""):
    """What a figure and its caption say of themselves."""
    return {
        "title": title,
        "paper": paper,
        "dataset": planned(datasets.label),
        "n_users": planned(datasets.user_count),
        "data_note": planned(datasets.note),
        "seed": SEED,
    }
