"""Published numbers as records: whole, consistent with each other, and each where its paper says it."""

import math
import re
from pathlib import Path

import pandas as pd
import pytest

from uncloak.tables import read_table

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "resources" / "published"
PAPERS = ROOT.parent / "shared" / "papers"
LOWKEY = "cherepanova-2021-lowkey"
FAWKES = "shan-2020-fawkes-excerpt-sections-8-9"
ICLR = "radiya-dixit-2022-data-poisoning-wont-save-you"
BLOG = "blog-data-poisoning-is-hitting-a-wall"
# A paper's text -> our table of it.
TABLES = {
    LOWKEY: "cherepanova-2021",
    FAWKES: "shan-2020",
    ICLR: "radiya-dixit-2022",
    BLOG: "data-poisoning-is-hitting-a-wall",
}
needs_papers = pytest.mark.skipif(not PAPERS.is_dir(), reason="needs the papers as text in ../shared/papers")

# LowKey's names of extractors, in the order of its columns, and ours.
EXTRACTORS = {
    f"{short}-{depth}{head[0]}": f"{backbone}-{depth} {head}"
    for short, backbone in (("IR", "IR"), ("RN", "ResNet"))
    for depth in (50, 152)
    for head in ("ArcFace", "CosFace")
}
COLUMNS = list(EXTRACTORS)
# Table -> its lines.
GRIDS = {
    **dict.fromkeys(("Table 2", "Table 5"), ("Clean", "Fawkes", *COLUMNS, "Ensemble")),
    **dict.fromkeys(("Table 6", "Table 7", "Table 8", "Table 9"), ("Clean", *COLUMNS, "Ensemble")),
    **dict.fromkeys(("Table 3", "Table 10"), ("Clean", "Without GS", "With GS")),
}
SERVICES = {
    "Table 1": ("Clean", "Fawkes", "LowKey"),
    "Table 4": ("Clean", *(f"LowKey {steps}" for steps in (10, 20, 30, 40, 50))),
}
SERVICE_COLUMNS = ["Amazon Rekognition 1", "Amazon Rekognition 50", "Microsoft Azure Face 1"]
ICLR_TABLES = ("Table 2", "Table 3", "Table 4")
# Cells that the text has lost.
LOST = {("Table 6", "IR-50A", "RN-50C"), ("Table 8", "IR-50A", "RN-50C")}


def records(name: str) -> pd.DataFrame:
    return read_table(PUBLISHED / f"{name}.csv")


def lowkey(*places: str) -> pd.DataFrame:
    """The rows of LowKey's tables, with the names of lines and columns that stand there."""
    table = records(TABLES[LOWKEY])
    table = table[table["place"].isin(places)]
    of_attack = {"none": "Clean", "Fawkes of 2020, strongest mode": "Fawkes", "LowKey, not smoothed": "Without GS"}
    of_attack |= {f"LowKey, {steps} steps": f"LowKey {steps}" for steps in (10, 20, 30, 40, 50)}
    ensemble = table["place"].map({"Table 1": "LowKey", "Table 3": "With GS", "Table 10": "With GS"}).fillna("Ensemble")
    short = {ours: theirs for theirs, ours in EXTRACTORS.items()}
    surrogate = table["surrogate"].map(short)
    return table.assign(
        line=surrogate.fillna(table["attack"].map(of_attack)).fillna(ensemble),
        column=table["extractor"].map(short).fillna(table["extractor"] + " " + table["rank"].astype(str)),
    )


def cells(place: str) -> dict[tuple[str, str], float]:
    return {(row.line, row.column): row.least for row in lowkey(place).itertuples()}


# Without the papers.


