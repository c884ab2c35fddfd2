"""Plans to ask for: files of the results by dataset, and records that several tests of plans add."""

TINY, TINY_EXPERIMENTS = "tests/worlds/tiny.yaml", "tests/worlds/tiny_experiments.yaml"
WORDS = {"label": "An attack", "released": "2022-01-01"}
NEW = {"extractors": "clip_30", "attacks": "fawkes_v10_mid"}
TOOL = {**WORDS, "method": "external", "root": "tool", "layout": "folder", "name": "{stem}.png"}


def of(dataset: str, *names: str) -> list[str]:
    """Return these paths below a dataset's results."""
    return [f"results/{dataset}/{name}" for name in names]


def tables(dataset: str, *names: str) -> list[str]:
    return of(dataset, *(f"tables/{name}.csv" for name in names))


def pages(dataset: str, *names: str) -> list[str]:
    return of(dataset, *(f"figures/{name}.html" for name in names))
