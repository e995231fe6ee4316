"""The jailed side of `photo.py`: reads one JPEG 2000 photo from stdin, writes the pixels to stdout, ends.

A process of its own, started as `python -I photo_worker.py` with an empty environment, so it imports nothing of the
firmware. Limits are set before the first untrusted byte is read. Any failure ends it with a traceback to nowhere and a
code other than 0: the parent asks no more than that.

Request: length (4 bytes, big endian), JP2 bytes. Answer: width, height (2 bytes each), channels (1 byte), rows from the
top, interleaved.
"""

import io
import resource
import struct
import sys

from PIL import Jpeg2KImagePlugin

REQUEST = struct.Struct(">I")
ANSWER = struct.Struct(">HHB")
LARGEST_PHOTO = 32768
LONGEST_SIDE = 1024
_CHANNELS = {"L": 1, "RGB": 3}
LIMITS = {
    # The largest photo, in colour, decodes within 48 MB on x86-64; the rest is for other page sizes and libraries.
    resource.RLIMIT_AS: 128 << 20,
    resource.RLIMIT_CPU: 2,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_NPROC: 0,
    # 0, 1 and 2 are open: nothing else can be.
    resource.RLIMIT_NOFILE: 3,
}


def confine() -> None:
    """Give up what decoding does not need, for good."""
    for kind, value in LIMITS.items():
        resource.setrlimit(kind, (value, value))


def main() -> None:
    confine()
    (length,) = REQUEST.unpack(_read(REQUEST.size))
    if not 0 < length <= LARGEST_PHOTO:
        raise ValueError("length")
    # Not Image.open: that would try, and import, other formats.
    image = Jpeg2KImagePlugin.Jpeg2KImageFile(io.BytesIO(_read(length)))
    if max(image.size) > LONGEST_SIDE or image.mode not in _CHANNELS:
        raise ValueError("size or mode")
    image.load()
    sys.stdout.buffer.write(ANSWER.pack(*image.size, _CHANNELS[image.mode]) + image.tobytes())
    sys.stdout.buffer.flush()


def _read(length: int) -> bytes:
    data = sys.stdin.buffer.read(length)
    if len(data) != length:
        raise EOFError
    return data


if __name__ == "__main__":
    main()
