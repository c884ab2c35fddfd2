"""Average tables of errors over users, and say what each row is about."""

import json

from uncloak.jobs import logged

import pandas as pd

from uncloak.recognition.rates import protection_rates
from uncloak.tables import read_table, write_table

with logged(snakemake.log[0]):
    extractors, attacks = json.loads(snakemake.params.extractors), json.loads(snakemake.params.attacks)
    attacks["none"] = {"label": "no attack", "released": None, "surrogates": []}
    for name, path in snakemake.output.items():
        rates = protection_rates(pd.concat([read_table(part) for part in snakemake.input[name]], ignore_index=True))
        rates["attack_label"] = [attacks[attack]["label"] for attack in rates["attack"]]
        rates["attack_released"] = [attacks[attack]["released"] for attack in rates["attack"]]
        rates["extractor_label"] = [extractors[extractor]["label"] for extractor in rates["extractor"]]
        rates["released"] = [extractors[extractor]["released"] for extractor in rates["extractor"]]
        rates["white_box"] = [
            extractor in attacks[attack]["surrogates"]
            for attack, extractor in zip(rates["attack"], rates["extractor"], strict=True)
        ]
        write_table(rates, path)
