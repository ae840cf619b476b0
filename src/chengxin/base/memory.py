"""The memory of a process that has started: what it loaded stays out of the garbage collector's way."""

from __future__ import annotations

import gc


def settle() -> int:
    """Leave everything there is now alone in later collections, and return how many objects that are.

    Called when a process has loaded its code and before it forks or answers. A collection looks at every container
    object there is, and most of them are code that stays; in a process that writes audit events all day an eighth of
    its time went into looking. What is loaded later is collected as ever. A frozen page is also not written to by a
    collection, so the workers of a server go on sharing it (Python's documentation of ``gc.freeze``).
    """
    gc.collect()
    gc.freeze()
    return gc.get_freeze_count()
