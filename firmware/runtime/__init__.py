"""Carries out what `step` asks for: one loop, one inbox, one single-thread lane per blocking device."""
