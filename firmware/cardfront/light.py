"""Why a front could not be read: too far away, reflections, out of focus. Inference lane; numpy over `picture.py`."""

import numpy as np

from firmware.cardfront import picture as pic
from firmware.cardfront.layout import CODE, DATES
from firmware.cardfront.sight import FrontHint
from firmware.inference.pictures import Picture, wiped

SMALL = 0.12
"""Share of the frame below which a card's print is too small in a frame of 1280 x 960."""
GLARE_SHARE, WHITE = 0.03, 252
SHARP = 60.0
"""Variance of the second derivative, grey levels squared, of a card's print that can be read."""


def hint_for(card_grey: Picture, share: float) -> FrontHint:
    """The likeliest reason, of a rectified card either way up."""
    if share < SMALL:
        return FrontHint.CLOSER
    for turned in (card_grey, card_grey[::-1, ::-1]):
        for region in (DATES, CODE):
            part = turned[region.pixels()]
            if float((part >= WHITE).mean()) > GLARE_SHARE and float(np.median(part)) < WHITE - 15:
                return FrontHint.GLARE
    smooth = pic.blurred(card_grey, 1.5)
    with wiped(smooth):
        if pic.sharpness(smooth) < SHARP:
            return FrontHint.BLUR
    return FrontHint.HOLD_STILL
