"""Errors that are the user's to mend."""

# What a job's log names where one of them has ended the job.
BAD_INPUT = "uncloak.input"


class InputError(ValueError):
    """Bad input, told in one line: what is wrong, where, and what to do about it."""


class LackError(InputError):
    """Not the input, but the machine has too little of something, so that another try may end well."""
