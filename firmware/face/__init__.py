"""1:1 face verification: the chip's photo (decoded in a process of its own) against live pictures."""
