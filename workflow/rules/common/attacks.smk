"""Inputs of the rules that perturb faces and send them through channels."""


def surrogate_files(wildcards):
    return extractor_files(*ATTACKS[wildcards.attack]["surrogates"])


def perturb_record(attack):
    """What the perturbing depends on; targets are a job of their own."""
    return record(ATTACKS, attack, without=("label", "released", "targets"))


def chosen_targets(wildcards):
    """Files of a targeted attack: the choice, and the faces chosen from."""
    choice = ATTACKS[wildcards.attack].get("targets")
    if not choice:
        return {}
    whose = f"{wildcards.role}/" if wildcards.get("role") else ""
    return {
        "targets": f"results/{wildcards.dataset}/perturbed/targets/{whose}{wildcards.attack}.csv",
        "target_faces": f"results/{choice.get('dataset', wildcards.dataset)}/faces.h5",
    }


def target_choice(wildcards):
    """Files that targets are chosen from; partners are users of the same dataset and need no surrogate."""
    choice = ATTACKS[wildcards.attack]["targets"]
    if choice.get("choice") == "partner":
        return {}
    return {
        "target_faces": f"results/{choice['dataset']}/faces.h5",
        "target_split": f"results/{choice['dataset']}/split.csv",
        "surrogates": surrogate_files(wildcards),
    }


def whose(wildcards):
    """Whose faces are perturbed: the users' unless the path says otherwise; how many, if not all."""
    role = wildcards.get("role", "user")
    entry = DATASETS[wildcards.dataset].get("perturb", {}).get(role, {})
    identities = entry.get("identities", {}).get(wildcards.attack)
    return spec(
        {"role": role, "identities": identities, "pictures": entry.get("pictures")}
    )


def perturbed_others(dataset, role, attack):
    """Files with the faces of a role perturbed by an attack."""
    shards = DATASETS[dataset]["perturb"][role].get("shards", 1)
    return [
        f"results/{dataset}/perturbed/{role}/{attack}/{shard + 1}-of-{shards}.h5"
        for shard in range(shards)
    ]


# Jobs that perturb the users' pictures in this run.
ATTACK_JOBS = config["shards"] * sum(
    name not in EXTERNAL
    for dataset in config["run"]["datasets"]
    for name in parts(attacks_of(dataset))
)


def attack_threads(wildcards):
    """Cores of a job that perturbs: all of them for one attack, and an equal share for each of several.

    A job that asks for all cores leaves them idle until they are free, and all but one while it starts; where there are
    as many jobs as cores, each has one, and together they fill them. A cluster has room for all jobs at once.
    """
    cores = workflow.resource_settings.cores
    if workflow.remote_exec or not cores:
        return 8
    return max(1, -(-cores // max(1, ATTACK_JOBS)))


def attack_modules(attack):
    """Modules that the perturbing picks at run time."""
    entry = ATTACKS[attack]
    return [f"attacks.{entry['method']}", *network_modules(*entry["surrogates"])]


ALEXNET = Path(config["weights"], "alexnet-owt-7be5be79.pth")


def perceptual_weights(wildcards):
    """AlexNet's weights, where the attack's perceptual term is LPIPS."""
    entry = ATTACKS[wildcards.attack]
    term = entry.get("options", {}).get("perceptual", "lpips")
    if entry["method"] != "lowkey" or term != "lpips":
        return []
    return exists(
        ALEXNET,
        "get torchvision's AlexNet weights (resources/README.md), or set the attack's option perceptual to dssim",
    )


def perturbed(dataset, attacks):
    return [f"results/{dataset}/perturbed/{name}.h5" for name in attacks]


def perceptual_distances(wildcards):
    """LPIPS of every attack's pictures, where AlexNet's weights are at hand."""
    if not ALEXNET.exists():
        return []
    return [
        f"results/{wildcards.dataset}/perturbed/lpips/{name}.csv"
        for name in parts(attacks_of(wildcards.dataset))
    ]


def pictures_of_lpips(wildcards):
    """Clean and perturbed pictures: photographs, or faces."""
    if wildcards.attack in PHOTOGRAPHS:
        return {
            "originals": ancient(folder_root(wildcards)),
            "manifest": f"results/{wildcards.dataset}/manifest.csv",
            "root": ancient(photographs_root(wildcards)),
            "table": f"results/{wildcards.dataset}/perturbed/photographs/{wildcards.attack}.csv",
        }
    return {
        "faces": f"results/{wildcards.dataset}/faces.h5",
        "perturbed": f"results/{wildcards.dataset}/perturbed/{wildcards.attack}.h5",
    }


def external_root(wildcards):
    """Folder of somebody else's perturbed pictures."""
    return exists(
        Path(config["data"], ATTACKS[wildcards.attack]["root"]),
        f"put the pictures of '{wildcards.attack}' there or set `data` (resources/README.md)",
    )


def photographs_root(wildcards):
    """Folder with the perturbed photographs: ours, or somebody else's."""
    if wildcards.attack in EXTERNAL:
        return external_root(wildcards)
    return f"results/{wildcards.dataset}/perturbed/photographs/{wildcards.attack}"


def alignment(wildcards):
    return spec(
        {key: DATASETS[wildcards.dataset][key] for key in ("face_size", "alignment")}
    )


def posted_faces(wildcards):
    """Faces of an attack as posted; `clean` stands for the users' own."""
    if wildcards.attack == "clean":
        return f"results/{wildcards.dataset}/faces.h5"
    return f"results/{wildcards.dataset}/perturbed/{wildcards.attack}.h5"


def channel_steps(wildcards):
    """What a channel does; none is plain PNG."""
    name = wildcards.get("channel")
    return spec(CHANNELS[name]["steps"] if name else [])
