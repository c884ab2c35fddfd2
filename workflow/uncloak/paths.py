"""Every path below results/: the one place that spells them, in the order in which data flows.

They are patterns, with the names that they depend on in braces: a rule takes a pattern as it is; `fill` puts names in.
"""

# What a dataset's faces are made of, and whose they are.
PHOTOGRAPHS = "results/{dataset}/photographs"
LANDMARKS = "results/{dataset}/landmarks.csv"
MANIFEST = "results/{dataset}/manifest.csv"
REJECTED_PICTURES = "results/{dataset}/rejected_pictures.csv"
FACES = "results/{dataset}/faces.h5"
REJECTED = "results/{dataset}/rejected.csv"
SPLIT = "results/{dataset}/split.csv"
ROLE = "results/{dataset}/roles/{role}.csv"  # what a role's faces are, for jobs that depend on them alone

EXTRACTOR = "results/extractors/{extractor}.safetensors"

# What a learned purifier has learned.
PURIFIER = "results/purifiers/{purifier}.safetensors"

# What attacks make of the users' pictures, and of those of people in another role.
TARGETS = "results/{dataset}/perturbed/targets/{attack}.csv"
TARGETS_OF_OTHERS = "results/{dataset}/perturbed/targets/{role}/{attack}.csv"
SHARD = "results/{dataset}/perturbed/shards/{attack}/{scatteritem}.h5"
SHARD_OF_OTHERS = "results/{dataset}/perturbed/{role}/{attack}/{scatteritem}.h5"
PHOTOGRAPHS_SHARD = "results/{dataset}/perturbed/shards/{attack}/{scatteritem}"
PHOTOGRAPHS_SHARD_TABLE = "results/{dataset}/perturbed/shards/{attack}/{scatteritem}.csv"
PERTURBED_PHOTOGRAPHS = "results/{dataset}/perturbed/photographs/{attack}"
PERTURBED_PHOTOGRAPHS_TABLE = "results/{dataset}/perturbed/photographs/{attack}.csv"
IMPORTED_FILES = "results/{dataset}/perturbed/files/{attack}.csv"
PERTURBED = "results/{dataset}/perturbed/{attack}.h5"
TRANSMITTED = "results/{dataset}/perturbed/{attack}.{channel}.h5"
LPIPS = "results/{dataset}/perturbed/lpips/{attack}.csv"
TIMES = "results/{dataset}/experiments/{experiment}/times/{attack}.csv"  # another run has others
EXPORTED = "results/{dataset}/exported/{attack}"

EMBEDDINGS = "results/{dataset}/embeddings/{extractor}/{posting}.h5"

# What recognition makes of embeddings; `treated` is empty, or a tilde and the defense that treats faces.
COMPARISONS = "results/{dataset}/recognition/{extractor}{treated}/comparisons.h5"
LINEAR = "results/{dataset}/recognition/{extractor}/linear.csv"
END_TO_END = "results/{dataset}/recognition/{extractor}/end_to_end/{defense}/{attack}.csv"

DETECTOR = "results/{dataset}/detection/{detector}.safetensors"
SCORES = "results/{dataset}/detection/{detector}.csv"

# Experiments: errors by user, averages over users, and what is drawn of them.
ERRORS = "results/{dataset}/experiments/{experiment}/errors.csv"
TABLE = "results/{dataset}/tables/{experiment}.csv"
VEGA = "results/vega.js"  # the browser's part of the pages, made once: making it costs more than drawing a figure
FIGURE = "results/{dataset}/figures/{experiment}.{kind}"
CLAIMS = "results/claims/claims.{kind}"

# The first page of a run's report, and how all of the run was made.
OVERVIEW = "results/overview/overview.html"
PROVENANCE = "results/overview/provenance.csv"

# The transfer of adversarial examples.
OBJECTS = "results/transfer/objects.h5"
IMAGE_CLASSIFIER = "results/transfer/image_classifiers/{image_classifier}.safetensors"
TRANSFER_ACCURACY = "results/transfer/accuracy.csv"
TRANSFER_TABLE = "results/transfer/transfer.csv"
TRANSFER_FIGURE = "results/transfer/figures/transfer_over_time.{kind}"

# The audit of one person's photographs: all that holds anything of theirs lies in one folder; and other people's faces.
AUDIT = "results/audit/{audit}"
AUDIT_PICTURES = f"{AUDIT}/pictures.csv"
AUDIT_FACES = f"{AUDIT}/faces.h5"
AUDIT_EMBEDDINGS = f"{AUDIT}/embeddings/{{extractor}}.h5"
AUDIT_TABLES = {name: f"{AUDIT}/{name}.csv" for name in ("findings", "extractors", "offered")}
AUDIT_ABOUT = f"{AUDIT}/audit.json"
AUDIT_PAGE = f"{AUDIT}/audit.html"
CROWD_FACES = "results/crowds/{crowd}/faces.h5"
CROWD_EMBEDDINGS = "results/crowds/{crowd}/embeddings/{extractor}.h5"
THRESHOLDS = "results/crowds/{crowd}/thresholds.yaml"


def fill(pattern: str, **names: str) -> str:
    """Return `pattern` with these names in it; what is not named stays in braces.

    Raises KeyError where the pattern does not depend on a name.
    """
    for place, name in names.items():
        if f"{{{place}}}" not in pattern:
            raise KeyError(f"{pattern} has no {{{place}}} in it")
        pattern = pattern.replace(f"{{{place}}}", name)
    return pattern


def drawings(figure: str) -> dict[str, str]:
    """Files of a figure (a pattern) beside its page: pictures for papers and slides, and the table it is drawn from."""
    return {kind: fill(figure, kind=kind) for kind in ("svg", "png", "csv")}