@pytest.mark.parametrize("place", GRIDS)
def test_a_grid_has_every_cell_in_the_order_of_its_table(place):
    whole = [(line, column) for line in GRIDS[place] for column in COLUMNS if (place, line, column) not in LOST]
    assert list(cells(place)) == whole
    rows = lowkey(place)
    rank, among = (1, "") if place in ("Table 5", "Table 7", "Table 9", "Table 10") else (50, "pictures")
    assert set(zip(rows["rank"], rows["among"], strict=True)) == {(rank, among)}
    small = rows["attack"].str.endswith(", small")
    assert set(rows["line"][small]) == ({*COLUMNS, "Ensemble"} if place in ("Table 8", "Table 9") else set())


def test_all_of_the_514_cells_are_there_but_the_lost_ones():
    """Those of single surrogates in Tables 2 and 5, and all of Tables 3, 4 and 6 to 10."""
    table = lowkey("Table 2", "Table 5")
    singles = (table["surrogate"] != "").sum()
    others = len(lowkey("Table 3", "Table 4", *(f"Table {number}" for number in range(6, 11))))
    assert (singles, singles + others + len(LOST)) == (128, 514)
    sizes = records(TABLES[LOWKEY]).groupby("place").size()
    assert sizes[["Table 1", "Table 4", "Section 6.3", "Section 6.4", "Section 6.5", "Appendix 8.4"]].tolist() == [
        *(9, 18, 2, 2, 2, 2)
    ]


def test_surrogates_are_extractors_that_are_tested():
    table = records(TABLES[LOWKEY])
    assert set(table["surrogate"]) - {""} == set(EXTRACTORS.values())
    services = {"Amazon Rekognition", "Microsoft Azure Face", "none"}
    assert set(table["extractor"]) == {*EXTRACTORS.values(), *services}


@pytest.mark.parametrize("place", [place for place, lines in GRIDS.items() if "Ensemble" in lines])
def test_nobody_is_fooled_more_than_the_surrogate_itself(place):
    """What holds in every grid of the paper, and for no exchanged columns."""
    found = cells(place)
    for line in COLUMNS:
        row = {column: value for (name, column), value in found.items() if name == line}
        assert row[line] == min(row.values())


def test_slips_of_the_paper_stand_as_printed_and_are_noted():
    """The small attack's tables are said to be on UMDFaces, and have clean lines of FaceScrub's."""
    for place, own in (("Table 8", "Table 2"), ("Table 9", "Table 5")):
        clean = lowkey(place).query("line == 'Clean'")
        assert clean["least"].tolist() == lowkey(own).query("line == 'Clean'")["least"].tolist()
        assert set(clean["note"]) == {f"the caption says UMDFaces; this row is that of {own}, on FaceScrub"}
        assert set(lowkey(place)["dataset"]) == {"FaceScrub or UMDFaces"}
    assert share_of_352_probes("Table 6", "Table 7") == 1
    assert share_of_352_probes("Table 8", "Table 9") < 0.4


def share_of_352_probes(*places: str) -> float:
    """How many of the percentages, which have one decimal, so many probes can give."""
    possible = {math.floor(1000 * hits / 352 + 0.5) for hits in range(353)}
    return (lowkey(*places)["least"] * 10).round().isin(possible).mean()


def test_only_lowkeys_users_post_all_at_once():
    table = pd.concat([records(name).assign(name=name) for name in TABLES.values()])
    rates = table[(table["unit"] == "%") & ~table["classifier"].isin(["detector", "own head"])]
    assert ((rates["posters"] == "all") == (rates["name"] == TABLES[LOWKEY])).all()
    assert set(rates["posters"]) == {"all", "one"}


def test_a_service_has_one_classifier_in_all_sources():
    table = pd.concat(map(records, TABLES.values()))
    services = table[table["extractor"].isin(["Amazon Rekognition", "Microsoft Azure Face", "Face++"])]
    assert services.groupby("extractor")["classifier"].nunique().tolist() == [1, 1, 1]


# Beside the papers.


def text_of(paper: str) -> str:
    return (PAPERS / f"{paper}.txt").read_text(encoding="utf-8")


