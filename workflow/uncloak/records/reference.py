"""The reference of every key, made from the records: a JSON schema for editors, and a page for people."""

import json
import re
from collections.abc import Iterator

from uncloak.records import plugins
from uncloak.records.configuration import Configuration

# Plug-ins that a record names by its `method`, beside their options; and those with their options beside their name.
_METHODS = {"Method": plugins.METHOD, "Defense": plugins.DEFENSE, "Experiment": plugins.EXPERIMENT}
_NAMED = (plugins.NETWORK, plugins.OBJECTIVE, plugins.BLACK_BOX, plugins.CLASSIFIER_NETWORK)
_KINDS = (*_METHODS.values(), *_NAMED)
_MOST = 10**9  # of counts: a bound that nobody meets is not worth telling
_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false", "array": "list"}
_HEAD = """# Configuration

<!-- Made by `python -m uncloak.records` from the records in workflow/uncloak/records; do not edit. -->

A configuration is what `resources/records` says there is, and over it
[config.yaml](../config.yaml), which says what of it is run, and over both the files that `--configfile` names. Mappings
are merged key by key; lists and values replace. What is set to `null` is struck out: a record, or a key of one. Names
consist of letters, digits and `_`.

Experiments take every extractor and attack of the run, unless their record names some, or leaves some out
by `without`.
"""


def schema() -> dict:
    """Return the JSON schema (draft 2020-12) of whole configurations."""
    whole = Configuration.model_json_schema(by_alias=True)
    definitions = whole["$defs"]
    for kind in _NAMED:
        known = {name: _options(kind, name) for name in plugins.names(kind)}
        definitions[kind.title] = {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"enum": list(known)}},
            "allOf": [
                _when("name", name, {**options, "properties": {"name": True, **options["properties"]}})
                for name, options in known.items()
            ],
        }
    for record, kind in _METHODS.items():
        methods = plugins.names(kind)
        definitions[record]["properties"]["method"]["enum"] = methods
        definitions[record]["allOf"] = [
            _when("method", name, {"properties": {"options": _options(kind, name)}}) for name in methods
        ]
    definitions["Transfer"]["properties"]["attack"] |= _options(plugins.METHOD, "pgd")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_tidy(whole)}


def for_editors() -> str:
    """Return the JSON schema of any file of records, as text: each holds a part, and may strike out other parts."""
    whole = _partial(schema())
    for kind in whole["properties"].values():
        for pattern, record in kind.get("patternProperties", {}).items():
            kind["patternProperties"][pattern] = _nullable(record)
    return json.dumps(whole, indent=1) + "\n"


def page() -> str:
    """Return the reference as Markdown."""
    whole = schema()
    return "\n".join([_HEAD, *_tables(whole), *_plugin_tables()]).rstrip() + "\n"


def _when(key: str, value: str, then: dict) -> dict:
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": then}


def _options(kind: plugins.Kind, name: str) -> dict:
    record = plugins.options_record(kind, name)
    found = _tidy(record.model_json_schema())
    kept = {key: value for key, value in found.items() if key in ("properties", "required", "additionalProperties")}
    return {"type": "object", "properties": {}, **kept}


def _tidy(value: object) -> object:
    """Titles repeat the keys (as a key of a record, `title` has a mapping for a value); plug-ins have a definition."""
    if isinstance(value, dict):
        kept = {key: _tidy(each) for key, each in value.items() if key != "title" or isinstance(each, dict)}
        return kept | ({"$ref": f"#/$defs/{kept.pop('plugin')}"} if "plugin" in kept else {})
    return [_tidy(each) for each in value] if isinstance(value, list) else value


