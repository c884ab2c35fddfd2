"""Records agree with the code that uses them, whose options are read without running it."""

import dataclasses
import importlib
import inspect
import re
import subprocess
import sys

import pytest
from pydantic import ValidationError

from uncloak.errors import InputError
from uncloak.records import plugins
from uncloak.records.attacks import Blur, Jpeg, Method, Resize
from uncloak.records.defenses import Defense
from uncloak.records.extractors import Schedule
from uncloak.records.reading import read

KINDS = (
    plugins.METHOD,
    plugins.NETWORK,
    plugins.OBJECTIVE,
    plugins.DEFENSE,
    plugins.EXPERIMENT,
    plugins.CLASSIFIER_NETWORK,
)
EVERY = [(kind, name) for kind in KINDS for name in plugins.names(kind)]


def same(declared, used):
    """Whether two defaults are one: a record may leave a value to the configuration or to the dataset."""
    return declared == used or declared is None or (declared is ... and used is dataclasses.MISSING)


@pytest.mark.parametrize(("kind", "name"), EVERY, ids=lambda each: each if isinstance(each, str) else each.noun)
def test_options_are_those_that_the_module_takes(kind, name):
    module = importlib.import_module(".".join(["uncloak", *kind.folder.split("/"), name]))
    record = plugins.options_record(kind, name)
    if kind.mark and not hasattr(module, kind.declaration):  # a defense or an experiment may have none
        assert not record.model_fields
        return
    taken = inspect.signature(getattr(module, kind.declaration)).parameters
    named = {key for key, option in taken.items() if option.kind is not option.VAR_KEYWORD}
    assert set(record.model_fields) == named - set(kind.given)
    for key, info in record.model_fields.items():
        assert info.is_required() == (taken[key].default is inspect.Parameter.empty)
        assert info.is_required() or info.default == taken[key].default
        assert info.description, f"{name}: say in its docstring what {key} means"


def test_there_are_plug_ins_of_every_kind():
    assert {"lowkey", "fawkes_v03", "fawkes_v10", "pgd"} <= set(plugins.names(plugins.METHOD))
    assert "perturb" not in plugins.names(plugins.METHOD)  # a module, but no method
    assert "iresnet" in plugins.names(plugins.NETWORK)
    assert "head" not in plugins.names(plugins.NETWORK)
    assert "magface" in plugins.names(plugins.OBJECTIVE)
    assert {"jpeg", "cloak_detector", "robust_training", "top_2"} <= set(plugins.names(plugins.DEFENSE))
    assert "detection" not in plugins.names(plugins.DEFENSE)
    assert {"protection", "by_extractor", "claims"} <= set(plugins.names(plugins.EXPERIMENT))
    assert "given" not in plugins.names(plugins.EXPERIMENT)
    assert "convnext" in plugins.names(plugins.CLASSIFIER_NETWORK)


@pytest.mark.parametrize("name", plugins.names(plugins.DEFENSE))
def test_a_defense_has_the_hooks_that_it_says(name):
    module = importlib.import_module(f"uncloak.defenses.{name}")
    functions = ("faces", "gallery", "growth", "answer")
    assert set() < set(module.HOOKS) <= {"extractor", *functions}
    for hook in functions:
        assert (hook in module.HOOKS) == callable(getattr(module, hook, None)), hook
    assert ("extractor" in module.HOOKS) == ("extractors" in plugins.options_record(plugins.DEFENSE, name).model_fields)


@pytest.mark.parametrize("name", plugins.names(plugins.EXPERIMENT))
def test_an_experiment_has_its_parts(name):
    module = importlib.import_module(f"uncloak.experiments.{name}")
    parts = plugins.parts(plugins.EXPERIMENT, name)
    assert set(parts) <= {"measure", "figure"}
    assert parts
    for part in parts:
        there = importlib.import_module(f"{module.__name__}.{part}")
        assert callable(getattr(there, {"measure": "measure", "figure": "draw"}[part])), part
    if "figure" in parts:
        assert plugins.beside(plugins.EXPERIMENT, name, "caption.rst").strip()
        assert module.TITLE
        assert module.CATEGORY


def test_a_new_module_is_known_as_soon_as_it_is_there(tmp_path, monkeypatch):
    folder = tmp_path / plugins.METHOD.folder
    folder.mkdir(parents=True)
    (folder / "glaze.py").write_text('''"""A new attack."""
from dataclasses import dataclass
import no_such_module
from uncloak.errors import InputError
LIMIT = 3

@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        strength: how strong it is, of
            three.
    """
    strength: int = LIMIT

    def __post_init__(self):
        if self.strength > LIMIT:
            raise InputError(f"glaze: strength is {self.strength}; choose at most {LIMIT}")

def attack(pictures: no_such_module.Tensor):
    raise AssertionError
''')
    monkeypatch.setattr(plugins, "_PACKAGE", tmp_path)
    kind = plugins.METHOD._replace(noun="new method")  # so that nothing is remembered of the others
    assert plugins.names(kind) == ["glaze"]
    assert plugins.read(kind, "glaze", {}).strength == 3
    assert plugins.options_record(kind, "glaze").model_fields["strength"].description == "how strong it is, of three."
    with pytest.raises(ValidationError, match="strength is 4; choose at most 3"):
        plugins.options_record(kind, "glaze").model_validate({"strength": 4})


