"""Options of what is found by its module's name: declared in that module, read without running it.

A module of `uncloak.attacks.methods`, of `uncloak.defenses` or of `uncloak.experiments` declares a frozen dataclass
`Options`; a module of networks or objectives declares them as the arguments of its `build`. Such modules import torch,
which takes seconds, and a configuration is checked with every start of Snakemake. So only the declaration, and what it
names, is taken from the module's source. Meanings come from the declaration's docstring. There is no registry: a new
module is known as soon as its file is there.
"""

import ast
import inspect
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PydanticSchemaGenerationError,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from uncloak.errors import InputError
from uncloak.records.base import Count, Record, fault, field, listed, unique
from uncloak.records.words import brief, suggestion

_PACKAGE = Path(__file__).parents[1]
# No loop goes on longer.
_WHOLE = Annotated[int, Field(le=10**9)]
_SECTIONS = ("Args:", "Attributes:")


class Kind(NamedTuple):
    """One kind of plug-in.

    Attributes:
        noun: what it is called in messages.
        folder: of its modules, below the package.
        declaration: what declares the options.
        given: options that a job sets, and no record.
        mark: what a module must have at its top level, if not the declaration; then it may have no options.
        function: what does the work, where all modules call it so.
    """

    noun: str
    folder: str
    declaration: str
    given: tuple[str, ...] = ()
    mark: str = ""
    function: str = ""

    def __get_pydantic_json_schema__(self, _: object, __: object) -> dict:
        """Stand for a mapping with a plug-in's name and its options (`uncloak.records.reference` says more)."""
        return {"plugin": self.title}

    @property
    def title(self) -> str:
        """What the plug-ins are called in the reference."""
        return self.folder.replace("/", " ") + (" methods" if self.mark else "")


METHOD = Kind("method", "attacks/methods", "Options", ("alexnet",), function="attack")
NETWORK = Kind("network", "extractors/networks", "build", ("graph",))
OBJECTIVE = Kind("objective", "extractors/objectives", "build", ("codes", "captions", "dimension", "tower"))
BLACK_BOX = Kind("black box", "extractors/black_boxes", "build", ("weights",))
DEFENSE = Kind("defense", "defenses", "Options", ("seed", "learned"), mark="HOOKS")
EXPERIMENT = Kind("experiment", "experiments", "Options", mark="TITLE")
CLASSIFIER_NETWORK = Kind("network", "transfer/networks", "build", ("classes", "size"))


def names(kind: Kind) -> list[str]:
    """Return the names of all plug-ins of a kind."""
    return [path.stem for path in sorted((_PACKAGE / kind.folder).iterdir()) if _declares(kind, path.stem)]


@cache
def constant(kind: Kind, name: str, called: str, default: Any = ()) -> Any:
    """Return what a plug-in's module calls so: a literal, or the default where it calls nothing so.

    Raises InputError where it is no literal: the module is not run to learn it.
    """
    statement = _source(kind, name)[1].get(called)
    try:
        return default if statement is None else ast.literal_eval(statement.value)
    except (AttributeError, ValueError):
        raise InputError(f"{_path(kind, name)}: {called} is not written out; give it a plain value") from None


def has_function(kind: Kind, name: str, called: str) -> bool:
    """Return whether a plug-in's module has a function of this name."""
    return isinstance(_source(kind, name)[1].get(called), ast.FunctionDef)


def takes(kind: Kind, name: str, given: str) -> bool:
    """Return whether what declares a plug-in's options has this one, too, which a job sets."""
    declaration = _source(kind, name)[1].get(kind.declaration)
    if isinstance(declaration, ast.FunctionDef):
        return given in {argument.arg for argument in declaration.args.args}
    return any(given in _bound(statement) for statement in getattr(declaration, "body", ()))


@cache
def parts(kind: Kind, name: str) -> list[str]:
    """Return the names of the modules in a plug-in's folder, besides its `__init__`."""
    folder = _PACKAGE / kind.folder / name
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


@cache
def beside(kind: Kind, name: str, file: str) -> str:
    """Return the text of a file in a plug-in's folder.

    Raises InputError where it is not there.
    """
    path = _PACKAGE / kind.folder / name / file
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        raise InputError(f"{path}: not found; every figure has a caption, so write it") from None


def find(kind: Kind, name: object, others: Sequence[str] = ()) -> None:
    """Raise pydantic's error where there is no such plug-in, or it lacks its function.

    others: names beside those of the plug-ins, for the advice.
    """
    if not _declares(kind, name):
        raise fault(f"there is no {kind.noun} '{brief(name)}'; {suggestion(name, [*names(kind), *others])}")
    if kind.function and not has_function(kind, name, kind.function):
        raise fault(f"uncloak/{kind.folder}/{name}.py has no function {kind.function}; write it")


def read(kind: Kind, name: object, options: object) -> Record:
    """Return the typed options of a plug-in.

    Raises pydantic's errors: for an unknown name, and for what is wrong with the options.
    """
    find(kind, name)
    try:
        return options_record(kind, name).model_validate(options)
    except PydanticSchemaGenerationError as error:
        reason = f"have a type that no record can hold ({error.message.partition('. ')[0]})"
        raise fault(
            f"options of {_module(kind, name)} {reason}; take int, float, bool or str, or tuples of them"
        ) from None
    except ValidationError as error:
        # Raised as it is, it would not say where inside the options the fault is.
        raise PydanticCustomError("inside", "{error}", {"error": error}) from None


