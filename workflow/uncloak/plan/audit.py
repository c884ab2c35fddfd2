"""The audit of one person's photographs: whose, among whom, with which extractors, and in which files."""

import ast
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from uncloak import paths
from uncloak.configuration import merged
from uncloak.errors import InputError
from uncloak.fetchers import FETCHERS
from uncloak.fetching import cache as kept
from uncloak.fetching import find, listings
from uncloak.folders import PERSONS_DEPTH, below, check_holds_files
from uncloak.plan import defenses, extractors
from uncloak.plan.records import science
from uncloak.provenance import digest, listing_digest, module_file
from uncloak.published_files import PublishedFile
from uncloak.records.attacks import Method
from uncloak.records.audit import Audit
from uncloak.records.reading import read
from uncloak.records.words import suggestion

_EXAMPLE = "snakemake --cores all audit --config clean=FOLDER cloaked=FOLDER (docs/add/audit.md)"
_NOBODY = "none"
_FOLDERS = ("clean", "later")


def options(config: Mapping) -> Audit:
    """How audits are made."""
    return Audit.model_validate(config.get("audit", {}))


# Whose photographs


def names(config: Mapping) -> list[str]:
    """The audit that is asked for, if one is."""
    return [_name(config)] if "clean" in config else []


def _name(config: Mapping) -> str:
    return config.get("audit_name") or _slug(Path(_path(config["clean"])).name) or "audit"


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_")[:64]


def _path(value: object) -> str:
    return str(Path(str(value)).expanduser().absolute())


def folders(config: Mapping) -> dict[str, Any]:
    """The person's folders: clean, cloaked (name of a cloak -> folder), later (or empty).

    Raises InputError where they are not all told.
    """
    if "clean" not in config:
        raise InputError(f"audit: whose photographs? name their folder: {_EXAMPLE}")
    if "cloaked" in config and "cloak" in config:
        raise InputError("audit: has both cloaked photographs and a cloak to make some; give one of cloaked and cloak")
    if "cloaked" not in config and "cloak" not in config:
        raise InputError(f"audit: has no cloaked photographs; name them, or a cloak (cloak=lowkey): {_EXAMPLE}")
    cloaked = _cloaked(config)
    if "cloaked" in config and not cloaked:
        raise InputError(f"audit: cloaked: names no folder; name one: {_EXAMPLE}")
    for name, path in cloaked.items():
        if path in [other for before, other in cloaked.items() if before != name]:
            raise InputError(f"audit: cloaked: {path}: is given twice; give it once")
    later = _path(config["later"]) if "later" in config else ""
    return {"clean": _path(config["clean"]), "cloaked": cloaked, "later": later}


def _cloaked(config: Mapping) -> dict[str, str]:
    given = config.get("cloaked", {})
    if not isinstance(given, Mapping):
        whole = isinstance(given, list) or Path(_path(given)).is_dir()  # a folder's name may have a comma in it
        several = (given if isinstance(given, list) else [str(given)]) if whole else str(given).split(",")
        given, taken = {}, [path.strip() for path in several if path.strip()]
        for path in taken:
            name = _slug(Path(path).name) or "cloaked"
            while name in (*given, *_FOLDERS, _NOBODY):
                name += "_2"
            given[name] = path
    for name in given:
        if name in (*_FOLDERS, _NOBODY):
            raise InputError(f"audit: a cloak cannot be called '{name}'; call it otherwise")
    return {name: _path(path) for name, path in given.items()}


def cloaks(config: Mapping) -> dict[str, dict]:
    """The attacks of ours that are to make the cloaked faces, as they cloak real photographs."""
    found = {}
    for name in filter(None, map(str.strip, config.get("cloak", "").split(","))):
        known = options(config).cloaks
        if name not in config["attacks"] or name not in known:
            raise InputError(f"audit: there is no cloak '{name}' for photographs; {suggestion(name, known)}")
        differs = known[name].model_dump()
        surrogates = [each for each in differs["surrogates"] if lacks(config, each) is None]
        if not surrogates:
            wanted = "; ".join(f"{each}: {lacks(config, each)}" for each in differs["surrogates"])
            raise InputError(f"audit: cloak '{name}' needs an extractor to work against, and none is at hand: {wanted}")
        told = merged(config["attacks"][name], {**differs, "surrogates": surrogates})
        if "targets" in told or told["method"] in ("mixture", "external"):
            raise InputError(f"audit: '{name}' cannot cloak one person alone; take {', '.join(known)}")
        found[name] = science(told)
        read(Method, found[name])
    if "cloak" in config and not found:
        raise InputError(f"audit: cloak: names none; known: {', '.join(options(config).cloaks)}")
    return found


