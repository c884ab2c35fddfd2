"""How most experiments average: over users, with intervals, and with the words that a figure needs."""

import pandas as pd

from uncloak.experiments.given import Given
from uncloak.recognition.evaluation import COLUMNS
from uncloak.recognition.rates import protection_rates

MEASURED = COLUMNS


def average(given: Given, errors: pd.DataFrame) -> pd.DataFrame:
    """Average errors over users (`uncloak.recognition.rates.protection_rates`), and say what each row is about."""
    return labeled(given, protection_rates(errors))


def labeled(given: Given, rates: pd.DataFrame) -> pd.DataFrame:
    """Say what each row of averages by attack, extractor and defense is about.

    Added are `attack_label`, `attack_released`, `extractor_label`, `defense_label` and `released` (of the newest model
    of an extractor with its defense; YYYY-MM-DD or empty), and `white_box`: all of these models are surrogates of the
    attack.
    """
    attacks = given.told["attacks"]
    rates = rates.assign(attack_label=[attacks[attack]["label"] for attack in rates["attack"]])
    rates["attack_released"] = [attacks[attack]["released"] for attack in rates["attack"]]
    known = {(each["extractor"], each["defense"]): each for each in given.told["recognizers"]}
    about = [known[pair] for pair in zip(rates["extractor"], rates["defense"], strict=True)]
    for column in ("extractor_label", "defense_label", "released"):
        rates[column] = [each[column] for each in about]
    rates["white_box"] = [attack in each["known_to"] for attack, each in zip(rates["attack"], about, strict=True)]
    return rates
