"""Does robust training undo cloaks? An extractor with and without it (Figure 2)."""

TITLE = "Does robust training undo the cloaks?"
CATEGORY = "Defenses"
HEADLINE = 21


def possible(asked):
    return len(asked.recognizers) > 1
