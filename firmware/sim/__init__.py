"""The simulator: virtual card, gateway, broker, panel, their world, and the patient who uses them.

Product code with an encoder of its own everywhere: imports `core` and `ports`, never an adapter (design.md).
"""
