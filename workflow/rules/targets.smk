"""What can be asked for by name: everything, and each figure and table of the ICLR 2022 paper."""

for number in (2, *range(4, 13)):

    rule:
        name:
            f"figure{number}"
        input:
            planned(targets.of_paper, place=f"Figure {number}"),


for number in (1, 2, 3):

    rule:
        name:
            f"table{number}"
        input:
            planned(targets.of_paper, place=f"Table {number}"),


rule figure3:
    input:
        planned(targets.transfer_page),


rule table4:
    input:
        paths.TRANSFER_TABLE,
