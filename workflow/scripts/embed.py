"""Embed the faces of one source with one extractor."""

from uncloak.jobs import logged

import torch

from uncloak.devices import choose_device, used
from uncloak.extractors.embedding import embed
from uncloak.extractors.weights import load
from uncloak.provenance import digest
from uncloak.store import open_arrays, read_arrays, write_arrays

with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    device = choose_device()
    extractor = load(snakemake.input.extractor, device)
    (pictures,) = read_arrays(snakemake.input.faces, "picture")
    with open_arrays(snakemake.input.faces) as file:
        embeddings = embed(extractor, file["faces"], device)
    write_arrays(
        snakemake.output[0],
        {"embedding": embeddings, "picture": pictures},
        {
            "recipe": digest(snakemake.params.code),
            "extractor": snakemake.wildcards.extractor,
            **used(device, "float32"),
        },
    )