def printed(number: int) -> tuple[str, list[str]]:
    """What stands above the first line of a LowKey table, and its lines up to the caption beneath."""
    lines = text_of(LOWKEY).split("\n")
    (end,) = (index for index, line in enumerate(lines) if line.startswith(f"Table {number}: "))
    start = max(index for index, line in enumerate(lines[:end]) if line.startswith("Clean -"))
    return " ".join(lines[start - 3 : start]), lines[start:end]


def percents(text: str) -> list[float]:
    return [float(value.replace("O", "0")) for value in re.findall(r"([\dO]+(?:\.[\dO]+)?)%", text)]


@needs_papers
@pytest.mark.parametrize("place", [*SERVICES, *(place for place in GRIDS if place != "Table 8")])
def test_cells_of_lowkeys_tables_are_those_of_its_text(place):
    names = GRIDS.get(place, SERVICES.get(place))
    head, lines = printed(int(place.removeprefix("Table ")))
    columns = COLUMNS if place in GRIDS else SERVICE_COLUMNS
    if place in GRIDS:
        assert re.findall(r"(?:IR|RN)-\d+[AC]", head) == COLUMNS
    found = {}
    for line in lines:
        # Something of the picture's frame may stand before a name, and behind the dash.
        name, values = re.fullmatch(rf".{{0,2}}?({'|'.join(names)}) -[^\t]*\t(.*)", line).groups()
        for column, cell in zip(columns, values.split("\t"), strict=True):
            if cell:
                (found[name, column],) = percents(cell)
    assert list(found.items()) == list(cells(place).items())


@needs_papers
def test_cells_of_table_8_are_those_of_its_text_where_lines_ran_into_each_other():
    _, lines = printed(8)
    order = [
        *[("Clean", column) for column in COLUMNS],
        *[("IR-50A", column) for column in COLUMNS if column != "RN-50C"],
        *[("IR-50C", column) for column in COLUMNS],
        # What is shaded otherwise stands in a line of its own.
        *[("IR-152A", column) for column in COLUMNS if column not in ("RN-50A", "RN-50C")],
        *[("IR-152A", "RN-50A"), ("IR-152A", "RN-50C")],
        # Two lines in one.
        *[("IR-152C", column) for column in COLUMNS[:5]],
        *[(line, column) for column in COLUMNS[5:] for line in ("IR-152C", "RN-50A")],
        *[("RN-50A", column) for column in COLUMNS[:5]],
        *[(line, column) for line in ("RN-50C", "RN-152A", "RN-152C", "Ensemble") for column in COLUMNS],
    ]
    assert dict(zip(order, percents("\t".join(lines)), strict=True)) == cells("Table 8")