SOFTENED = '''"""A defense of somebody's own."""
from dataclasses import dataclass
import numpy as np
HOOKS = ("faces",)

@dataclass(frozen=True)
class Options:
    """Options.

    Attributes:
        strength: how strong it is.
    """
    strength: float = 1.0

def faces(scraped, options):
    return scraped
'''


@pytest.mark.parametrize(
    ("place", "slip", "message"),
    [
        ("def faces(", "def faces((", r"defenses/slip_0.py is no Python: .*line 1\d"),
        ("float", "flaot", r"`Options` of uncloak.defenses.slip_1 cannot be read: name 'flaot' is not defined"),
        ("1.0", "[]", r"`Options` of uncloak.defenses.slip_2 cannot be read: mutable default"),
        ("float", "np.ndarray", r"options of uncloak.defenses.slip_3 .*ndarray"),
        ('("faces",)', '("face",)', r"HOOKS in uncloak/defenses/slip_4.py must be a tuple of faces, gallery"),
        ('("faces",)', '("faces")', r"HOOKS in uncloak/defenses/slip_5.py must be a tuple of faces, gallery"),
        ('("faces",)', "()", r"HOOKS in uncloak/defenses/slip_6.py must be a tuple of faces, gallery"),
        ('("faces",)', "np.HOOKS", r"HOOKS in uncloak/defenses/slip_7.py must be a tuple of faces, gallery"),
        ("def faces(", "def face(", r"slip_8.py has the hook faces, but no function of this name"),
        (
            *('("faces",)', '("growth", "answer")\ndef growth(): ...\ndef answer(): ...\n'),
            r"slip_9.py has the hooks growth and answer, which do not go together",
        ),
    ],
)
def test_a_slip_in_a_module_of_ones_own_is_told_in_one_line(tmp_path, monkeypatch, place, slip, message):
    assert SOFTENED.count(place) == 1
    package = tmp_path / "uncloak"
    (package / "defenses").mkdir(parents=True)
    name = re.search(r"slip_\d", message).group()  # of its own: what is read is remembered by its name
    (package / "defenses" / f"{name}.py").write_text(SOFTENED.replace(place, slip))
    monkeypatch.setattr(plugins, "_PACKAGE", package)
    with pytest.raises(InputError, match=message) as told:
        read(Defense, {"label": "softened", "method": name, "options": {}})
    assert "\n" not in str(told.value)


def test_a_method_without_its_function_is_told_in_one_line(tmp_path, monkeypatch):
    package = tmp_path / "uncloak"
    (package / "attacks" / "methods").mkdir(parents=True)
    written = SOFTENED.replace("def faces(", "def atack(")
    (package / "attacks" / "methods" / "misspelled.py").write_text(written)
    monkeypatch.setattr(plugins, "_PACKAGE", package)
    record = {"label": "misspelled", "method": "misspelled", "surrogates": ["arcface"], "options": {}}
    with pytest.raises(InputError, match=r"uncloak/attacks/methods/misspelled.py has no function attack; write it"):
        read(Method, record)


def test_reading_every_option_imports_no_torch():
    code = (
        "import sys; from uncloak.records import configuration, plugins\n"
        f"for kind in {list(map(tuple, KINDS))!r}:\n"
        "    kind = plugins.Kind(*kind)\n"
        "    for name in plugins.names(kind): plugins.options_record(kind, name)\n"
        "assert not {'torch', 'numpy', 'timm'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("record", "module", "declaration", "beside"),
    [
        (Schedule, "extractors.training", "Schedule", set()),
        (
            plugins.options_record(plugins.EXPERIMENT, "classifiers"),
            *("recognition.tuning", "Schedule", {"users", "robust_start"}),
        ),
        (Jpeg, "pictures.channel", "Jpeg", {"method"}),
        (Blur, "pictures.channel", "Blur", {"method"}),
        (Resize, "pictures.channel", "Resize", {"method"}),
    ],
)
def test_a_record_has_the_fields_and_the_defaults_of_what_is_made_from_it(record, module, declaration, beside):
    fields = {
        field.name: field
        for field in dataclasses.fields(getattr(importlib.import_module(f"uncloak.{module}"), declaration))
    }
    assert set(record.model_fields) - beside == set(fields)
    for name, field in fields.items():
        info = record.model_fields[name]
        assert same(... if info.is_required() else info.default, field.default), name
