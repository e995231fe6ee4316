"""Sealed results, state, progress and alerts over MQTT; signed requests and acknowledgements back."""
