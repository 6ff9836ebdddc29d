"""The one error family that tkit raises on purpose."""


class TkitError(Exception):
    """Something a user can act on: the message says what, where, and what to do.

    Bad mail never raises; it is recorded in ``Message.defects``. A ``TkitError`` is for what
    the user handed over: a path, an archive, a label file, a bundle, an argument.
    """
