"""Average the errors over users, and say what each row is about."""

import json

import pandas as pd

from uncloak.jobs import logged
from uncloak.recognition.rates import protection_rates
from uncloak.tables import read_table, write_table

with logged(snakemake.log[0]):
    rates = protection_rates(pd.concat([read_table(path) for path in snakemake.input], ignore_index=True))
    extractors, attacks = json.loads(snakemake.params.extractors), json.loads(snakemake.params.attacks)
    attacks["none"] = {"label": "no attack", "released": None, "surrogates": []}
    rates["attack_label"] = [attacks[name]["label"] for name in rates["attack"]]
    rates["attack_released"] = [attacks[name]["released"] for name in rates["attack"]]
    rates["extractor_label"] = [extractors[name]["label"] for name in rates["extractor"]]
    rates["released"] = [extractors[name]["released"] for name in rates["extractor"]]
    rates["white_box"] = [
        extractor in attacks[attack]["surrogates"]
        for attack, extractor in zip(rates["attack"], rates["extractor"], strict=True)
    ]
    write_table(rates, snakemake.output[0])
