"""Find the person's face in every photograph, give each its part, and cloak those that are to be cloaked."""

import json

from uncloak.computing import computing

from uncloak.audit.cloaking import add_cloak
from uncloak.audit.detecting import Crop
from uncloak.audit.listing import list_folders
from uncloak.audit.models import embedder, opened
from uncloak.audit.pictures import audit_pictures
from uncloak.audit.thresholds import of_record
from uncloak.fetching import obtain
from uncloak.pictures.channel import parse
from uncloak.recognition.distances import points
from uncloak.records.attacks import Method
from uncloak.records.extractors import AnyExtractor
from uncloak.records.reading import read
from uncloak.store import write_arrays
from uncloak.tables import write_table

with computing(snakemake) as job:
    told = json.loads(job.params.told)
    crop, metric = Crop(**told["crop"]), told["metric"]
    records = {name: read(AnyExtractor, record) for name, record in told["records"].items()}
    weights = {name: obtain(job.config, f"extractors.{name}") for name in records}
    channels = {name: parse(steps) for name, steps in told["channels"].items()}
    embed = embedder(records[told["chooser"]], weights[told["chooser"]], crop.margin, job.device)
    calibrated = of_record(told["thresholds"], metric)
    audited = audit_pictures(
        list_folders(told["clean"], told["cloaked"], told["later"]),
        crop,
        channels,
        lambda faces: points(embed(faces), metric),
        calibrated.distances.get(0.01) if calibrated else None,
        missing=told["missing"],
        held_back=told["held_back"],
        seed=job.seed,
        workers=job.threads,
    )
    for name, values in told["cloaks"].items():
        record = read(Method, values)
        surrogates = [opened(records[each], weights[each], crop.margin) for each in record.surrogates]
        how = {"device": job.device, "workers": job.threads}
        audited = add_cloak(audited, name, record, surrogates, channels, job.seed, **how)
    write_arrays(job.output.faces, audited.arrays, job.made("float32", margin=crop.margin))
    write_table(audited.table, job.output.pictures)
