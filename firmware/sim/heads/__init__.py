"""Simulated people and fakes before a camera, as the five landmarks a face detector would report; no pixels."""
