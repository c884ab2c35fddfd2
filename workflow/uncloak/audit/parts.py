"""What becomes of one person's photographs, in the words of their table."""

# Posted clean where nothing is cloaked, looked for later, posted cloaked, or none of them.
GALLERY, PROBE, POSTED, UNUSED = "gallery", "probe", "posted", "unused"
NO_CLOAK = "none"
# What becomes of a clean photograph without a cloaked one, unless it is dropped.
UNPROTECTED = "unprotected"
COLUMNS = ["folder", "file", "part", "cloak", "pair", "faces", "chosen", "reason", "dssim", "largest_change"]
