"""What one line costs under memory_profiler, by the program's own clock: nanoseconds, for comparison with line-stop.c."""

import io
import time

from memory_profiler import profile

CALLS, LINES = 300, 8  # `while` and the seven lines of its body are stepped through


@profile(stream=io.StringIO())
def busy(n):
    while n:
        a = bytearray(16)
        del a
        a = bytearray(16)
        del a
        a = bytearray(16)
        del a
        n -= 1


busy(1)
start = time.perf_counter_ns()
busy(CALLS)
print("line %.1f" % ((time.perf_counter_ns() - start) / CALLS / LINES))
