"""Attack an ensemble of classifiers, and measure all classifiers on the clean and the perturbed pictures."""

import json
import logging

from uncloak.jobs import logged

import pandas as pd
import torch

from uncloak.attacks.methods.pgd import Options
from uncloak.devices import choose_device
from uncloak.store import read_arrays
from uncloak.tables import write_table
from uncloak.transfer.attack import logits, perturb
from uncloak.transfer.classifier import load
from uncloak.transfer.evaluation import rows

with logged(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    device = choose_device()
    spec, seed = json.loads(snakemake.params.spec), snakemake.params.seed
    files = dict(zip(spec["classifiers"], snakemake.input.classifiers, strict=True))
    arrays = read_arrays(snakemake.input.objects, "pictures", "label", "part", "picture")
    test = arrays[2] == "test"
    pictures, labels, _, names = (values[test] for values in arrays)

    def ready(name):
        return load(files[name]).to(device, memory_format=torch.channels_last)

    ensemble = [ready(name) for name in spec["surrogates"]]
    perturbed = perturb(pictures, labels, names, ensemble, Options(**spec["attack"]), seed, device=device)
    del ensemble
    tables = []
    for name in spec["classifiers"]:
        classifier = ready(name)
        seen = {"clean": pictures, "transferred": perturbed}
        tables.append(
            rows(name, {key: logits(shown, classifier, device=device) for key, shown in seen.items()}, labels, seed)
        )
        logging.getLogger("uncloak").info("%s\n%s", name, tables[-1])
    table = pd.concat(tables, ignore_index=True)
    table.insert(1, "in_ensemble", table["classifier"].isin(spec["surrogates"]))
    write_table(table, snakemake.output[0])