# Extractors


def _published(config: Mapping) -> list[str]:
    """Published extractors and black boxes, from the oldest to the newest; those that the audit names, if it does."""
    named = options(config).extractors
    records = config["extractors"]
    for name in named or ():
        if name not in records or records[name]["recipe"] not in ("import", "black_box"):
            known = [each for each in records if records[each]["recipe"] in ("import", "black_box")]
            raise InputError(
                f"config: audit.extractors: there is no published extractor '{name}'; {suggestion(name, known)}"
            )
    found = named or [name for name, record in records.items() if record["recipe"] in ("import", "black_box")]
    return sorted(found, key=lambda name: (records[name]["released"], name))


def at_hand(config: Mapping) -> list[str]:
    """The extractors that are asked: what an audit names by itself is fetched, the others must be there.

    Raises InputError where there is none.
    """
    named = options(config).extractors is not None
    found = [name for name in _published(config) if named or lacks(config, name) is None]
    if not found:
        raise InputError(
            "audit: no extractor is at hand; install the extra dlib, or put published weights into the folder `weights`"
            " (resources/README.md)"
        )
    return found


def lacks(config: Mapping, extractor: str) -> str | None:
    """What an extractor lacks to be at hand, in words; None where it can be asked without a network."""
    if extractor not in config["extractors"]:
        return "its record is struck out"
    record = config["extractors"][extractor]
    module = extractors.module(config, extractor)
    if (package := _absent(module)) is not None:
        return f"install the package {package}"
    if "weights" not in record:
        return None
    file = PublishedFile.of(record["weights"])
    if not file.digits:
        return "its record has no hash of its file; see resources/README.md"
    return None if find(file, config["weights"]) else file.advice


