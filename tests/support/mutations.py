"""Overlays as people get them wrong, kind by kind, each the same whenever it is drawn again."""

import copy
import random
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, get_origin

import yaml
from configurations import at, places

from uncloak.records.configuration import Configuration


class Mutant(NamedTuple):
    """An overlay with one thing wrong.

    Attributes:
        kind: what is done to it, of `KINDS`.
        content: of the file.
        wrong: whether it must be refused; else it may be just another configuration.
    """

    kind: str
    content: bytes
    wrong: bool


def overlay(config: Mapping, place: tuple, value: object) -> dict:
    """Return the overlay that puts `value` at a place of a configuration: a list is replaced whole."""
    for depth in range(len(place)):
        if isinstance(above := at(config, place[:depth]), list):
            changed = copy.deepcopy(above)
            at(changed, place[depth:-1])[place[-1]] = value
            return overlay(config, place[:depth], changed)
    for key in reversed(place):
        value = {key: value}
    return value


def _dumped(content: object) -> bytes:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10**6).encode("utf-8", "surrogatepass")


class _Draw:
    """Draws from a configuration, and from what people write."""

    def __init__(self, config: dict, seed: int):
        self.config, self.random = config, random.Random(seed)
        self.places = sorted(places(config), key=str)

    def place(self, wanted: Callable[[object], bool] = lambda value: True) -> tuple:
        return self.random.choice([place for place in self.places if wanted(at(self.config, place))])

    def scalar(self, kind: type | tuple[type, ...]) -> tuple:
        return self.place(lambda value: isinstance(value, kind) and not isinstance(value, bool))

    def record(self) -> tuple[str, str]:
        """Kind and name of a record."""
        kinds = [kind for kind, records in self.config.items() if isinstance(records, dict) and _named(kind)]
        kind = self.random.choice(kinds)
        return kind, self.random.choice(sorted(self.config[kind]))

    def put(self, place: tuple, value: object) -> bytes:
        return _dumped(overlay(self.config, place, value))

    def misspelt(self, word: str) -> str:
        at = self.random.randrange(len(word))
        other = self.random.choice("aeiou_")
        return self.random.choice(
            [
                word[:at] + word[at + 1 :] + "x" * (len(word) < 3),
                word[:at] + other + other + word[at:],
                word[: at + 1] + word[at:],
                word.upper() if word.upper() != word else word.lower() + "s",
            ]
        )


def _named(kind: str) -> bool:
    """Whether a key of the configuration holds records by name."""
    return get_origin(Configuration.model_fields[kind].annotation) is dict


def _is_reference(place: tuple, value: object) -> bool:
    """Whether what stands there is the name of a record."""
    keys = ("extractors", "attacks", "surrogates", "datasets", "data", "from", "to", "channels", "defenses", "features")
    key = place[-2] if isinstance(place[-1], int) else place[-1]
    return isinstance(value, str) and len(place) > 1 and (key in keys or place[0] == "run")


_TEXTS = ["one", "4", "true", "1e3x", "soon", "a, b"]


def _wrong_type(draw: _Draw) -> tuple[bytes, bool]:
    place = draw.scalar((int, float))
    value = draw.random.choice([*_TEXTS, [], [1], {}, {"a": 1}, True, [[]], {"value": at(draw.config, place)}])
    return draw.put(place, value), True


def _structure(draw: _Draw) -> tuple[bytes, bool]:
    place = draw.place(lambda value: isinstance(value, dict | list) and value)
    value = at(draw.config, place)
    if isinstance(value, dict):
        # An overlay merges a mapping into a mapping, so only what is none takes its place.
        wrong = draw.random.choice([list(value), "x", 1, True, [value], 0.5])
    else:
        wrong = draw.random.choice([value[0], {"first": value[0]}, [value], 1, True])
    return draw.put(place, wrong), False


