"""The one exception that a user's mistake raises: the command line prints it without a traceback."""


class WhichtaskError(Exception):
    """A problem that the user can mend.

    The message says what is wrong, where, and what is allowed. Programming errors use ordinary exceptions, which keep
    their traceback.
    """