@cache
def options_record(kind: Kind, name: str) -> type[Record]:
    """Return the record of a plug-in's options."""
    if kind.declaration not in _source(kind, name)[1]:
        return create_model(f"{kind.noun}_{name}", __base__=Record, __doc__=_about(kind, name))
    declared = _declared(kind, name)
    about = _meanings(declared)
    base, free, fields = Record, False, {}
    for option in inspect.signature(declared).parameters.values():
        if option.kind is option.VAR_KEYWORD:
            free = True
        elif option.name not in kind.given:
            default = ... if option.default is option.empty else option.default
            bounded = not inspect.isclass(declared)  # a class checks its numbers itself
            info = field(about.get(option.name, ""), default)
            fields[option.name] = (_strict(option.annotation, bounded), info)
    if free:
        base = type("Free", (Record,), {"model_config": ConfigDict(extra="allow"), "__module__": __name__})
    validators = {}
    if inspect.isclass(declared):
        given = {key: "given" for key in kind.given if key in inspect.signature(declared).parameters}
        validators["whole"] = model_validator(mode="after")(_checked_by(declared, given))
    record = create_model(f"{kind.noun}_{name}", __base__=base, __validators__=validators, **fields)
    record.__doc__ = _about(kind, name)
    return record


def _about(kind: Kind, name: str) -> str:
    return (_source(kind, name)[0] or "").partition("\n")[0]


def _checked_by(declared: Callable, given: Mapping[str, object]) -> Callable:
    """The declaration's own check of values that go together."""

    def whole(options: Record) -> Record:
        try:
            declared(**dict(options), **given)
        except InputError as error:
            raise fault(str(error)) from None
        return options

    return whole


def _declares(kind: Kind, name: object) -> bool:
    try:
        return (
            isinstance(name, str) and name.isidentifier() and (kind.mark or kind.declaration) in _source(kind, name)[1]
        )
    except OSError:  # no such file, or a name that no file can have
        return False


def _path(kind: Kind, name: str) -> Path:
    path = _PACKAGE / kind.folder / name
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _source(kind: Kind, name: str) -> tuple[str | None, dict[str, ast.stmt]]:
    """The docstring of a module, and its top-level statements by the names that they bind."""
    path = _path(kind, name)
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), path.name)
    except (SyntaxError, ValueError) as error:  # a ValueError: bytes that are no text
        raise InputError(f"{path.relative_to(_PACKAGE.parent)} is no Python: {_line(error)}; mend it") from None
    return ast.get_docstring(tree), {bound: statement for statement in tree.body for bound in _bound(statement)}


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.ClassDef | ast.FunctionDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))


@cache
def _declared(kind: Kind, name: str) -> Callable:
    """The declaration of a module, made with what it names and nothing else."""
    _, statements = _source(kind, name)
    declaration = statements[kind.declaration]
    if isinstance(declaration, ast.FunctionDef):
        # Of a function its options alone: no body, and no type of what it builds.
        options = ast.arguments(
            posonlyargs=[],
            args=[option for option in declaration.args.args if option.arg not in kind.given],
            kwonlyargs=declaration.args.kwonlyargs,
            kw_defaults=declaration.args.kw_defaults,
            kwarg=declaration.args.kwarg,
            defaults=declaration.args.defaults,
        )
        body = [each for each in declaration.body[:1] if ast.get_docstring(declaration)] or [ast.Pass()]
        declaration = ast.FunctionDef(kind.declaration, options, body, [], None, None, lineno=1)
    needed, waiting = {kind.declaration}, [declaration]
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Name) and node.id in statements and node.id not in needed:
                needed.add(node.id)
                waiting.append(statements[node.id])
    kept = dict.fromkeys(each for bound, each in statements.items() if bound in needed - {kind.declaration})
    tree = ast.Module([*kept, declaration], [])
    module = _module(kind, name)
    namespace = {"__name__": f"{module} (options)"}
    try:
        exec(compile(ast.fix_missing_locations(tree), f"<{module}>", "exec"), namespace)
    except Exception as error:  # whatever a slip in somebody's module leads to
        raise fault(f"`{kind.declaration}` of {module} cannot be read: {_line(error)}; mend it") from None
    return namespace[kind.declaration]


def _module(kind: Kind, name: str) -> str:
    return ".".join(["uncloak", *kind.folder.split("/"), name])


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _strict(annotation: Any, bounded: bool) -> Any:
    """The type of an option as a record has it; whole numbers of a `build` count something, other numbers of it are not
    negative.
    """
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is int:
        return Count if bounded else _WHOLE
    if annotation is float and bounded:
        return Annotated[float, field("", ge=0)]
    if origin in (tuple, Sequence, list):
        several = origin is not tuple or inner[-1] is ...
        kept = [_strict(each, bounded) for each in inner if each is not ...]
        if not several:
            return listed(kept[0], len(kept), len(kept))
        # Names, of which each is one of several things to take.
        return Annotated[listed(str, 1), AfterValidator(unique)] if kept[0] is str else listed(kept[0], 1)
    if origin is dict:
        return dict[inner[0], _strict(inner[1], bounded)]
    if origin in (UnionType, typing.Union) and NoneType in inner:
        [kept] = [_strict(each, bounded) for each in inner if each is not NoneType]
        return kept | None if isinstance(kept, type) else typing.Optional[kept]  # noqa: UP045
    return Any if annotation is inspect.Parameter.empty else annotation


def _meanings(declared: Callable) -> dict[str, str]:
    """What a docstring says of each option, in its section of arguments or attributes."""
    text = inspect.getdoc(declared) or ""
    start = max(text.find(f"\n{section}\n") for section in _SECTIONS)
    if start < 0:
        return {}
    section = re.split(r"\n(?=\S)", text[start + 1 :])[0]
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", section, re.MULTILINE)
    return {name: " ".join(meaning.split()) for name, meaning in entries}