def _unknown_key(draw: _Draw) -> tuple[bytes, bool]:
    kind, name = draw.record()
    below = [place for place in draw.places if place[:2] == (kind, name) and not isinstance(place[-1], int)]
    below = [place for place in below if len(place) > 2 and not any(isinstance(key, int) for key in place)]
    place = draw.random.choice(below or [(kind,)])
    key = draw.misspelt(place[-1])
    return draw.put((*place[:-1], key), copy.deepcopy(at(draw.config, place))), False


def _null(draw: _Draw) -> tuple[bytes, bool]:
    return draw.put(draw.place(), None), False


def _number(draw: _Draw) -> tuple[bytes, bool]:
    huge = [2**31, 2**64, 10**400, 1e308, -1, -(2**63), 0, -0.0, 5e-324, 10**9, 10**9 + 1, 1.5, -0.5]
    return draw.put(draw.scalar((int, float)), draw.random.choice(huge)), False


def _not_finite(draw: _Draw) -> tuple[bytes, bool]:
    words = [".nan", ".inf", "-.inf", ".NaN", "+.INF"]
    text = draw.put(draw.scalar((int, float)), "PLACEHOLDER").decode()
    return text.replace("PLACEHOLDER", draw.random.choice(words)).encode(), True


def _nudge(draw: _Draw) -> tuple[bytes, bool]:
    place = draw.scalar((int, float))
    return draw.put(place, at(draw.config, place) + draw.random.choice([1, -1, 0.5, -0.5, 10])), False


def _empty(draw: _Draw) -> tuple[bytes, bool]:
    value = draw.random.choice(["", " ", [], {}, [""], [None], {"": 1}, "\t", "\u00a0"])
    return draw.put(draw.place(lambda found: not isinstance(found, dict)), value), False


def _wrong_name(draw: _Draw) -> tuple[bytes, bool]:
    place = draw.random.choice([each for each in draw.places if _is_reference(each, at(draw.config, each))])
    name = at(draw.config, place)
    other = draw.random.choice([draw.misspelt(name), "nobody", name + " ", " " + name, name + "\n"])
    return draw.put(place, other), True


def _circle(draw: _Draw) -> tuple[bytes, bool]:
    extractors, attacks, pick = draw.config["extractors"], draw.config["attacks"], draw.random.choice
    tuned = sorted(name for name, each in extractors.items() if each["recipe"] == "finetune")
    name, other = pick(tuned), pick(tuned)
    mixed = pick(sorted(name for name, each in attacks.items() if each["method"] == "mixture"))
    between = {"label": "b", "released": "2021-01-01", "recipe": "interpolate", "alpha": 0.5}
    mixture = {"label": "m", "released": "2021-01-01", "method": "mixture"}
    chain = [f"c{number}" for number in range(draw.random.randint(1, 40))]
    follows = zip(chain, [*chain[1:], chain[0]], strict=True)
    made = [
        {"extractors": {name: {"from": name}}},
        {"extractors": {name: {"from": other}, other: {"from": name}}},
        {"extractors": {each: {**between, "from": after, "to": after} for each, after in follows}},
        {"attacks": {mixed: {"shares": {mixed: 0.5}}}},
        {"attacks": {f"m{i}": {**mixture, "shares": {f"m{(i + 1) % 3}": 0.5, "lowkey": 0.5}} for i in range(3)}},
        {"attacks": {"lowkey": {"surrogates": ["robust"]}}},
        {"datasets": {"synthetic": {"pictures_of": "synthetic"}}},
        {"datasets": {"synthetic": {"pictures_of": "second_world"}, "second_world": {"pictures_of": "synthetic"}}},
    ]
    files = [
        b"attacks: &a {lowkey: *a}\n",
        b"experiments: {ranks: &a {options: [*a]}}\n",
        b"datasets: &a\n  synthetic: {split: *a}\n",
    ]
    return pick([*map(_dumped, made), *files]), True


