"""What no record can tell alone: that the records it names are there, and can do what is asked of them.

What passes here is planned and run: every name is looked up, and numbers of people are compared where they are known.
"""

from collections.abc import Iterable, Iterator, Mapping

from uncloak.errors import InputError
from uncloak.records import plugins
from uncloak.records.attacks import External, Farthest, Method, Mixture, Partner
from uncloak.records.configuration import Configuration
from uncloak.records.datasets import Drawn, DrawnFaces, Photographs
from uncloak.records.defenses import Defense
from uncloak.records.experiments import Experiment
from uncloak.records.extractors import BlackBox, Finetuned, Interpolated, Pixels, Training, architecture
from uncloak.records.shipped import advice
from uncloak.records.transfer import DrawnObjects, PublishedImageClassifier, TrainedImageClassifier
from uncloak.records.words import brief, suggestion

# Names that stand for something else where records' names stand.
_NO_ATTACKS = ("clean", "none")
_NO_CHANNELS = ("png",)
_NO_DATASETS = ("transfer", "claims", "extractors", "audit", "crowds")
# Options of every purifier that learns.
_LEARNED_BY = ("dataset", "attacks", "features", "strengths")
# Keys that say nothing where no audit is asked for.
_OF_AUDITS = ("cloaked", "cloak", "later", "crowd", "missing", "audit_name")
# Tools whose box around a face is known (`uncloak.attacks.merging.TOOLS`).
_TOOLS = ("fawkes_v03", "fawkes_v10")


def check(config: Configuration, struck: Iterable[tuple[str, str]] = ()) -> None:
    """Check every reference of a configuration; `struck`: kind and name of records that it strikes out.

    Raises InputError with the place and the reason of the first thing wrong.
    """
    _References(config, set(struck)).check()


def check_run(
    config: Configuration,
    extractors: Iterable[str],
    attacks: Mapping[str, Iterable[str]],
    on_faces: Mapping[str, Iterable[str]],
) -> None:
    """Check that the extractors, and on each dataset the attacks, which a run asks for can be made as they stand.

    on_faces: place -> the attacks that it names, which must be ours and on faces.

    Only what is run must be able to do what is asked of it: an overlay may shrink a world for the rest.

    Raises InputError as `check` does.
    """
    _References(config, set()).check_run(extractors, attacks, on_faces)


def _refuse(place: str, reason: str) -> None:
    raise InputError(f"config: {place}: {reason}")


