"""What can be asked for by name: everything, and each figure and table of the ICLR 2022 paper."""


rule figure2:
    input:
        planned(targets.figures_of, experiment="adaptive"),


rule figure3:
    input:
        planned(targets.transfer_page),


rule figure4:
    input:
        planned(targets.paper_figures, number=4),


rule figure5:
    input:
        planned(targets.paper_figures, number=5),


rule figure6:
    input:
        planned(targets.systems_figures, first=True),


rule figure7:
    input:
        planned(targets.figures_of, experiment="unprotected"),


rule figure8:
    input:
        planned(targets.figures_of, experiment="games"),


rule figure9:
    input:
        planned(targets.figures_of, experiment="classifiers"),


rule figure10:
    input:
        planned(targets.paper_figures, number=10),


rule figure11:
    input:
        planned(targets.paper_figures, number=11),


rule figure12:
    input:
        planned(targets.systems_figures, first=False),


rule table1:
    input:
        planned(targets.tables_of, experiment="adaptive", table="public"),


rule table2:
    input:
        planned(targets.tables_of, experiment="detection", table="detection"),


rule table3:
    input:
        planned(targets.tables_of, experiment="detection", table="detection"),


rule table4:
    input:
        paths.TRANSFER_TABLE,