_FILES: list[tuple[bytes, bool]] = [
    (b"seed: 1\nseed: 2\n", True),
    (b"run:\n  attacks: [lowkey]\n  attacks: [fawkes_v10]\n", True),
    (b'{"seed": 1, "seed": 2}', True),
    (b'{"run": {"attacks": ["lowkey"], "attacks": ["lowkey"]}}', True),
    (b"attacks: {lowkey: {batch: 1, 'batch': 2}}\n", True),
    (b"extractors: {facenet: {released: 2021-02-03}}\n", True),
    (b"extractors: {facenet: {released: 2021-02-03 10:00:00}}\n", True),
    (b"attacks: {lowkey: {released: 2021}}\n", True),
    (b"attacks: {2021-01-01: {label: x}}\n", True),
    (b"attacks: {yes: {label: x}}\n", True),
    (b"attacks: {no: null}\n", True),
    (b"defenses: {1: null}\n", True),
    (b"defenses: {1.5: {label: x}}\n", True),
    (b"defenses: {~: {label: x}}\n", True),
    (b"defenses: {on: {label: x, method: jpeg}}\n", True),
    (b"run: {attacks: [no]}\n", True),
    (b"run: {attacks: [1, 2]}\n", True),
    (b"run: {attacks: [2021-01-01]}\n", True),
    (b"run: {attacks: [lowkey, [fawkes_v10]]}\n", True),
    (b"run: {attacks: lowkey, extractors: facenet}\n", True),
    (b"run: {attacks: !!set {lowkey}}\n", True),
    (b"run: {attacks: !!omap [lowkey: 1]}\n", True),
    (b"run: {attacks: !!binary bG93a2V5}\n", True),
    (b"seed: 0x1F\n", False),
    (b"seed: 0o17\n", True),
    (b"seed: 010\n", False),
    (b"seed: 1_000\n", False),
    (b"seed: 1:30\n", False),
    (b"seed: 1e3\n", True),
    (b"seed: 1.\n", True),
    (b"seed: ' 1'\n", True),
    (b"seed: yes\n", True),
    (b"seed: !!str 1\n", True),
    (b"seed: !!int '1'\n", False),
    (b"seed: !!float 1\n", True),
    (b"seed: !!python/object/apply:os.getpid []\n", True),
    (b"seed: !!python/name:os.system\n", True),
    (b"!!python/object/apply:os.system ['true']\n", True),
    (b"seed: !nothing 1\n", True),
    (b"seed: *unknown\n", True),
    (b"seed: &a 1\nshards: *a\n", False),
    (b"base: &base {batch: 2}\nattacks: {lowkey: *base}\n", True),
    (b"attacks: {lowkey: &a {batch: 2}, pgd: {<<: *a}}\n", False),
    (b"attacks: {lowkey: {<<: 1}}\n", True),
    (b"<<: {seed: 2}\n", False),
    (b"seed: 1\n---\nseed: 2\n", True),
    (b"--- \n...\n", False),
    (b"", False),
    (b"# nothing\n", False),
    (b"null\n", False),
    (b"- seed\n", True),
    (b"seed\n", True),
    (b"42\n", True),
    (b"seed: [1\n", True),
    (b"seed:\t1\n\trun: 2\n", True),
    (b"seed: 1\n  shards: 2\n", True),
    (b"\xef\xbb\xbfseed: 2\n", False),
    (b"\xff\xfes\x00e\x00e\x00d\x00:\x00 \x001\x00", True),
    (b"run: {attacks: [Zo\xeb]}\n", True),
    (b"seed: 1\x00\n", True),
    (b"clean: a\x1b[31mb\n", True),
    (b"? {a: b}\n: c\n", True),
    (b"? [a, b]\n: c\n", True),
    (b"attacks: {? [a]: b}\n", True),
    (b"seed: '1\n", True),
    (b"%YAML 3.0\n---\nseed: 1\n", False),
    (b"__use_yte__: true\nsede: 2\n", True),
    (b"__definitions__: []\nsede: 2\n", True),
    (b"?if True:\n  sede: 1\n", True),
    (b"a: &a [x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n", True),
    (b"a: " + b"[" * 3000 + b"]" * 3000 + b"\n", True),
    (b"a: " + b"{b: " * 500 + b"1" + b"}" * 500 + b"\n", True),
    (b'{"seed": NaN}', True),
    (b'{"attacks": {"lowkey": {"batch": Infinity}}}', True),
    (b'{"seed": 1,}', False),
    (b'{"seed": 1}{"seed": 2}', True),
    (b"[]", True),
    (b'"seed"', True),
]


