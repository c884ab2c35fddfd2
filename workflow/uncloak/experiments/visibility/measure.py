"""How much each attack shows, picture by picture and on average (`uncloak.visibility`)."""

import pandas as pd

from uncloak.experiments.given import Given
from uncloak.pictures.stored import posted_pictures
from uncloak.visibility.posted import by_picture, read_measured
from uncloak.visibility.users import COLUMNS, visibility

MEASURED = COLUMNS


def measure(given: Given) -> pd.DataFrame:
    """Return one row per attack and posted picture: `MEASURES` (`uncloak.visibility.pictures`), and LPIPS or NaN."""
    made_by, posted = given.told["made_by"], posted_pictures(given.files["split"][0])
    lpips = given.files.get("lpips", [None] * len(made_by))
    measured = dict(zip(made_by, map(read_measured, given.files["perturbed"], lpips), strict=True))
    return by_picture(given.dataset, posted, given.told["attacks"], measured, given.seed)


def average(given: Given, table: pd.DataFrame) -> pd.DataFrame:
    """Return the means over users (`uncloak.visibility.users.visibility`)."""
    return visibility(table, given.seed)