def _partial(value: object) -> object:
    """A record of a file may lack keys that another file holds, and so be of several kinds; null strikes keys out."""
    if isinstance(value, list):
        return [_partial(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {"anyOf" if key == "oneOf" else key: _partial(each) for key, each in value.items() if key != "if"}
    if isinstance(kept.get("required"), list):
        del kept["required"]
    if isinstance(kept.get("properties"), dict) and "type" in kept:
        kept["properties"] = {key: _nullable(each) for key, each in kept["properties"].items()}
    return kept | ({"if": value["if"]} if "if" in value else {})


def _nullable(info: dict | bool) -> dict | bool:
    if isinstance(info, bool) or {"type": "null"} in info.get("anyOf", []):
        return info
    if isinstance(info.get("type"), str) and not {"const", "enum"} & set(info):
        return {**info, "type": [info["type"], "null"]}
    return {"anyOf": [info, {"type": "null"}]}


def _tables(whole: dict) -> Iterator[str]:
    yield from ("## Top level\n", *_table(whole, whole))
    shown: set[str] = set()
    for kind, part in whole["properties"].items():
        waiting = [name for name in _referred(part) if name not in shown]
        if waiting:
            yield f"## {kind}\n\n{part.get('description', '')}\n"
        while waiting:
            name = waiting.pop(0)
            if name in shown or name in {plugin.title for plugin in _KINDS}:
                continue
            shown.add(name)
            record = whole["$defs"][name]
            yield f"### {name}\n\n{record.get('description', '')}\n"
            yield from _table(record, whole)
            waiting = [*_referred(record["properties"]), *waiting]


def _plugin_tables() -> Iterator[str]:
    for kind in _KINDS:
        yield f"## {kind.title}\n\nModules of `workflow/uncloak/{kind.folder}`, and their options.\n"
        for name in plugins.names(kind):
            yield f"### {kind.noun} {name}\n\n{plugins.options_record(kind, name).__doc__}\n"
            options = _options(kind, name)
            yield from _table(options, options) if options["properties"] else ["No options.\n"]


def _referred(value: object) -> list[str]:
    """Names of the definitions that a schema refers to, in order."""
    if isinstance(value, dict):
        here = [value["$ref"].rsplit("/", 1)[1]] if isinstance(value.get("$ref"), str) else []
        return here + [name for each in value.values() for name in _referred(each)]
    return [name for each in value for name in _referred(each)] if isinstance(value, list) else []


def _table(record: dict, whole: dict) -> list[str]:
    rows = ["| key | type | default | bounds, unit | meaning |", "| --- | --- | --- | --- | --- |"]
    for key, info in record["properties"].items():
        bare = _bare(info)
        default = "required" if key in record.get("required", []) else _value(info.get("default"))
        bounds = " ".join(filter(None, [_bounds(bare), info.get("unit", "")]))
        meaning = info.get("description") or _defined(whole, bare).get("description", "")
        meaning = re.sub(r"\s+", " ", meaning).replace("|", r"\|")
        rows.append(f"| `{key}` | {_type(bare)} | {default} | {bounds} | {meaning} |")
    return [*rows, ""]


def _defined(whole: dict, info: dict) -> dict:
    """The definition that a schema refers to."""
    return whole.get("$defs", {}).get(info.get("$ref", "").rpartition("/")[2], {})


def _bare(info: dict) -> dict:
    """A schema less its alternative `null`, which stands for what is not given."""
    kinds = [each for each in info.get("anyOf", []) if each.get("type") != "null"]
    return kinds[0] if len(kinds) == 1 else info


def _value(value: object) -> str:
    return "" if value is None or value in ({}, [], "") else f"`{json.dumps(value)}`"


def _type(info: dict) -> str:
    if "$ref" in info:
        name = info["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower().replace(' ', '-')})"
    if "const" in info or "enum" in info:
        return " or ".join(f"`{value}`" for value in info.get("enum", [info.get("const")]))
    if several := info.get("oneOf") or info.get("anyOf"):
        return " or ".join(_type(each) for each in several)
    if info.get("type") == "array":
        return f"list of: {_type(info['items'])}"
    if info.get("type") == "object":
        inside = [*info.get("patternProperties", {}).values(), info.get("additionalProperties")]
        return f"name to {_type(inside[0])}" if isinstance(inside[0], dict) else "mapping"
    if info.get("format") == "date":
        return "day"
    if str(info.get("pattern", "")).startswith("^[A-Za-z0-9_]+"):
        return "name"
    return _TYPES.get(info.get("type"), "mapping")


def _bounds(info: dict) -> str:
    """The bounds of a number, or of the entries of a list."""
    if info.get("type") == "array":
        least, most = info.get("minItems", 0), info.get("maxItems")
        entries = f"{least} entries" if least == most else f"at least {least} entries" if least else ""
        inside = _bounds(info["items"])
        return ", ".join(filter(None, [entries.replace("1 entries", "1 entry"), inside and f"each {inside}"]))
    found = [
        f"{words} {info[key]}"
        for key, words in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
        if key in info and not (key == "maximum" and info[key] == _MOST)
    ]
    return ", ".join(found)
