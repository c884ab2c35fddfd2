"""What can be asked for by name: everything, and each figure and table of the ICLR 2022 paper."""

# The first dataset of the run stands for the paper's FaceScrub, the others for its PubFig.
FIRST, *OTHERS = (f"results/{dataset}/" for dataset in config["run"]["datasets"])


rule figure2:
    input:
        figures_of("adaptive", "adaptive"),


rule figure3:
    input:
        TRANSFER_FIGURE,


rule figure4:
    input:
        paper_figures(4),


rule figure5:
    input:
        paper_figures(5),


rule figure6:
    input:
        [name for name in figures_of("systems", "systems") if name.startswith(FIRST)],


rule figure7:
    input:
        figures_of("unprotected", "unprotected"),


rule figure8:
    input:
        figures_of("games", "games"),
        figures_of("games", "lifetime"),


rule figure9:
    input:
        figures_of("classifiers", "classifiers"),


rule figure10:
    input:
        paper_figures(10),


rule figure11:
    input:
        paper_figures(11),


rule figure12:
    input:
        [
            name
            for name in figures_of("systems", "systems")
            if not name.startswith(FIRST)
        ],


rule table1:
    input:
        tables_of("adaptive", "public"),


rule table2:
    input:
        tables_of("detection", "detection"),


rule table3:
    input:
        tables_of("detection", "detection"),


rule table4:
    input:
        TRANSFER_TABLE,
