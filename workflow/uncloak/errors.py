"""Errors that are the user's to mend."""

# What a job's log names where one of them has ended the job.
BAD_INPUT = "uncloak.input"


def printable(text: object) -> str:
    """Return text in one line that can be shown: characters that cannot, such as a terminal's escapes, are escaped."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in str(text))


class InputError(ValueError):
    """Bad input, told in one line: what is wrong, where, and what to do about it.

    Whatever names of files and people are in it, its text can be shown.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class LackError(InputError):
    """Not the input, but the machine has too little of something, so that another try may end well."""