# What of a paper stands at what place of our table: between which marks of the text, and beside which few words, in the
# order of our rows.
SAID = [
    (LOWKEY, "Section 6.3", "6.3\tRun-Time", "6.4\t", [r"averages (\d+) seconds"]),
    (LOWKEY, "Section 6.4", "6.4\tRobustness", "6.5\t", [r"([\d.]+)% of [a-z ]*images compared"]),
    (LOWKEY, "Section 6.5", "6.5\tScalability", "7 Discussion", [r"from 32.5% to ([\d.]+)%"]),
    (LOWKEY, "Appendix 8.4", "8.4\tCan", "8.5\t", [r"([\d.]+)% of probe images"]),
    (FAWKES, "Section 8.1", "", "8.2 ", [r"a (\d+)% protection", r"to (\d+)% once the DSSIM perturbation is > 0.01"]),
    (
        *(FAWKES, "Section 8.2", "8.2 Cloak", "9 Discussion"),
        [r"is (\d) standard deviations (?:smaller|larger)", r"(\d+)% protection success", r"within (\d) standard"],
    ),
    (FAWKES, "Section 9", "9 Discussion", "References", [r"(\d+)% protection against"]),
    (ICLR, "Table 1", "Table 1: Number", "Note that", [r"v0.3 (\d+)", r"v1.0 (\d+)", r"LowKey (\d+)"]),
    (ICLR, "Figure 2", "3.3\t", "3.4\t", [r"only (\d+)% error", r"rate is (\d+)-(\d+)%"]),
    (ICLR, "Figure 4", "3.4\t", "3.5 ", [r"rate of (\d+)%", r"\((\d+)% error rate\)"]),
    (ICLR, "Figure 5", "B.3\t", "B.4\t", [r"rate of (\d+)% against LowKey"]),
    (ICLR, "Figure 6", "4Confidence", "Figure 6:", [r"rate=([\d.]+)%"]),
    (ICLR, "Section 3.5", "3.5 Increasing", "Figure 6:", [r"achieves ([\d.]+)% top-1", r"and ([\d.]+)% top-2"]),
    (
        *(ICLR, "Appendix B.3", "B.3\t", "B.4\t"),
        [r"(\d+)% clean", r"only (\d+)%", r"\(>(\d+)%\)", r"FaceScrub \((\d+)%\)"],
    ),
    (ICLR, "Figure 9a", "Baseline. ", "Robust training. ", [r"≥ (\d+)%", r"rates of (\d+)-(\d+)%"]),
    (ICLR, "Figure 12", "6.2% (top-2)", "Figure 12:", [r"rate=([\d.]+)%"]),
    (ICLR, "Appendix C.2", "C.2 ", "Figure 12:", [r"([\d.]+)% \(top-[12]\)"]),
    (ICLR, "Appendix B.5", "B.5\t", "Table 4:", [r"from (\d+)% to (\d+)%"]),
    (BLOG, "Figure 2 of Radiya-Dixit 2022, second hand", "Results: All three", "***", [r"dropped to (\d+)-(\d+)%"]),
]


@needs_papers
@pytest.mark.parametrize(
    ("paper", "place", "start", "end", "said"), SAID, ids=[f"{each[0]}-{each[1]}" for each in SAID]
)
def test_numbers_of_sentences_are_those_of_its_text(paper, place, start, end, said):
    text = text_of(paper)
    text = text[text.rindex(start) if start else 0 :]
    text = " ".join(text[: text.index(end)].replace("-\n", "").split())
    matches = [[*re.finditer(words, text)] for words in said]
    assert all(matches)
    found = [float(value) for each in matches for match in each for value in match.groups()]
    table = records(TABLES[paper])
    rows = table[table["place"] == place]
    # The other end of a bound is not told.
    rows = rows.assign(most=rows["most"].mask(rows["note"].str.contains("at least|more than"), rows["least"]))
    ends = rows[["least", "most"]].abs().to_numpy().ravel()
    assert [*dict.fromkeys(found)] == [*dict.fromkeys(ends)]


@needs_papers
@pytest.mark.parametrize(("place", "first"), [*zip(ICLR_TABLES, ("attack", "extractor", "extractor"), strict=True)])
def test_cells_of_the_iclr_papers_tables_are_those_of_its_text(place, first):
    lines = text_of(ICLR).split("\n")
    (start,) = (index for index, line in enumerate(lines) if line.startswith(f"{place}: "))
    rows = records(TABLES[ICLR]).query("place == @place")
    whole = [line for line in lines[start : start + 25] if len(percents(line)) == 4][: len(rows) // 4]
    assert [value for line in whole for value in percents(line)] == rows["least"].tolist()
    for line, name in zip(whole, rows[first][::4], strict=True):
        assert line.split()[0] in name


@needs_papers
def test_every_number_of_a_paper_at_hand_was_looked_up():
    tables = [*((ICLR, place) for place in ICLR_TABLES), *((LOWKEY, place) for place in (*GRIDS, *SERVICES))]
    looked_up = {*tables, *((paper, place) for paper, place, *_ in SAID)}
    assert looked_up == {(paper, place) for paper, name in TABLES.items() for place in records(name)["place"]}
