"""What no record can tell alone: that the records it names are there, and can do what is asked of them.

What passes here is planned and run: every name is looked up, and numbers of people are compared where they are known.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from uncloak.errors import InputError
from uncloak.records.attacks import External, Farthest, Method, Mixture, Partner
from uncloak.records.configuration import Configuration
from uncloak.records.datasets import Drawn, DrawnFaces, Photographs
from uncloak.records.experiments import Adaptive, Claims, Classifiers, Collusion, Detection, Experiment, System
from uncloak.records.extractors import Finetuned, Pixels, Training
from uncloak.records.transfer import DrawnObjects, PublishedImageClassifier, TrainedImageClassifier
from uncloak.records.words import suggestion

_CHECKOUT = Path(__file__).resolve().parents[3]
# Names that stand for something else where records' names stand.
_NO_ATTACKS = ("clean", "none")
_NO_CHANNELS = ("png",)
_NO_DATASETS = ("transfer", "claims", "extractors")
# Tools whose box around a face is known (`uncloak.attacks.merging.TOOLS`).
_TOOLS = ("fawkes_v03", "fawkes_v10")


def check(config: Configuration, struck: Iterable[tuple[str, str]] = ()) -> None:
    """Check every reference of a configuration; `struck`: kind and name of records that it strikes out.

    Raises InputError with the place and the reason of the first thing wrong.
    """
    _References(config, set(struck)).check()


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
        for name, experiment in self.config.experiments:
            if experiment is not None:
                self._experiment(name, experiment)
        for name, figure in self.config.figures.items():
            for kind in ("datasets", "extractors", "attacks"):
                self._known(f"figures.{name}.{kind}", kind, getattr(figure, kind) or ())
            self._left_out(f"figures.{name}", figure)
        self._transfer()
        # Only what is run must be able to do what is asked of it: an overlay may shrink a world for the rest.
        for kind, name in self._needed():
            if kind == "extractor" and hasattr(extractor := self.config.extractors[name], "train"):
                self._can_train(f"extractors.{name}.train", extractor.train)
            elif kind == "attack":
                self._can_aim(f"attacks.{name}", self.config.attacks[name])
        for name in self.config.run.datasets:
            self._can_split(f"datasets.{name}", self.config.datasets[name])
            self._can_attack(name, self._attacks_of(name))
        for name, experiment, made in self._made():
            getattr(self, f"_can_make_{name}", lambda *_: None)(f"experiments.{name}", experiment, made)

    # Names

    def _known(self, place: str, kind: str, names: Iterable[str]) -> None:
        records, noun = getattr(self.config, kind), kind.removesuffix("s").replace("_", " ")
        for name in names:
            if name not in records:
                gone = " (an overlay strikes it out)" if (kind, name) in self.struck else ""
                _refuse(place, f"there is no {noun} '{name}'{gone}; {suggestion(name, records)}")

    def _left_out(self, place: str, record: object) -> None:
        for kind in ("extractors", "attacks"):
            names = getattr(record.without, kind)
            self._known(f"{place}.without.{kind}", kind, [each for each in names if (kind, each) not in self.struck])

    def _reserved(self) -> None:
        figures = sorted(path.stem for path in (_CHECKOUT / "workflow" / "report").glob("*.rst"))
        for kind, reserved in (
            ("attacks", _NO_ATTACKS),
            ("channels", _NO_CHANNELS),
            ("datasets", _NO_DATASETS),
            ("figures", (*figures, "lifetime")),
        ):
            for name in getattr(self.config, kind):
                if name in reserved:
                    _refuse(f"{kind}.{name}", "the name is taken by the workflow itself; choose another")

    def _run(self) -> None:
        for kind in ("datasets", "extractors", "attacks", "channels"):
            self._known(f"run.{kind}", kind, getattr(self.config.run, kind))
        for name in self.config.run.datasets:
            if isinstance(self.config.datasets[name], DrawnFaces):
                _refuse("run.datasets", f"'{name}' has no photographs and cannot be evaluated; name another dataset")

    # Records

    def _dataset(self, place: str, dataset: object) -> None:
        if isinstance(dataset, Photographs):
            self._known(f"{place}.extractors", "extractors", dataset.extractors or ())
            self._known(f"{place}.attacks", "attacks", dataset.attacks or ())
        public = dataset.perturb and dataset.perturb.public
        for attack, wanted in (public.identities if public else {}).items():
            self._known(f"{place}.perturb.public.identities", "attacks", [attack])
            there = _people(dataset, "public")
            if wanted > there:
                _refuse(
                    f"{place}.perturb.public.identities.{attack}",
                    f"{wanted} identities are to be perturbed, but {there} have the role public; lower the number",
                )

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
        wanted = sum(getattr(split.roles, role) for role in type(split.roles).model_fields)
        if wanted > there:
            _refuse(
                f"{place}.split.roles",
                f"{wanted} identities are to have roles, but {there} have {split.minimum_pictures} pictures; lower it",
            )
        fewest = max(split.user_minimum_pictures, split.minimum_pictures)
        there = sum(people for pictures, people in numbers.items() if pictures >= fewest)
        if split.roles.user > there:
            _refuse(
                f"{place}.split.roles.user",
                f"is {split.roles.user}, but {there} identities have {fewest} pictures; lower one of them",
            )

    def _extractor(self, name: str, extractor: object) -> None:
        place, lineage = f"extractors.{name}", [name]
        if hasattr(extractor, "train"):
            self._known(f"{place}.train.data", "datasets", [extractor.train.data])
        if public := getattr(getattr(extractor, "train", None), "public", None):
            self._known(f"{place}.train.public.dataset", "datasets", [public.dataset])
            self._known(f"{place}.train.public.attacks", "attacks", public.attacks)
        while isinstance(self.config.extractors[lineage[-1]], Finetuned):
            origin = self.config.extractors[lineage[-1]].origin
            self._known(f"extractors.{lineage[-1]}.from", "extractors", [origin])
            if origin in lineage:
                _refuse(f"{place}.from", f"is tuned from itself ({' <- '.join([*lineage, origin])}); name another")
            lineage.append(origin)
        if len(lineage) > 1 and isinstance(self.config.extractors[lineage[-1]], Pixels):
            _refuse(f"{place}.from", f"'{lineage[-1]}' has no weights to tune; name another")

    def _can_train(self, place: str, train: Training) -> None:
        data = self.config.datasets[train.data]
        public = getattr(train, "public", None)
        if public is None or public.rehearsal:
            self._people(f"{place}.held_out", train.data, "background", train.held_out)
        if train.loss.name == "contrastive" and (public is not None or not isinstance(data, DrawnFaces)):
            reason = f"'contrastive' needs captions, which the faces of '{train.data}' do not have"
            _refuse(f"{place}.loss", f"{reason}; take data of source drawn_faces, and no public identities")
        if public is None:
            return
        place = f"{place}.public"
        others = self.config.datasets[public.dataset]
        if not (others.perturb and others.perturb.public):
            _refuse(f"{place}.dataset", f"'{public.dataset}' does not say whom to perturb; give it `perturb.public`")
        self._people(f"{place}.held_out", public.dataset, "public", public.held_out)
        for attack in public.attacks:
            self._on_faces(f"{place}.attacks", attack)
        if public.rehearsal and data.face_size != others.face_size:
            _refuse(
                f"{place}.dataset",
                f"faces of '{public.dataset}' have {others.face_size} pixels, those of '{train.data}' {data.face_size};"
                " give both the same face_size",
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
        if attack.preparation and attack.photograph:
            _refuse(f"{place}.preparation", "is for face crops, not for photographs; remove it or `photograph`")
        if attack.photograph and attack.photograph.frame == "box" and attack.method not in _TOOLS:
            _refuse(f"{place}.photograph.frame", f"box is that of {' and '.join(_TOOLS)}; choose aligned")
        if attack.method == "fawkes_v03" and attack.targets is None:
            _refuse(place, "fawkes_v03 moves pictures towards somebody; say to whom by `targets`")
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

    def _needed(self) -> list[tuple[str, str]]:
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

        for node in self._asked():
            visit(node, ())
        return done

    def _needs(self, kind: str, name: str) -> Iterator[tuple[str, str]]:
        """What an attack or an extractor is made from."""
        if kind == "attack":
            attack = self.config.attacks[name]
            yield from (("extractor", each) for each in getattr(attack, "surrogates", ()))
            yield from (("attack", each) for each in getattr(attack, "shares", ()))
        elif isinstance(extractor := self.config.extractors[name], Finetuned):
            yield "extractor", extractor.origin
            public = extractor.train.public
            yield from (("attack", each) for each in (public.attacks if public else ()))

    def _asked(self) -> Iterator[tuple[str, str]]:
        """The extractors and attacks that datasets and experiments of this run name."""
        for dataset in self.config.run.datasets:
            yield from (("attack", name) for name in self._attacks_of(dataset))
            yield from (("extractor", name) for name in self._extractors_of(dataset))
        for name, experiment, _ in self._made():
            if name in ("collusion", "detection"):
                yield from (("attack", name) for name in experiment.attacks)
            named = [getattr(experiment, key) for key in ("base", "robust", "extractor") if hasattr(experiment, key)]
            named += [*(getattr(experiment, "extractors", None) or ()), *getattr(experiment, "trained_on", {}).values()]
            for system in getattr(experiment, "systems", {}).values():
                named += [system.accurate, system.robust]
            yield from (("extractor", name) for name in named)

    def _made(self) -> Iterator[tuple[str, Experiment, list[str]]]:
        """The experiments of this run, each with the datasets that it is made on."""
        for name, experiment in self.config.experiments:
            if experiment is None:
                continue
            shows = name in ("adaptive", "unprotected", "ranks", "classifiers")
            made = [
                dataset
                for dataset in experiment.datasets
                if dataset in self.config.run.datasets
                and (not shows or set(experiment.attacks) & set(self._attacks_of(dataset)))
            ]
            if made:
                yield name, experiment, made

    def _attacks_of(self, dataset: str) -> tuple[str, ...]:
        return self.config.datasets[dataset].attacks or self.config.run.attacks

    def _extractors_of(self, dataset: str) -> tuple[str, ...]:
        return self.config.datasets[dataset].extractors or self.config.run.extractors

    def _parts(self, attacks: Iterable[str]) -> list[str]:
        records = self.config.attacks
        return [part for name in attacks for part in getattr(records[name], "shares", [name])]

    def _can_attack(self, name: str, attacks: Iterable[str]) -> None:
        dataset = self.config.datasets[name]
        for part in self._parts(attacks):
            attack = self.config.attacks[part]
            if _on_photographs(attack) and dataset.alignment.detector == "none":
                _refuse(
                    f"attacks.{part}",
                    f"works on whole photographs, but dataset '{name}' has aligned faces (detector none); attack the"
                    " faces instead",
                )
            if not isinstance(attack, Method):
                continue
            if isinstance(attack.targets, Partner) and dataset.split.roles.user < 2:
                _refuse(f"attacks.{part}.targets", f"a partner is another user, but '{name}' has one; raise roles.user")
            if isinstance(attack.targets, Farthest) and attack.preparation is None:
                targets = self.config.datasets[attack.targets.dataset]
                side = (attack.photograph and attack.photograph.size) or dataset.face_size
                if targets.face_size != side:
                    _refuse(
                        f"attacks.{part}.targets.dataset",
                        f"faces of '{attack.targets.dataset}' have {targets.face_size} pixels, those to perturb {side};"
                        " take a dataset of the same face_size, or give the attack a `preparation`",
                    )

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
        for kind in ("datasets", "extractors", "attacks", "detectors"):
            self._known(f"{place}.{kind}", kind, getattr(experiment, kind, None) or ())
        for key in ("base", "robust", "extractor"):
            if hasattr(experiment, key):
                self._known(f"{place}.{key}", "extractors", [getattr(experiment, key)])
        for title, system in getattr(experiment, "systems", {}).items():
            self._system(f"{place}.systems.{title}", title, system)
        for attack, extractor in getattr(experiment, "trained_on", {}).items():
            self._known(f"{place}.trained_on", "attacks", [attack])
            self._known(f"{place}.trained_on.{attack}", "extractors", [extractor])
        for title, attacks in getattr(experiment, "users", {}).items():
            self._known(f"{place}.users.{title}", "attacks", attacks)
        if hasattr(experiment, "without"):
            self._left_out(place, experiment)
        if isinstance(experiment, Claims):
            self._claims(place, experiment)

    def _system(self, place: str, name: str, system: System) -> None:
        if name in self.config.extractors:
            _refuse(place, f"an extractor is called '{name}', too; rename one of them")
        for key in ("accurate", "robust"):
            self._known(f"{place}.{key}", "extractors", [getattr(system, key)])

    def _can_make_adaptive(self, place: str, experiment: Adaptive, made: list[str]) -> None:
        self._robust(f"{place}.robust", experiment.robust)

    def _robust(self, place: str, extractor: str) -> str:
        """That an extractor is robustly trained; returns the dataset of its public identities."""
        record = self.config.extractors[extractor]
        if not (isinstance(record, Finetuned) and record.train.public):
            _refuse(place, f"'{extractor}' is not tuned on public identities; name an extractor with `train.public`")
        return record.train.public.dataset

    def _can_make_classifiers(self, place: str, experiment: Classifiers, made: list[str]) -> None:
        public = self._robust(f"{place}.robust", experiment.robust)
        for dataset in made:
            sides = [self.config.datasets[name].face_size for name in (public, dataset)]
            if sides[0] != sides[1]:
                _refuse(
                    f"{place}.datasets",
                    f"faces of '{dataset}' have {sides[1]} pixels, those of the public identities {sides[0]}; give both"
                    " the same face_size",
                )
        for key in ("extractor", "robust"):
            if isinstance(self.config.extractors[getattr(experiment, key)], Pixels):
                _refuse(f"{place}.{key}", "has no weights to tune; name another extractor")

    def _can_make_detection(self, place: str, experiment: Detection, made: list[str]) -> None:
        for dataset in made:
            self._detectors(place, experiment, dataset)

    def _detectors(self, place: str, experiment: Detection, dataset: str) -> None:
        """That the detectors can be trained and tested on a dataset."""
        record = self.config.datasets[dataset]
        if not (record.perturb and record.perturb.detector):
            _refuse(
                f"datasets.{dataset}", "does not say how faces are perturbed for detectors; give it `perturb.detector`"
            )
        for attack in experiment.attacks:
            self._on_faces(f"{place}.attacks", attack)
        for name in experiment.detectors:
            detector = self.config.detectors[name]
            for attack in detector.attacks:
                if attack not in experiment.attacks:
                    _refuse(f"detectors.{name}.attacks", f"'{attack}' is not among {place}.attacks; add it there")
            wanted = detector.identities.train + detector.identities.test
            if wanted > record.split.roles.detector:
                _refuse(
                    f"detectors.{name}.identities",
                    f"{wanted} identities are wanted, but {record.split.roles.detector} of '{dataset}' have the role"
                    " detector; lower them or raise split.roles.detector",
                )

    def _can_make_collusion(self, place: str, experiment: Collusion, made: list[str]) -> None:
        targets = [getattr(self.config.attacks[name], "targets", None) for name in experiment.attacks]
        if not any(isinstance(each, Partner) for each in targets):
            _refuse(f"{place}.attacks", "in none of them do users collude; name one with `targets: {choice: partner}`")
        for name, target in zip(experiment.attacks, targets, strict=True):
            if isinstance(target, Farthest):
                _refuse(f"{place}.attacks", f"'{name}' moves pictures to strangers; name attacks of users who collude")
            if isinstance(self.config.attacks[name], Mixture):
                _refuse(f"{place}.attacks", f"'{name}' is a mixture; name attacks that all users take up")
        detection = self.config.experiments.detection
        if detection is None:
            _refuse(place, "needs the detectors of experiments.detection, which is struck out; strike out both")
        for dataset in made:
            self._can_attack(dataset, experiment.attacks)
            self._detectors("experiments.detection", detection, dataset)

    def _claims(self, place: str, experiment: Claims) -> None:
        folder = _CHECKOUT / "resources" / "published"
        there = sorted(path.stem for path in folder.glob("*.csv"))
        for source in experiment.published:
            if there and source not in there:
                _refuse(f"{place}.published", f"there is no table '{source}'; {suggestion(source, there)}")
        config, experiments = self.config, self.config.experiments
        systems = experiments.systems.systems if experiments.systems else {}
        ours: Mapping[str, list[str]] = {
            "dataset": [*config.datasets, "transfer"],
            "attack": [*config.attacks, "transferred"],
            "extractor": [*config.extractors, *systems, *config.detectors, *config.image_classifiers],
        }
        for kind, known in ours.items():
            for title, counterpart in getattr(experiment.counterparts, kind).items():
                if counterpart.ours not in known:
                    _refuse(
                        f"{place}.counterparts.{kind}.{title}.ours",
                        f"there is no '{counterpart.ours}'; {suggestion(counterpart.ours, known)}",
                    )


def _on_photographs(attack: object) -> bool:
    if isinstance(attack, External):
        return attack.pictures == "photographs"
    return isinstance(attack, Method) and attack.photograph is not None


def _people(dataset: object, role: str) -> int:
    """How many identities of a dataset have a role."""
    if isinstance(dataset, DrawnFaces):
        return dataset.people if dataset.role == role else 0
    return getattr(dataset.split.roles, role)
