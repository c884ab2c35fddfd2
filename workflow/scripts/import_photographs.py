"""List and check the photographs that somebody else perturbed."""

import json
from pathlib import Path

from uncloak.jobs import logged

import pandas as pd

from uncloak.exchange.external import UnfitPicturesError, check_photographs, pair
from uncloak.pictures.manifest import read_manifest
from uncloak.pictures.reading import load_picture
from uncloak.pictures.stored import posted_pictures
from uncloak.tables import write_table
from uncloak.visibility.pictures import measure

with logged(snakemake.log[0]):
    spec, root = json.loads(snakemake.params.spec), Path(snakemake.input.root)
    pictures = posted_pictures(snakemake.input.split)
    manifest = read_manifest(snakemake.input.manifest)
    pairing = pair(root, spec["layout"], spec["name"], pictures.tolist(), manifest["picture"].tolist())
    try:
        check_photographs(pairing, manifest)
    except UnfitPicturesError as error:
        # Beside the log, which outlives a failed job.
        write_table(error.report, Path(snakemake.log[0]).with_suffix(".csv"))
        raise
    originals = manifest.set_index("picture")["path"]
    rows = []
    for picture, path in pairing.paths.items():
        # One pair at a time: photographs are large.
        clean, perturbed = load_picture(Path(snakemake.input.originals, originals[picture])), load_picture(path)
        measured = {name: values[0] for name, values in measure([clean], [perturbed]).items()}
        rows.append({"picture": picture, "path": path.relative_to(root).as_posix(), **measured})
    write_table(pd.DataFrame(rows), snakemake.output.table)
    write_table(pairing.report(), snakemake.output.files)
