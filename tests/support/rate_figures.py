"""The figures of rates, each drawn from a table of `rate_tables`."""

from rate_tables import (
    ATTACKS,
    CLASSIFIERS,
    KNOWN,
    TOGETHER,
    TRAINED_ON,
    classifier_table,
    defense_table,
    matrix_table,
    open_set_table,
    rank_table,
    rate_table,
    system_table,
    unprotected_table,
    verification_table,
)

from uncloak.experiments.classifiers.figure import classifiers
from uncloak.experiments.ranks.figure import ranks
from uncloak.experiments.surrogates.figure import matrices
from uncloak.experiments.systems.figure import systems
from uncloak.experiments.training_matrix.figure import training_matrix
from uncloak.experiments.unprotected.figure import unprotected
from uncloak.experiments.verification.figure import by_rate
from uncloak.figures.defenses import by_defense

FIGURE = ("Title", "20 users, seed 7.")
# Each figure's drawing, as a function of its table.
DRAW = {
    "by_defense": lambda table: by_defense(table, list(ATTACKS), *FIGURE),
    "training_matrix": lambda table: training_matrix(table, list(ATTACKS), TRAINED_ON, *FIGURE),
    "surrogates": lambda table: matrices(table, KNOWN, *FIGURE),
    "systems": lambda table: systems(table, list(ATTACKS), TOGETHER, *FIGURE),
    "unprotected": lambda table: unprotected(table, ["fawkes_v10", "lowkey"], ["clip", "vggface"], *FIGURE),
    "classifiers": lambda table: classifiers(table, list(ATTACKS), CLASSIFIERS, *FIGURE),
    "ranks": lambda table: ranks(table, list(ATTACKS), *FIGURE),
    "verification": lambda table: by_rate(table, list(ATTACKS), ("false_accept_rate", "false accepts"), *FIGURE),
    "open_set": lambda table: by_rate(table, list(ATTACKS), ("false_positive_rate", "false positives"), *FIGURE),
}
TABLES = {
    "by_defense": defense_table,
    "training_matrix": matrix_table,
    "surrogates": rate_table,
    "systems": system_table,
    "unprotected": unprotected_table,
    "classifiers": classifier_table,
    "ranks": rank_table,
    "verification": verification_table,
    "open_set": open_set_table,
}
