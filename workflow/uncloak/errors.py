"""Errors that are the user's to mend."""


class InputError(ValueError):
    """Bad input, told in one line: what is wrong, where, and what to do about it."""
