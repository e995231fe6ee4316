"""Camera frames of invented card fronts and backs, with the exact truth beside them: test data for the front reader.

`make_front` draws an invented person's My Number Card front and photographs it, `make_back` the back, `make_other`
what else patients lay down. Everything comes from a seed: the same seed gives the same frame on the same machine.
Where the printed lines stand is our own reading of pictures that public offices show (`layout`), not a specification,
so each card moves them a little. Issue C, item 1.
"""

from firmware.sim.front.distortion import CLEAN, HARD, LEVELS, MODERATE, Distortion
from firmware.sim.front.people import Holder, invented_people
from firmware.sim.front.scene import FrontScene, Kind, OtherScene, make_back, make_front, make_other

__all__ = [
    "CLEAN",
    "HARD",
    "LEVELS",
    "MODERATE",
    "Distortion",
    "FrontScene",
    "Holder",
    "Kind",
    "OtherScene",
    "invented_people",
    "make_back",
    "make_front",
    "make_other",
]