@cache
def _absent(module: str) -> str | None:
    """The first package that a module imports, and that is not installed."""
    for node in ast.walk(ast.parse(module_file(module).read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        for name in names:
            if find_spec(name.partition(".")[0]) is None:
                return name.partition(".")[0]
    return None


def _extra(package: str | None) -> str | None:
    """The extra of ours that brings a package, if one does."""
    try:
        requirements = requires("uncloak") or []
    except PackageNotFoundError:
        return None
    for requirement in requirements:
        name, _, condition = requirement.partition(";")
        if package and re.split("[=<>~! ]", name)[0].replace("-", "_") == package and "extra ==" in condition:
            return condition.partition("extra ==")[2].strip(" '\"")
    return None


def offered(config: Mapping) -> list[dict]:
    """The published extractors that are not at hand, and how each is to be had."""
    rows = []
    for name in _published(config) if options(config).extractors is None else ():
        if (missing := lacks(config, name)) is None:
            continue
        record = config["extractors"][name]
        file = PublishedFile.of(record.get("weights", {"file": ""}))
        package = _absent(extractors.module(config, name))
        extra = _extra(package or file.package)
        how = f"extra {extra}" if extra else "fetch" if package is None and file.fetchable else "bring"
        rows.append(
            {"extractor": name, "label": record["label"], "released": record["released"], "size": file.size}
            | {"license": file.licence, "how": how, "advice": missing}
        )
    return rows


def chooser(config: Mapping) -> str:
    """The extractor that tells the person from others in the photographs: made for faces, calibrated, the newest."""

    def fit(name: str) -> tuple:
        record = config["extractors"][name]
        return -record.get("largest_clean_error", 0), bool(record.get("thresholds")), record["released"]

    return max(at_hand(config), key=fit)


def brought(config: Mapping, extractor: str) -> str:
    return f"extractors.{extractor}"


# Jobs


def faces_told(config: Mapping) -> dict:
    """What finding the faces depends on, beside the photographs."""
    how, name = options(config), chooser(config)
    made = cloaks(config)
    return {
        **folders(config),
        "missing": config.get("missing", "unprotected"),
        "held_back": how.held_back,
        "crop": _crop(how),
        "channels": _channels(config, how),
        "chooser": name,
        "thresholds": config["extractors"][name].get("thresholds"),
        "metric": config["recognition"]["metric"],
        "records": {each: extractors.record(config, each) for each in (name, *_surrogates(made))},
        "cloaks": made,
    }


def _surrogates(made: Mapping[str, Mapping]) -> list[str]:
    return list(dict.fromkeys(each for record in made.values() for each in record["surrogates"]))


def _crop(how: Audit) -> dict[str, int]:
    return {key: getattr(how, key) for key in ("face_size", "margin", "minimum_face")}


def _channels(config: Mapping, how: Audit) -> dict[str, list]:
    for name in how.channels:
        if name not in config["channels"]:
            raise InputError(f"config: audit.channels: there is no channel '{name}'; name another")
        if config["channels"][name].get("landmarks") == "clean":
            raise InputError(f"config: audit.channels: '{name}' aligns by what nobody scrapes; leave it out")
    return {name: config["channels"][name]["steps"] for name in how.channels}


def faces_modules(config: Mapping) -> list[str]:
    """The modules that finding and cloaking the faces picks at run time."""
    made = cloaks(config)
    methods = {f"uncloak.attacks.methods.{record['method']}" for record in made.values()}
    return sorted({*methods, *extractors.modules_of(config, [chooser(config), *_surrogates(made)])})


def photographs(config: Mapping) -> str:
    """A digest of the names and contents of the person's files.

    Raises InputError where a folder is missing or holds none, which is better said before anything is computed.
    """
    told = folders(config)
    cloaked = {f"cloaked ({name})": root for name, root in told["cloaked"].items()}
    return " ".join(_contents(what, root) for what, root in {**told, **cloaked}.items() if what != "cloaked" and root)


def _contents(what: str, root: str, kept: Path | None = None) -> str:
    # Nothing of the person's is kept outside the audit's folder.
    check_holds_files(what, root)
    return listing_digest(root, PERSONS_DEPTH, kept=kept)


def treatments(config: Mapping) -> dict[str, dict]:
    """The defenses that treat the scraped faces, and how; `probes` where these are treated, too."""
    named, found = options(config).defenses, {}
    for name in config["run"]["defenses"] if named is None else named:
        if name not in config["defenses"]:
            raise InputError(f"config: audit.defenses: there is no defense '{name}'; name another")
        if name in defenses.learned(config):
            # What a run has taught it are other people's faces, of another size.
            if named is not None:
                raise InputError(f"config: audit.defenses: '{name}' has to be learned first; leave it out")
        elif defenses.treats_probes_alone(config, name):
            if named is not None:
                raise InputError(f"config: audit.defenses: '{name}' treats no scraped face; leave it out")
        elif "faces" in defenses.hooks(config, name):
            found[name] = defenses.described(config, name)
            found[name]["probes"] = config["defenses"][name].get("probes", False)
        elif named is not None:
            raise InputError(f"config: audit.defenses: '{name}' does not treat faces; leave it out")
    return found


def embedding_modules(config: Mapping, extractor: str) -> list[str]:
    """The modules that embedding picks at run time."""
    treated = [defenses.module(config, name) for name in treatments(config)]
    return sorted({*treated, *extractors.modules(config, extractor)})


def embeddings(config: Mapping) -> list[str]:
    """Embeddings of the person's faces, by extractor."""
    [name] = names(config)
    return [paths.fill(paths.AUDIT_EMBEDDINGS, audit=name, extractor=each) for each in at_hand(config)]


# The crowd


def crowds(config: Mapping) -> list[str]:
    """The name of the crowd, if there is one: with how much is taken of it, so that several are kept."""
    among = crowd(config) if "clean" in config or "crowd" in config else {}
    how = options(config)
    return [f"{_slug(among['label'])}_{how.crowd_people}_{how.crowd_pictures}"] if among else []


def crowd(config: Mapping) -> dict[str, str]:
    """The folder of the other people, and what it is called; empty where there is none."""
    given = config.get("crowd")
    if given == _NOBODY:
        return {}
    record = config["datasets"].get(str(given), {})
    if "root" in record:
        return {"root": _path(below(config["data"], record["root"])), "label": record["label"]}
    if given is not None:
        return {"root": _path(given), "label": Path(_path(given)).name}
    found = [below(config["data"], "lfw"), FETCHERS["lfw"].folder(kept())]
    there = [path for path in found if path.is_dir()]
    return {"root": _path(there[0]), "label": "LFW"} if there else {}


def crowd_told(config: Mapping) -> dict:
    """What the crowd's faces depend on, beside the photographs."""
    how = options(config)
    return {
        "root": crowd(config)["root"],
        "crop": _crop(how),
        "people": how.crowd_people,
        "pictures": how.crowd_pictures,
    }


def crowd_photographs(config: Mapping) -> str:
    """A digest of the names and contents of the crowd's files; raises InputError as `photographs`."""
    return _contents("crowd", crowd(config)["root"], listings())


def crowd_embeddings(config: Mapping) -> list[str]:
    """Embeddings of the crowd, by extractor; none without one."""
    return [
        paths.fill(paths.CROWD_EMBEDDINGS, crowd=name, extractor=each)
        for name in crowds(config)
        for each in at_hand(config)
    ]


def crowd_faces(config: Mapping) -> list[str]:
    """Faces of the crowd; none without one."""
    return [paths.fill(paths.CROWD_FACES, crowd=name) for name in crowds(config)]


def thresholds(config: Mapping) -> list[str]:
    """Where the distances stand that were measured on the crowd.

    Raises InputError where there is none.
    """
    found = [paths.fill(paths.THRESHOLDS, crowd=name) for name in crowds(config)]
    if not found:
        raise InputError("audit_thresholds: of whose faces? name a folder PERSON/FILE by crowd=FOLDER")
    return found


def thresholds_told(config: Mapping) -> dict:
    """What is said of these distances."""
    return {"label": crowd(config)["label"], "metric": config["recognition"]["metric"]}


# What is measured


def measure_told(config: Mapping) -> dict:
    """What is said of the audit, and what measuring depends on."""
    how, told, among, made = options(config), folders(config), crowd(config), cloaks(config)
    asked = at_hand(config)
    return {
        "name": _name(config),
        "of": digest(told["clean"]),
        "folders": {
            "clean": _base(told["clean"]),
            "cloaked": {name: _base(path) for name, path in told["cloaked"].items()},
            "later": _base(told["later"]),
        },
        "cloaks": {name: record["surrogates"] for name, record in made.items()},
        "missing": config.get("missing", "unprotected"),
        "unprotected": sorted(set(how.unprotected) - {0}),
        "held_back": how.held_back,
        "channels": {name: config["channels"][name]["label"] for name in how.channels},
        "defenses": {name: config["defenses"][name]["label"] for name in treatments(config)},
        "metric": config["recognition"]["metric"],
        "chooser": chooser(config),
        "crowd": {"label": among["label"], "own": _inside(told["clean"], among["root"])} if among else None,
        "extractors": {name: _shown(config, name) for name in asked},
        "offered": offered(config),
    }


def _base(path: str) -> str:
    return Path(path).name


def _inside(path: str, root: str) -> str:
    """The first folder below `root` on the way to `path`; empty where it does not lie there."""
    place = Path(path).resolve()
    return place.relative_to(Path(root).resolve()).parts[0] if Path(root).resolve() in place.parents else ""


def _shown(config: Mapping, extractor: str) -> dict:
    record = config["extractors"][extractor]
    return {
        "label": record["label"],
        "released": record["released"],
        "license": record.get("weights", {}).get("licence"),
        "trained_on": extractors.trained_on(config, extractor),
        "thresholds": record.get("thresholds"),
    }


def look(config: Mapping) -> str:
    """A digest of what the page is made of besides code."""
    parts = sorted(Path(module_file("uncloak.audit.page")).parent.glob("page.*"))
    return digest("".join(path.read_text(encoding="utf-8") for path in parts))


def page(config: Mapping) -> str:
    """What an audit comes down to.

    Raises InputError where none is asked for, or where its results would replace those of another folder.
    """
    clean = folders(config)["clean"]
    at_hand(config)
    [name] = names(config)
    about = Path(paths.fill(paths.AUDIT_ABOUT, audit=name))
    if "audit_name" not in config and _audited(about) not in (None, digest(clean)):
        raise InputError(
            f"audit: {about.parent} is the audit of another folder of that name; name this one by audit_name=NAME, or"
            f" remove that one (audit_clean)"
        )
    return paths.fill(paths.AUDIT_PAGE, audit=name)


def _audited(about: Path) -> str | None:
    """Which folder an audit was of, if one is there and says so."""
    try:
        return json.loads(about.read_bytes())["of"]
    except (OSError, ValueError, KeyError, TypeError):  # what is damaged is made anew
        return None


def clean_name(config: Mapping) -> str:
    """The audit whose files are removed.

    Raises InputError where none is named.
    """
    if "clean" not in config and "audit_name" not in config:
        raise InputError("audit_clean: whose? name the audit by audit_name=NAME, or its folder by clean=FOLDER")
    return config.get("audit_name") or _name(config)
