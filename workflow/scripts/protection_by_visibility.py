"""Draw protection rates against how much the attacks show."""

import json

from uncloak.jobs import logged

from uncloak.figures.saving import save
from uncloak.figures.visibility import protection_by_visibility, with_visibility
from uncloak.tables import read_table

with logged(snakemake.log[0]):
    attacks = json.loads(snakemake.params.attacks)
    protection = read_table(snakemake.input.protection)
    protection = protection[protection["extractor"].isin(json.loads(snakemake.params.extractors))]
    rows = with_visibility(protection, read_table(snakemake.input.visibility))
    # LPIPS is nearer to what people see, and is there where AlexNet's weights are.
    measure = "dssim" if rows["lpips"].isna().any() else "lpips"
    subtitle = (
        f"Error of nearest-neighbor recognition on the users' clean probes, against the mean {measure.upper()} of the "
        f"users' posted 8-bit pictures: means over {rows['n_users'].max()} users ({rows['n_probes'].max()} probes, "
        f"{rows['n_pictures'].max():.0f} pictures) with 95 % bootstrap intervals over users. "
        f"Dataset: {snakemake.params.dataset}. Seed {snakemake.params.seed}."
    )
    chart = protection_by_visibility(
        rows,
        attacks,
        "What does protection cost in visibility?",
        subtitle,
        measure,
        "95 % bootstrap interval over users",
    )
    output = snakemake.output
    save(chart, rows, output.html, output.svg, output.png, output.csv, snakemake.input.vega)
