"""Named points at which a process kills itself when a test asks for it, so that recovery from there can be proven."""

import os
import signal
import sys
from typing import Literal, get_args

FaultPoint = Literal[
    "after_intent_committed",
    "after_raw_stored",
    "after_raw_sent",
    "before_receipt_recorded",
    "after_chunk_decoded",
    "before_cursor_commit",
    "after_cursor_commit",
    "before_rewind_commit",
    "before_backfill_commit",
    "before_rebuild_commit",
]

FAULT_POINTS: tuple[FaultPoint, ...] = get_args(FaultPoint)


def reach(point: FaultPoint) -> None:
    """Passes by, unless CCM_FAULT names this point: then the process says so and dies as by kill -9.

    CCM_FAULT is `point` or `point:n`, n counting the passes (1 is the first).
    """
    wanted, _, passes = os.environ.get("CCM_FAULT", "").partition(":")
    if wanted != point:
        return
    _PASSED[point] = _PASSED.get(point, 0) + 1
    if _PASSED[point] == int(passes or "1"):
        sys.stderr.write(f"fault point reached: {point}\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)


_PASSED: dict[str, int] = {}
