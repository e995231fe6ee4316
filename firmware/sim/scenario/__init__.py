"""`make run`: a patient who plays one visit, what the visit must come to, and how it is told."""
