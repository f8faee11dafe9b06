"""The time that an audit has, over all of its runs, and what it says of its progress."""

import sys
import time


class Clock:
    """Counts the seconds of an audit.

    Args:
        seconds: what it may take.
        quiet: say nothing.
    """

    def __init__(self, seconds: float, *, quiet: bool = False):
        self.seconds, self.quiet = seconds, quiet
        self._started = time.monotonic()
        self._said = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the start, with those of earlier runs."""
        return time.monotonic() - self._started

    def go_on(self, elapsed: float) -> None:
        """Count the time of an earlier run of the same audit, which had come so far."""
        self._started = min(self._started, time.monotonic() - elapsed)

    @property
    def left(self) -> float:
        """Seconds that are left; below 0 when there is none."""
        return self.seconds - self.elapsed

    def say(self, what: str, share: float = 0.0) -> None:
        """Say what goes on and how much time is left, once a second on a terminal, at new steps elsewhere."""
        terminal = sys.stderr.isatty()
        now = time.monotonic()
        if self.quiet or (share and (not terminal or now - self._said < 1)):
            return
        self._said = now
        part = f" {share:.0%}" if share else ""
        line = f"{what}{part}, {max(0, self.left) / 60:.1f} minutes left"
        print(f"\r\x1b[K{line}" if terminal else line, end="" if terminal else "\n", file=sys.stderr, flush=True)
