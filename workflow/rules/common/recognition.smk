"""Inputs of embedding, recognition and defenses."""


def source_faces(wildcards):
    name = "faces" if wildcards.source == "clean" else f"perturbed/{wildcards.source}"
    return f"results/{wildcards.dataset}/{name}.h5"


def sources(attacks, channels):
    """Source -> attack and channel, of all that recognition compares with the clean faces."""
    made_by = parts(attacks)
    found = {name: (name, "png") for name in made_by}
    for channel in channels:
        for name in ("clean", *made_by):
            found[f"{name}.{channel}"] = ("none" if name == "clean" else name, channel)
    return found


def posted_embeddings(dataset, attacks, channels):
    """Embeddings of the users' pictures as posted; `attacks`: extractor -> the attacks compared with it."""
    return [
        path
        for extractor, names in attacks.items()
        for path in embeddings(dataset, [extractor], sources(names, channels))
    ]


def posted_sources(attacks, channels):
    """Attack and channel of each of these embeddings, extractor by extractor, as text."""
    return spec(
        [
            [extractor, list(sources(names, channels).values())]
            for extractor, names in attacks.items()
        ]
    )


def modelled(dataset):
    """The extractors of the two-model systems, and the attacks compared with each."""
    return {name: attacks_of(dataset) for name in models_of("systems")}


def dropped(dataset):
    """The extractors that recognize without detected faces, and the attacks compared with each."""
    attacks = attacks_in("unprotected", dataset)
    return {name: attacks for name in EXPERIMENTS["unprotected"]["extractors"]}


def shown(dataset, figure):
    """The extractors that a figure by extractor shows, and the attacks compared with each."""
    attacks = [
        name
        for name in config["figures"][figure]["attacks"]
        if name in attacks_of(dataset)
    ]
    return {
        name: [] if EXTRACTORS[name]["recipe"] == "pixels" else attacks
        for name in drawn_extractors(dataset, figure)
    }


def embeddings(dataset, extractors, names):
    """Files of embeddings, extractor by extractor."""
    return [
        f"results/{dataset}/embeddings/{extractor}/{name}.h5"
        for extractor in extractors
        for name in names
    ]


def comparisons(dataset, extractors):
    return [
        f"results/{dataset}/recognition/{name}/comparisons.h5" for name in extractors
    ]


def shares(attacks):
    """Attack -> shares of a mixture, as text."""
    return spec({name: ATTACKS[name].get("shares", {}) for name in attacks})


def shares_by_extractor(attacks):
    """Extractor -> attack -> shares of a mixture, as text."""
    return spec(
        {
            extractor: {name: ATTACKS[name].get("shares", {}) for name in names}
            for extractor, names in attacks.items()
        }
    )


def in_table(wildcards):
    """The extractors that a table shows, and the attacks compared with each: of a figure, or of the dataset."""
    if wildcards.get("figure"):
        return shown(wildcards.dataset, wildcards.figure)
    return compared(wildcards.dataset)


def described_extractors(wildcards):
    """Label and release of the extractors and systems that a table shows, as text."""
    described = {
        name: {key: EXTRACTORS[name].get(key) for key in ("label", "released")}
        for name in in_table(wildcards)
    }
    systems = {} if wildcards.get("figure") else EXPERIMENTS["systems"]["systems"]
    for name, system in systems.items():
        models = [EXTRACTORS[system[model]] for model in ("accurate", "robust")]
        released = [model.get("released") or "" for model in models]
        described[name] = {"label": system["label"], "released": max(released)}
    return spec(described)


def described_attacks(wildcards):
    """Label, release and surrogates of the attacks that a table shows, as text."""
    compared_with = in_table(wildcards).values()
    names = dict.fromkeys(name for attacks in compared_with for name in attacks)
    return spec(
        {
            name: {
                "label": ATTACKS[name]["label"],
                "released": ATTACKS[name]["released"],
                "surrogates": sorted(
                    {
                        surrogate
                        for part in parts([name])
                        for surrogate in ATTACKS[part].get("surrogates", [])
                    }
                ),
            }
            for name in names
        }
    )


def end_to_end_options():
    """How classifiers are tuned end to end, less where they start from."""
    options = EXPERIMENTS["classifiers"]["end_to_end"]
    return spec({key: options[key] for key in options if key != "robust_start"})


def tuned_end_to_end(wildcards):
    """Files that a classifier is tuned from and on, besides the gallery."""
    record = EXPERIMENTS["classifiers"]
    start = wildcards.extractor
    if wildcards.defense == "robust_training":
        start = record[record["end_to_end"].get("robust_start", "extractor")]
    files = {"extractor": extractor_files(start)}
    if wildcards.attack != "none":
        files["posted"] = perturbed(wildcards.dataset, [wildcards.attack])
    if wildcards.defense == "robust_training":
        robust = learned_public(EXPERIMENTS["classifiers"]["robust"])
        files |= public_faces(robust["dataset"])
        files["public_perturbed"] = [
            path
            for attack in robust["attacks"]
            for path in perturbed_others(robust["dataset"], "public", attack)
        ]
    return files


def errors_of_classifiers(wildcards):
    """Tables of all classifiers of Figure 9: nearest neighbors, linear, end to end."""
    record = EXPERIMENTS["classifiers"]
    folder = f"results/{wildcards.dataset}/recognition"
    return [
        f"{folder}/protection.csv",
        *(
            f"{folder}/{name}/linear.csv"
            for name in (record["extractor"], record["robust"])
        ),
        *(
            f"{folder}/{record['extractor']}/end_to_end/{defense}/{attack}.csv"
            for defense in ("none", "robust_training")
            for attack in ("none", *attacks_in("classifiers", wildcards.dataset))
        ),
    ]


def systems_of(experiment):
    """System -> its two extractors, as text."""
    systems = EXPERIMENTS[experiment]["systems"]
    return spec(
        {
            name: {model: system[model] for model in ("accurate", "robust")}
            for name, system in systems.items()
        }
    )


def public_files():
    """The attacks that public identities are perturbed by, and each file of their faces."""
    public = learned_public(EXPERIMENTS["adaptive"]["robust"])
    return [
        (attack, path)
        for attack in public.get("attacks", [])
        for path in perturbed_others(public["dataset"], "public", attack)
    ]


def scored_attacks(dataset):
    """Attacks whose posted faces the detectors score: those on the dataset, and those of users who collude."""
    colluding = (
        EXPERIMENTS["collusion"]["attacks"]
        if dataset in datasets_of("collusion")
        else []
    )
    return parts([*attacks_of(dataset), *colluding])


def detector_weights(wildcards):
    """Published weights that a detector starts from."""
    if DETECTORS[wildcards.detector].get("weights", "imagenet") == "scratch":
        return []
    return exists(
        Path(config["weights"], "mobilenet_v2-b0353104.pth"),
        "get torchvision's MobileNetV2 weights (resources/README.md), or give the detector `weights: scratch`",
    )


def detector_scores(wildcards):
    return [
        f"results/{wildcards.dataset}/detection/{name}.csv"
        for name in EXPERIMENTS["detection"]["detectors"]
    ]
