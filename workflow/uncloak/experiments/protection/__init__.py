"""Do cloaks protect? Every extractor of a dataset, every attack and every channel, in one table."""

TITLE = "Do cloaks protect?"
PIXELS = CHANNELS = True
HOOKS = ("faces", "extractor", "gallery", "growth", "answer")
