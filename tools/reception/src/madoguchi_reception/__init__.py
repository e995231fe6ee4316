"""Reference receiver for Madoguchi devices: opens, checks, stores once, acknowledges. Never imports the firmware."""

__version__ = "0.1.0"
