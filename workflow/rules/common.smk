"""From the plan in the library to the rules: a job's wildcards go to the arguments that have their names."""

import inspect

from uncloak import paths
from uncloak.plan import attacks, audit, brought, claims, classifiers, datasets
from uncloak.plan import defenses, detection, evaluated, experiments, extractors
from uncloak.plan import overview, recognition, roles, targets, transfer
from uncloak.files import gigabytes
from uncloak.provenance import as_ordered_text, as_text, code_digest

SEED = config["seed"]
# Of this machine; a cluster, of which a profile tells the nodes, has room for all jobs at once.
ELSEWHERE = workflow.remote_exec or workflow.resource_settings.nodes is not None
CORES = None if ELSEWHERE else workflow.resource_settings.cores


def one_of(names):
    """Regular expression of these names, for a rule's wildcard; matches nothing where there is none."""
    return "|".join(names) or "(?!)"


wildcard_constraints:
    dataset=one_of(config["datasets"]),
    extractor=one_of(config["extractors"]),
    attack=one_of(config["attacks"]),
    channel=one_of(config["channels"]),
    posting=rf"({one_of(['clean', *config['attacks']])})(\.({one_of(config['channels'])}))?(~({one_of(config['defenses'])}))?",
    treated=rf"(~({one_of(config['defenses'])}))?",
    experiment=one_of(config["experiments"]),
    role="public|detector",
    detector=one_of(config["detectors"]),
    purifier=one_of(defenses.learned(config)),
    image_classifier=one_of(config["image_classifiers"]),


def planned(function, told=lambda answer: answer, **known):
    """What a function of the plan answers for a job, made into what is `told`; bad input ends the run in one line."""
    names = inspect.signature(function).parameters.keys() - known.keys()

    def for_job(wildcards):
        asked = {name: wildcards[name] for name in names & wildcards.keys()}
        try:
            return told(function(config, **known, **asked))
        except InputError as error:
            sys.exit(f"error: {error}")

    return for_job


def by_size(least, per_gigabyte, *names):
    """What a job asks for: `least`, and more for each gigabyte of its input, or of the inputs of these names.

    Input that another job of the same submission will make is not there yet, and does not count.
    """

    def asked(wildcards, input):
        files = [input.get(name, []) for name in names] if names else [input]
        return least + round(per_gigabyte * gigabytes(*files))

    return asked


def text(function, **known):
    """The same as text, equal for equal records: what a job gets as a parameter."""
    return planned(function, as_text, **known)


def ordered_text(function, **known):
    """The same where the order of what is named counts, too, as in figures."""
    return planned(function, as_ordered_text, **known)


def code(script, modules=lambda config: (), **known):
    """Digest of a script and of the library code that it really imports; `modules` of the plan are picked at run time."""
    path = os.path.join(workflow.basedir, "workflow", "scripts", f"{script}.py")
    return planned(modules, lambda names: code_digest(path, *names), **known)
