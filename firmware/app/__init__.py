"""Builds the device from its settings and runs it. The only package that knows every adapter."""
