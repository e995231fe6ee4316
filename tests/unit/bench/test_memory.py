"""What /proc says of a process (tools/bench/memory.py)."""

import os
import subprocess
import sys

from tools.bench.memory import children, cpu_seconds, processor_ticks, sample, sizes


def test_sizes_are_bytes() -> None:
    text = (
        "00400000-7fff000 ---p 00000000 00:00 0 [rollup]\nRss:      2000 kB\nPss: 1500 kB\nThreads:\t13\nName:\tx y\n"
    )
    assert sizes(text) == {"Rss": 2_048_000, "Pss": 1_536_000}


def test_ticks_are_counted_behind_the_name() -> None:
    stat = "42 (a) b 1 2 (c)) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0"
    assert processor_ticks(stat) == 300


def test_a_child_is_found_and_sampled() -> None:
    program = "import sys; block = bytearray(b'x' * 40_000_000); print(flush=True); sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdout.readline()
        assert child.pid in children(os.getpid())
        taken = sample(child.pid)
        assert taken.peak >= taken.rss > taken.anonymous > 40_000_000
        assert taken.rss >= taken.pss > 0
        assert cpu_seconds(child.pid) >= 0
    finally:
        child.stdin.close()
        child.stdout.close()
        child.wait(timeout=10)
