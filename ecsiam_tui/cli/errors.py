"""What a command says when it cannot do what was asked."""


class CommandError(Exception):
    """The message is one line: what is wrong, where, and the way out."""
