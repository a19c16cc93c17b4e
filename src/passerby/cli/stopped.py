"""A command that is stopped, by Ctrl-C or by the system, and says what is true of its files."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
"""Exit codes of a command that was stopped."""


class Stopped(Exception):
    """A command was stopped; its text is what a person is told.

    Args:
        text: one line.
        code: INTERRUPTED or TERMINATED.
    """

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code


class _Terminated(KeyboardInterrupt):
    """The system asks the command to end."""


@contextmanager
def stoppable(state: Callable[[], str]) -> Iterator[None]:
    """Let what was begun be tidied up when the command is stopped, also by the system, and tell.

    Args:
        state: says what is true of the files then, such as "nothing was written".

    Raises:
        Stopped: where the command was stopped.
    """
    # Handlers belong to the first thread, and one of somebody else's stays.
    ours = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if ours:
        signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except KeyboardInterrupt as stop:
        code = TERMINATED if isinstance(stop, _Terminated) else INTERRUPTED
        raise Stopped(f"Interrupted; {state()}.", code) from None
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated
