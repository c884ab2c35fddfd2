"""Records agree with the code that uses them, whose options are read without running it."""

import dataclasses
import importlib
import inspect
import subprocess
import sys

import pytest
from pydantic import ValidationError

from uncloak.records import plugins
from uncloak.records.attacks import Blur, Frame, Jpeg, Preparation, Resize
from uncloak.records.detectors import Detector
from uncloak.records.experiments import EndToEnd
from uncloak.records.extractors import TEMPLATES, Schedule

KINDS = (plugins.METHOD, plugins.NETWORK, plugins.OBJECTIVE, plugins.CLASSIFIER_NETWORK)
EVERY = [(kind, name) for kind in KINDS for name in plugins.names(kind)]


def same(declared, used):
    """Whether two defaults are one: a record may leave a value to the configuration or to the dataset."""
    return declared == used or declared is None or (declared is ... and used is dataclasses.MISSING)


@pytest.mark.parametrize(("kind", "name"), EVERY, ids=lambda each: each if isinstance(each, str) else each.noun)
def test_options_are_those_that_the_module_takes(kind, name):
    module = importlib.import_module(".".join(["uncloak", *kind.folder.split("/"), name]))
    taken = inspect.signature(getattr(module, kind.declaration)).parameters
    record = plugins.options_record(kind, name)
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
    assert "convnext" in plugins.names(plugins.CLASSIFIER_NETWORK)


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
        (Detector, "defenses.detection", "Options", {"label", "attacks", "identities"}),
        (EndToEnd, "recognition.tuning", "Schedule", {"users", "robust_start"}),
        (Preparation, "attacks.preparation", "Preparation", set()),
        (Frame, "attacks.photographs", "Frame", set()),
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


def test_the_templates_are_those_of_extractors():
    module = importlib.import_module("uncloak.extractors.extractor")
    assert {name: template[:2] for name, template in module._TEMPLATES.items()} == TEMPLATES
