"""Reads response files with the device's reader, each in a process of its own, and says what it cost.

`python -m tools.bench.xml_child FILE...`; for each a JSON line: what came of it (a fault's code and detail, or "read"),
seconds, and the bytes of memory beyond what the process had with the file loaded. Linux: the peak is the kernel's own
(VmHWM), set back by /proc/self/clear_refs before the file is read.
"""

import gc
import json
import os
import sys
import time
from pathlib import Path

from firmware.core.faults import DeviceError
from firmware.eligibility.oqs_xml import read_answer
from tools.bench.memory import sizes

WARM = b"<XmlMsg><MessageHeader><SegmentOfResult>1</SegmentOfResult></MessageHeader></XmlMsg>"


def memory() -> dict[str, int]:
    return sizes(Path("/proc/self/status").read_text(encoding="ascii"))


def cost(file: Path) -> dict[str, str | float | int]:
    data = file.read_bytes()
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = memory()["VmRSS"]
    start = time.perf_counter()
    try:
        read_answer(data)
        came, detail = "read", ""
    except DeviceError as error:
        came, detail = str(error.code), error.detail
    seconds = time.perf_counter() - start
    return {"came": came, "detail": detail, "seconds": seconds, "bytes": max(0, memory()["VmHWM"] - before)}


def main() -> int:
    read_answer(WARM)
    for name in sys.argv[1:]:
        child = os.fork()
        if child == 0:
            print(json.dumps(cost(Path(name))), flush=True)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            print(json.dumps({"came": "died", "detail": "", "seconds": 0.0, "bytes": 0}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
