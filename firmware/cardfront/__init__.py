"""Reading number B off the card's front: find the card, tell front from back, read two dates and a code."""
