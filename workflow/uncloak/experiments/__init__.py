"""Experiments: each a question, in a folder of its own.

A folder holds

- `__init__.py`: TITLE (of the figure), CATEGORY (its place in the report), and what is special about the experiment. It
  is read whenever a run is planned, so it imports nothing heavy. All of this may be left out:
  HEADLINE, its place among the figures that answer on the report's first page: of each category the lowest is shown;
  `Options`, a frozen dataclass of the record's options; `files(asked)` and `drawn_from(asked)`, the files that are
  measured and drawn, by name (else the distances of the extractors, and the experiment's own table); `told(asked)`,
  `labels(asked)` and `shown(asked)`, what the jobs that measure, average and draw are told besides;
  `recognizers(asked, found)`, another choice than every extractor with every defense; `possible(asked)`, whether it
  can be made on a dataset at all; `claimed(asked)`, whether its rates are such as papers claim; `depends(asked)`,
  what a row of its table is about -> what else its number depends on, so that another record has another number for
  it; `check(asked, place)`, which raises InputError where it cannot be made as it stands; and what it takes: PIXELS
  (raw pixels are drawn, too), CHANNELS (every channel of the run), OWN_ATTACKS (its attacks need not be those of the
  run), SCORED (detectors score the pictures of its attacks, too), WHOLE_TABLE (its table holds every extractor and
  attack of a dataset, its figure what the record asks for), USERS_PICTURES (its own `files` hold users' pictures, as
  those of other experiments do, so that its figure says how visible they are), REPEATS (what the `seeds` of its
  extractors and attacks make anew, too), RUN_DEFENSES (those of the run, unless the record names some), LABELED (False
  where its table is not of extractors), HOOKS (of the defenses that it can measure: faces and extractor, unless it says
  more);
- `measure.py`: `measure(given)` returns a tidy table with one row per user. `average(given, table)` makes the averages
  of it, where they are not those of `uncloak.experiments.averaging`, and MEASURED names the columns of the table, where
  they are not those of `uncloak.recognition.evaluation`;
- `figure.py`: `draw(given)` returns a chart and the rows that it shows;
- `caption.rst`: what the figure shows, how to read it, and what limits it.

`asked` is an `uncloak.plan.asked.Asked`, `given` an `uncloak.experiments.given.Given`. An experiment may have no
figure, or nothing but a figure.
"""
