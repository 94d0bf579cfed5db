"""What a process used of the machine, told by itself in one line for the one who started it."""

import resource
import time
from pathlib import Path

import msgspec

MIB = 2**20


class Used(msgspec.Struct, frozen=True):
    """What a piece of work took of one process."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    """The most memory that the process ever had, imports included."""

    def line(self) -> str:
        """As the process that measures itself prints it."""
        return msgspec.json.encode(self).decode()


class Clock:
    """Starts when it is made; the process's start is not counted, only the work."""

    def __init__(self) -> None:
        self._started, self._cpu = time.monotonic(), time.process_time()

    def used(self) -> Used:
        """What was used since, and the peak since the process began."""
        return Used(time.monotonic() - self._started, time.process_time() - self._cpu, peak_mib())


def peak_mib() -> float:
    """The peak of this process's memory.

    Linux carries `ru_maxrss` over from the process that started this one, so its own mark is read there.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024 / MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
