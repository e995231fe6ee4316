"""The device's own health, told to systemd."""
