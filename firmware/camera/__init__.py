"""Cameras: picamera2 on a Pi, OpenCV for USB, picture files for simulator and bench."""
