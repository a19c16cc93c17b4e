"""More was asked for at once than the server keeps waiting."""


class Busy(RuntimeError):
    """A queue is full; ask again in a moment."""
