"""How long does a cloak last? Some attacks against extractors in the order of their release (Figures 4, 5, 10, 11)."""

TITLE = "How long do cloaks last?"
CATEGORY = "How long does a cloak last?"
HEADLINE = 12
PIXELS = True
HOOKS = ()  # its figure tells no defenses apart