class _References:
    def __init__(self, config: Configuration, struck: set[tuple[str, str]]):
        self.config, self.struck = config, struck

    def check(self) -> None:
        self._run()
        self._reserved()
        for name, dataset in self.config.datasets.items():
            self._dataset(f"datasets.{name}", dataset)
        for name, extractor in self.config.extractors.items():
            self._extractor(name, extractor)
        for name, attack in self.config.attacks.items():
            self._attack(f"attacks.{name}", attack)
        for name, detector in self.config.detectors.items():
            self._known(f"detectors.{name}.attacks", "attacks", detector.attacks)
        for name, defense in self.config.defenses.items():
            self._defense(f"defenses.{name}", defense)
        for name, experiment in self.config.experiments.items():
            self._experiment(name, experiment)
        self._learned_sets()
        self._transfer()
        self._audit()

    def check_run(
        self,
        extractors: Iterable[str],
        attacks: Mapping[str, Iterable[str]],
        on_faces: Mapping[str, Iterable[str]],
    ) -> None:
        asked = [("attack", name) for own in attacks.values() for name in own]
        for kind, name in self._needed([*asked, *(("extractor", name) for name in extractors)]):
            if kind == "extractor" and hasattr(extractor := self.config.extractors[name], "train"):
                self._can_train(f"extractors.{name}.train", extractor.train)
            elif kind == "attack":
                self._can_aim(f"attacks.{name}", self.config.attacks[name])
        for place, own in on_faces.items():
            for attack in own:
                self._on_faces(place, attack)
        for name, own in attacks.items():
            self._can_split(f"datasets.{name}", self.config.datasets[name])
            self._can_attack(name, own)

    # Names

    def _known(self, place: str, kind: str, names: Iterable[str]) -> None:
        records, noun, before = getattr(self.config, kind), kind.removesuffix("s").replace("_", " "), set()
        for name in names:
            if name not in records:
                struck = (kind, name) in self.struck
                gone, elsewhere = (" (an overlay strikes it out)", "") if struck else ("", advice(kind, name))
                mend = elsewhere or suggestion(name, records)
                _refuse(place, f"there is no {noun} '{brief(name)}'{gone}; {mend}")
            if name in before:
                _refuse(place, f"'{name}' stands twice; name it once")
            before.add(name)

    def _known_or_struck(self, place: str, kind: str, names: Iterable[str]) -> None:
        """Look up names of a record that goes on without those which an overlay strikes out, one by one or all."""
        left = [each for each in names if (kind, each) not in self.struck]
        self._known(place, kind, left if getattr(self.config, kind) else ())

    def _left_out(self, place: str, record: object) -> None:
        for kind in ("extractors", "attacks"):
            self._known_or_struck(f"{place}.without.{kind}", kind, getattr(record.without, kind))

    def _reserved(self) -> None:
        for kind, reserved in (
            ("attacks", _NO_ATTACKS),
            ("channels", _NO_CHANNELS),
            ("datasets", _NO_DATASETS),
            ("defenses", ("none",)),
        ):
            for name in getattr(self.config, kind):
                if name in reserved:
                    _refuse(f"{kind}.{name}", "the name is taken by the workflow itself; choose another")

    def _run(self) -> None:
        for kind in ("datasets", "extractors", "attacks", "channels", "defenses", "experiments"):
            self._known(f"run.{kind}", kind, getattr(self.config.run, kind) or ())
        for name in self.config.run.datasets:
            if isinstance(self.config.datasets[name], DrawnFaces):
                _refuse("run.datasets", f"'{name}' has no photographs and cannot be evaluated; name another dataset")

    # Records

    def _dataset(self, place: str, dataset: object) -> None:
        if isinstance(dataset, Photographs):
            self._known(f"{place}.extractors", "extractors", dataset.extractors or ())
            self._known(f"{place}.attacks", "attacks", dataset.attacks or ())
            self._split_anew(place, dataset)
        public = dataset.perturb and dataset.perturb.public
        for attack, wanted in (public.identities if public else {}).items():
            self._known(f"{place}.perturb.public.identities", "attacks", [attack])
            there = _people(dataset, "public")
            if wanted > there:
                _refuse(
                    f"{place}.perturb.public.identities.{attack}",
                    f"{wanted} identities are to be perturbed, but {there} have the role public; lower the number",
                )

    def _split_anew(self, place: str, dataset: Photographs) -> None:
        """That faces which are to be another dataset's are made there."""
        if dataset.pictures_of is None:
            return
        place, name = f"{place}.pictures_of", dataset.pictures_of
        self._known(place, "datasets", [name])
        other = self.config.datasets[name]
        if not isinstance(other, Photographs):
            _refuse(place, f"'{name}' has no photographs, whose people could be split anew; name another")
        if other.pictures_of is not None:
            _refuse(place, f"'{name}' has the faces of '{other.pictures_of}' itself; name a dataset with its own")

    def _can_split(self, place: str, dataset: Photographs) -> None:
        split = dataset.split
        # As `uncloak.pictures.split` counts.
        if int(round((1 - split.gallery) * split.user_minimum_pictures, 9)) < 1:
            _refuse(
                f"{place}.split.user_minimum_pictures",
                f"a user with {split.user_minimum_pictures} pictures would have no probe at gallery {split.gallery:g};"
                " raise it",
            )
        if not isinstance(dataset, Drawn):
            return
        first = min(dataset.prolific.people, dataset.people) if dataset.prolific else 0
        of_first = dataset.prolific.pictures if dataset.prolific else 0
        numbers = {of_first: first, dataset.pictures: 0}
        numbers[dataset.pictures] += dataset.people - first
        there = sum(people for pictures, people in numbers.items() if pictures >= split.minimum_pictures)
        wanted = sum(map(split.people, type(split.roles).model_fields))
        if wanted > there:
            _refuse(
                f"{place}.split.roles",
                f"{wanted} identities are to have roles, but {there} have {split.minimum_pictures} pictures; lower it",
            )
        fewest = max(split.user_minimum_pictures, split.minimum_pictures)
        there = sum(people for pictures, people in numbers.items() if pictures >= fewest)
        if split.people("user") > there:
            _refuse(
                f"{place}.split.{'users' if split.users else 'roles.user'}",
                f"{split.people('user')} are to be users, but {there} identities have {fewest} pictures; lower one of"
                " them",
            )

    def _extractor(self, name: str, extractor: object) -> None:
        place = f"extractors.{name}"
        if hasattr(extractor, "train"):
            self._known(f"{place}.train.data", "datasets", [extractor.train.data])
        if public := getattr(getattr(extractor, "train", None), "public", None):
            self._known(f"{place}.train.public.dataset", "datasets", [public.dataset])
            self._known(f"{place}.train.public.attacks", "attacks", public.attacks)
        self._lineage(name, ())

    def _lineage(self, name: str, way: tuple[str, ...]) -> None:
        """That what an extractor is made from is there, has weights, and is not made from the extractor itself."""
        way, extractor = (*way, name), self.config.extractors[name]
        for key, other in _made_from(extractor).items():
            place = f"extractors.{name}.{key}"
            self._known(place, "extractors", [other])
            if other in way:
                _refuse(place, f"is made from itself ({' <- '.join([*way, other])}); name another")
            if isinstance(self.config.extractors[other], Pixels | BlackBox):
                _refuse(place, f"'{other}' has no weights; name another")
            self._lineage(other, way)
        if isinstance(extractor, Interpolated) and self._architecture(extractor.origin) != self._architecture(
            extractor.tuned
        ):
            reason = f"'{extractor.origin}' and '{extractor.tuned}' have another network or input each"
            _refuse(f"extractors.{name}.to", f"{reason}; name an extractor tuned from '{extractor.origin}'")

    def _architecture(self, name: str) -> dict:
        """What an extractor is built from, which is that of whatever it is made from."""
        made_from = _made_from(self.config.extractors[name])
        return self._architecture(made_from["from"]) if made_from else architecture(self.config.extractors[name])

    def _can_train(self, place: str, train: Training) -> None:
        data = self.config.datasets[train.data]
        public = getattr(train, "public", None)
        if public is None or public.rehearsal:
            self._people(f"{place}.held_out", train.data, "background", train.held_out)
        if train.loss.name == "contrastive":
            if public is not None:
                _refuse(f"{place}.loss", "'contrastive' cannot learn public identities; take another loss")
            if train.loss.options.texts == "captions" and not isinstance(data, DrawnFaces):
                reason = f"'contrastive' needs captions, which the faces of '{train.data}' do not have"
                _refuse(f"{place}.loss", f"{reason}; take data of source drawn_faces, or `texts: users`")
        if public is None:
            return
        place = f"{place}.public"
        others = self.config.datasets[public.dataset]
        if not (others.perturb and others.perturb.public):
            _refuse(f"{place}.dataset", f"'{public.dataset}' does not say whom to perturb; give it `perturb.public`")
        self._people(f"{place}.held_out", public.dataset, "public", public.held_out)
        for attack in public.attacks:
            self._on_faces(f"{place}.attacks", attack)
        if public.rehearsal and data.crop() != others.crop():
            _refuse(
                f"{place}.dataset",
                f"faces of '{public.dataset}' have {others.crop()}, those of '{train.data}' {data.crop()};"
                " give both the same face_size and margin",
            )

    def _people(self, place: str, dataset: str, role: str, held_out: int) -> None:
        there = _people(self.config.datasets[dataset], role)
        if held_out >= there:
            _refuse(place, f"{held_out} {role} identities cannot be held out of the {there} of '{dataset}'; lower it")

    def _attack(self, place: str, attack: object) -> None:
        if isinstance(attack, Mixture):
            self._known(f"{place}.shares", "attacks", attack.shares)
            for part in attack.shares:
                if isinstance(self.config.attacks[part], Mixture):
                    _refuse(f"{place}.shares", f"'{part}' is a mixture itself; name its parts instead")
        if not isinstance(attack, Method):
            return
        self._known(f"{place}.surrogates", "extractors", attack.surrogates)
        for name in attack.surrogates:
            if isinstance(self.config.extractors[name], BlackBox):
                _refuse(f"{place}.surrogates", f"'{name}' is a black box and gives no gradients; name another")
        if attack.preparation and attack.photograph:
            _refuse(f"{place}.preparation", "is for face crops, not for photographs; remove it or `photograph`")
        tool = attack.method in _TOOLS
        if attack.photograph and "warp" in attack.photograph.model_fields_set and tool:
            _refuse(f"{place}.photograph.warp", "is for methods that see the whole photograph, not Fawkes; remove it")
        if attack.photograph and attack.photograph.frame == "box" and not tool:
            _refuse(f"{place}.photograph.frame", f"box is that of {' and '.join(_TOOLS)}; choose aligned")
        if attack.photograph and plugins.constant(plugins.METHOD, attack.method, "WHOLE_USERS", False):
            _refuse(f"{place}.photograph", f"{attack.method} works on all face crops of a user; remove `photograph`")
        if attack.targets is None and plugins.constant(plugins.METHOD, attack.method, "NEEDS_TARGETS", False):
            _refuse(place, f"{attack.method} moves pictures towards somebody; say to whom by `targets`")
        if isinstance(attack.targets, Farthest):
            self._known(f"{place}.targets.dataset", "datasets", [attack.targets.dataset])

    def _can_aim(self, place: str, attack: object) -> None:
        targets = getattr(attack, "targets", None)
        if isinstance(targets, Farthest) and not _people(self.config.datasets[targets.dataset], "background"):
            _refuse(f"{place}.targets.dataset", f"'{targets.dataset}' has no background identities; name another")

    def _on_faces(self, place: str, attack: str) -> None:
        record = self.config.attacks[attack]
        if isinstance(record, Method) and record.photograph is None:
            return
        what = "is a mixture" if isinstance(record, Mixture) else "has pictures made elsewhere"
        if isinstance(record, Method):
            what = "perturbs whole photographs"
        _refuse(place, f"'{attack}' {what}, but faces are to be perturbed here; name an attack on faces beside it")

    # What is run

    def _needed(self, asked: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Kind and name of each extractor and attack that this run makes.

        Raises InputError where an attack needs an extractor that is tuned on its own pictures.
        """
        done: list[tuple[str, str]] = []

        def visit(node: tuple[str, str], way: tuple[tuple[str, str], ...]) -> None:
            if node in way:
                circle = [name for _, name in (*way[way.index(node) :], node)]
                attack = next(name for kind, name in way[way.index(node) :] if kind == "attack")
                reason = f"needs an extractor that is tuned on its own pictures ({' <- '.join(circle)})"
                _refuse(f"attacks.{attack}", f"{reason}; name another surrogate")
            if node not in done:
                for other in self._needs(*node):
                    visit(other, (*way, node))
                done.append(node)

        for node in asked:
            visit(node, ())
        return done

    def _needs(self, kind: str, name: str) -> Iterator[tuple[str, str]]:
        """What an attack or an extractor is made from."""
        if kind == "attack":
            attack = self.config.attacks[name]
            yield from (("extractor", each) for each in getattr(attack, "surrogates", ()))
            yield from (("attack", each) for each in getattr(attack, "shares", ()))
        else:
            extractor = self.config.extractors[name]
            yield from (("extractor", each) for each in _made_from(extractor).values())
            public = extractor.train.public if isinstance(extractor, Finetuned) else None
            yield from (("attack", each) for each in (public.attacks if public else ()))

    def _parts(self, attacks: Iterable[str]) -> list[str]:
        records = self.config.attacks
        return [part for name in attacks for part in getattr(records[name], "shares", [name])]

    def _can_attack(self, name: str, attacks: Iterable[str]) -> None:
        dataset = self.config.datasets[name]
        for part in self._parts(attacks):
            attack = self.config.attacks[part]
            if _on_photographs(attack) and dataset.alignment.face_detector == "none":
                _refuse(
                    f"attacks.{part}",
                    f"works on whole photographs, but dataset '{name}' has aligned faces (face_detector none); attack"
                    " the faces instead",
                )
            if not isinstance(attack, Method):
                continue
            if isinstance(attack.targets, Partner) and dataset.split.people("user") < 2:
                _refuse(f"attacks.{part}.targets", f"a partner is another user, but '{name}' has one; let it have more")
            if isinstance(attack.targets, Farthest) and attack.preparation is None:
                targets = self.config.datasets[attack.targets.dataset]
                side = (attack.photograph and attack.photograph.size) or dataset.face_size
                if targets.face_size != side:
                    _refuse(
                        f"attacks.{part}.targets.dataset",
                        f"faces of '{attack.targets.dataset}' have {targets.face_size} pixels, those to perturb {side};"
                        " take a dataset of the same face_size, or give the attack a `preparation`",
                    )
            self._same_margin(f"attacks.{part}", attack, dataset)

    def _same_margin(self, place: str, attack: Method, dataset: Photographs) -> None:
        """Targets show of a face what the crops show that are perturbed."""
        if attack.targets is None:
            return
        partners = isinstance(attack.targets, Partner)
        margin = (dataset if partners else self.config.datasets[attack.targets.dataset]).margin
        box = attack.photograph is not None and attack.photograph.frame == "box"
        if margin != (0 if box else dataset.margin):
            what = "the box of photograph.frame has none" if box else f"those to perturb {dataset.margin}"
            mend = "choose frame aligned" if box else "give both the same"
            _refuse(f"{place}.targets", f"the faces of targets have a margin of {margin}, {what}; {mend}")

    def _transfer(self) -> None:
        transfer, drawn = self.config.transfer, isinstance(self.config.objects, DrawnObjects)
        place = "transfer.image_classifiers"
        if not transfer.image_classifiers:
            return
        self._known(place, "image_classifiers", transfer.image_classifiers)
        self._known("transfer.surrogates", "image_classifiers", transfer.surrogates)
        for name in transfer.surrogates:
            if name not in transfer.image_classifiers:
                _refuse("transfer.surrogates", f"'{name}' is not among {place}; add it there")
        for name in transfer.image_classifiers:
            classifier = self.config.image_classifiers[name]
            if isinstance(classifier, TrainedImageClassifier) and not drawn:
                _refuse(place, f"'{name}' is trained on drawn objects, not on a folder; leave it out")
            if isinstance(classifier, PublishedImageClassifier) and drawn:
                _refuse(place, f"'{name}' knows ImageNet's classes, no drawn objects; leave it out")

    def _experiment(self, name: str, experiment: Experiment) -> None:
        place = f"experiments.{name}"
        for kind in ("datasets", "extractors", "attacks", "defenses"):
            self._known(f"{place}.{kind}", kind, getattr(experiment, kind) or ())
        if isinstance(experiment.paper, Mapping):
            self._known(f"{place}.paper", "datasets", experiment.paper)
        self._left_out(place, experiment)
        # Detectors are known by one name wherever they are asked.
        self._known(f"{place}.options.detectors", "detectors", getattr(experiment.options, "detectors", ()))

    def _audit(self) -> None:
        """What audits name; an overlay may have struck some of it out, which is then not asked."""
        audit = self.config.audit
        for kind in ("extractors", "channels", "defenses"):
            self._known_or_struck(f"audit.{kind}", kind, getattr(audit, kind) or ())
        self._known_or_struck("audit.cloaks", "attacks", audit.cloaks)
        for name, cloak in audit.cloaks.items():
            self._known_or_struck(f"audit.cloaks.{name}.surrogates", "extractors", cloak.surrogates)
        asked = [key for key in _OF_AUDITS if key in self.config.model_fields_set]
        if asked and self.config.clean is None:
            reason = "is for the audit of somebody's photographs; name their folder, too (`clean`), or remove it"
            _refuse(asked[0], reason)

    def _learned_sets(self) -> None:
        """Names of published data sets are nobody's records, so two spellings of one would hide what was learned."""
        spelled: dict[str, str] = {name.lower().replace("_", ""): name for name in self.config.datasets}
        for kind, key in (("datasets", "same_people"), ("extractors", "trained_on")):
            for record, each in getattr(self.config, kind).items():
                for name in getattr(each, key, ()):
                    known = spelled.setdefault(name.lower().replace("_", ""), name)
                    if known != name:
                        _refuse(f"{kind}.{record}.{key}", f"'{name}' is elsewhere spelled '{known}'; spell both alike")

    def _defense(self, place: str, defense: Defense) -> None:
        options = defense.options
        self._known(f"{place}.options.detectors", "detectors", getattr(options, "detectors", ()))
        if (second := getattr(options, "second", None)) is not None:
            self._known(f"{place}.options.second", "extractors", [second])
        for old, new in getattr(options, "extractors", {}).items():
            self._known(f"{place}.options.extractors", "extractors", dict.fromkeys([old, new]))
        if plugins.has_function(plugins.DEFENSE, defense.method, "learn"):
            for name in _LEARNED_BY:
                if not hasattr(options, name):
                    reason = f"'{defense.method}' has a function learn, so its Options must have {name}; add it there"
                    _refuse(f"{place}.method", reason)
            self._purifier(f"{place}.options", options)

    def _purifier(self, place: str, options: object) -> None:
        """Whom a purifier learns from, and by which extractors."""
        self._known(f"{place}.dataset", "datasets", [options.dataset])
        self._known(f"{place}.attacks", "attacks", options.attacks)
        self._known(f"{place}.features", "extractors", options.features)
        for name in options.features:
            if isinstance(self.config.extractors[name], BlackBox):
                _refuse(f"{place}.features", f"'{name}' is a black box and gives no gradients; name another")


def _on_photographs(attack: object) -> bool:
    if isinstance(attack, External):
        return attack.pictures == "photographs"
    return isinstance(attack, Method) and attack.photograph is not None


def _made_from(extractor: object) -> dict[str, str]:
    """Key of a record -> the extractor that it names there, from which its own is made."""
    if isinstance(extractor, Interpolated):
        return {"from": extractor.origin, "to": extractor.tuned}
    return {"from": extractor.origin} if isinstance(extractor, Finetuned) else {}


def _people(dataset: object, role: str) -> int:
    """How many identities of a dataset have a role."""
    if isinstance(dataset, DrawnFaces):
        return dataset.people if dataset.role == role else 0
    return dataset.split.people(role)
