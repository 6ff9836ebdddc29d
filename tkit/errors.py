"""The error that tkit raises on purpose."""


class TkitError(Exception):
    """An error that the user can fix; the message says what is wrong, where, and what to do.

    It is raised for what the user gives: a path, an archive, a label file, a bundle, an argument. Bad mail never raises;
    ``Message.defects`` says what is wrong with it.
    """
