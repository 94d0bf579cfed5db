"""How often a process that runs for long looks for garbage that reference counting leaves: seldom."""

import gc

ALLOCATIONS = 50_000
"""Between two looks at what is young. Whoever works through thousands of events makes that many in a moment."""


def collect_seldom() -> None:
    """To be called once everything is imported: what is there by now is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, 20, 50)
