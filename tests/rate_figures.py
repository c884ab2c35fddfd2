"""The figures of the defenses, each drawn from a table of `rate_tables`."""

from rate_tables import (
    ATTACKS,
    CLASSIFIERS,
    TRAINED_ON,
    classifier_table,
    rank_table,
    rate_table,
    system_table,
    unprotected_table,
    verification_table,
)

from uncloak.figures.adaptive import adaptive
from uncloak.figures.classifiers import classifiers
from uncloak.figures.ranks import ranks
from uncloak.figures.systems import systems
from uncloak.figures.training_matrix import training_matrix
from uncloak.figures.unprotected import unprotected

FIGURE = ("Title", "20 users, seed 7.")
# Each figure's drawing, as a function of its main table.
DRAW = {
    "adaptive": lambda table: adaptive(table, list(ATTACKS), ["vggface", "robust"], *FIGURE),
    "training_matrix": lambda table: training_matrix(table, list(ATTACKS), TRAINED_ON, *FIGURE),
    "systems": lambda table: systems(
        table, rank_table(), list(ATTACKS), ["magface_robust", "magface_clip"], ["magface", "clip"], *FIGURE
    ),
    "unprotected": lambda table: unprotected(table, ["fawkes_v10", "lowkey"], ["clip", "vggface"], *FIGURE),
    "classifiers": lambda table: classifiers(table, list(ATTACKS), CLASSIFIERS, "vggface", "robust", *FIGURE),
    "ranks": lambda table: ranks(table, verification_table(), list(ATTACKS), ["clip", "vggface"], *FIGURE),
}
TABLES = {
    "adaptive": rate_table,
    "training_matrix": rate_table,
    "systems": system_table,
    "unprotected": unprotected_table,
    "classifiers": classifier_table,
    "ranks": rank_table,
}