def _file(draw: _Draw) -> tuple[bytes, bool]:
    return draw.random.choice(_FILES)


# Among them a mark of byte order, and Kelvin's sign, which is no K.
_NAMES = [*"😀٣名ß", "Zoë", "e\u0301", "\u202egnp", "a\u200bb", "ａｂｃ", "a b", "a-b", "a.b", "\ufeffa", "\u212a"]


def _unicode_name(draw: _Draw) -> tuple[bytes, bool]:
    kind, name = draw.record()
    other = draw.random.choice(_NAMES)
    return _dumped({kind: {other: copy.deepcopy(draw.config[kind][name])}}), True


def _unicode_text(draw: _Draw) -> tuple[bytes, bool]:
    texts = [*_NAMES, "\u2028", "a\u0085b", "\x7f", "a\rb", "tab\there", "\U0001f600" * 80]
    return draw.put(draw.scalar(str), draw.random.choice(texts)), False


_MARKUP = [
    *("</script><script>alert(1)</script>", "<!--", "<SCRIPT SRC=//x>", "\x1b[2J\x1b]0;x\x07", "a\x00b", "\x9b31m"),
    *("{dataset}", "{}", "{{x}}", "}", "{0}", "${HOME}", "{config[seed]}", "{input}"),
]


def _markup(draw: _Draw) -> tuple[bytes, bool]:
    place = draw.scalar(str)
    text = draw.random.choice(_MARKUP)
    if "$" not in text or draw.random.random() < 0.5:
        return draw.put(place, at(draw.config, place) + text), True
    kind, name = draw.record()
    return _dumped({kind: {text: copy.deepcopy(draw.config[kind][name])}}), True


_WILD = [*"*?~.;", "[a]", "%s", "$HOME", "a/b", "..", "../../x", "/etc", "a\\b", "a:b", "a=b", "a,b", "`id`"]


def _wild_name(draw: _Draw) -> tuple[bytes, bool]:
    kind, name = draw.record()
    return _dumped({kind: {draw.random.choice(_WILD): copy.deepcopy(draw.config[kind][name])}}), True


def _path(draw: _Draw) -> tuple[bytes, bool]:
    value = draw.random.choice([*_WILD, "/", "//", "/dev/zero", "/proc/self/mem", "a" * 300, "~root/x", "file:///etc"])
    folder = {
        **{"label": "mine", "source": "folder", "root": value, "layout": "folder", "face_size": 112},
        **{"minimum_size": 40, "duplicate_distance": 4, "alignment": {"face_detector": "mtcnn"}},
        "split": {"gallery": 0.7, "minimum_pictures": 4, "too_few": "drop", "user_minimum_pictures": 4, "users": ["a"]},
    }
    published = sorted(name for name, each in draw.config["extractors"].items() if "file" in each.get("weights", {}))
    external = {"label": "e", "released": "2021-01-01", "method": "external", "root": "x", "layout": "flat"}
    external |= {"pictures": "faces", "name": "{stem}_a.png"}
    return draw.random.choice(
        [
            lambda: (_dumped({"data": value}), False),
            lambda: (_dumped({"weights": value}), False),
            lambda: (_dumped({"datasets": {"mine": folder}, "run": {"datasets": ["mine"]}}), False),
            lambda: (_dumped({"datasets": {value: folder}}), True),
            lambda: (_dumped({"extractors": {draw.random.choice(published): {"weights": {"file": value}}}}), False),
            lambda: (_dumped({"attacks": {"other": {**external, "root": value}}}), False),
            lambda: (_dumped({"attacks": {"other": {**external, "name": value}}}), "{stem}" not in value),
            lambda: (_dumped({"audit_name": value}), True),
            lambda: (_dumped({"clean": value, "cloaked": value}), False),
            lambda: (_dumped({"run": {"datasets": [value]}}), True),
        ]
    )()


