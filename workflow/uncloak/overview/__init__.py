"""The page about a whole run: the question, the answer in three figures, what was claimed, and how it was made."""
