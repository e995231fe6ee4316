"""Madoguchi: firmware of a counter device for Japanese clinics."""