def _long(draw: _Draw) -> tuple[bytes, bool]:
    length = draw.random.choice([65, 255, 256, 5000, 10**5])
    kind, name = draw.record()
    place = draw.place(lambda value: isinstance(value, list) and value)
    return draw.random.choice(
        [
            lambda: (_dumped({kind: {"a" * length: copy.deepcopy(draw.config[kind][name])}}), True),
            lambda: (_dumped({"run": {"attacks": ["a" * length]}}), True),
            lambda: (draw.put(place, at(draw.config, place)[:1] * length), False),
            lambda: (_dumped({"a" * length: 1}), True),
            lambda: (draw.put(draw.scalar((int, float)), "9" * length), True),
            lambda: (draw.put(draw.scalar(str), "a" * length), False),
        ]
    )()


def _twice(draw: _Draw) -> tuple[bytes, bool]:
    place = draw.place(lambda value: isinstance(value, list) and value and isinstance(value[0], str))
    value = at(draw.config, place)
    return draw.put(place, [*value, value[0]]), place[-1] not in ("drop", "cloaked", "command")


def _borrowed(draw: _Draw) -> tuple[bytes, bool]:
    return draw.put(draw.place(), copy.deepcopy(at(draw.config, draw.place()))), False


def _copied(draw: _Draw) -> tuple[bytes, bool]:
    """A record below another kind, or a key of one record in another."""
    (kind, name), (other, _) = draw.record(), draw.record()
    if draw.random.random() < 0.5:
        return _dumped({other: {f"{name}_2": copy.deepcopy(draw.config[kind][name])}}), other != kind
    source, target = draw.record(), draw.record()
    record = at(draw.config, source)
    key = draw.random.choice(sorted(record)) if isinstance(record, dict) and record else "label"
    return draw.put((*target, key), copy.deepcopy(record.get(key))), False


def _fewer(draw: _Draw) -> tuple[bytes, bool]:
    place = draw.place(lambda value: isinstance(value, list) and value)
    value = at(draw.config, place)
    return draw.put(place, value[: draw.random.randrange(len(value))]), False


def _struck(draw: _Draw) -> tuple[bytes, bool]:
    """Records taken away, which others may name."""
    names = [draw.record() for _ in range(draw.random.randint(1, 3))]
    gone: dict = {}
    for kind, name in names:
        gone.setdefault(kind, {})[name] = None
    return _dumped(gone), False


KINDS: dict[str, Callable[[_Draw], tuple[bytes, bool]]] = {
    "text, lists, mappings where numbers are due": _wrong_type,
    "scalars where lists and mappings are due": _structure,
    "keys misspelt": _unknown_key,
    "null": _null,
    "huge, negative, fractional numbers": _number,
    "NaN and infinities": _not_finite,
    "numbers a little off": _nudge,
    "empty values": _empty,
    "names of nobody": _wrong_name,
    "circles": _circle,
    "files: tags, dates, anchors, keys twice, no YAML": _file,
    "record names in other scripts": _unicode_name,
    "text in other scripts": _unicode_text,
    "markup, escapes, braces": _markup,
    "record names with path and shell characters": _wild_name,
    "paths": _path,
    "long names, lists, texts": _long,
    "entries that stand twice": _twice,
    "values from elsewhere": _borrowed,
    "records and keys from elsewhere": _copied,
    "lists cut short": _fewer,
    "records struck out": _struck,
}


def mutants(config: dict, kind: str, number: int) -> Iterator[Mutant]:
    """Return so many mutants of a kind over a plain configuration; the first of more are those of fewer."""
    for seed in range(number):
        content, wrong = KINDS[kind](_Draw(config, f"{kind} {seed}"))
        yield Mutant(kind, content, wrong)
