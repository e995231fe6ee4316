"""The settings file: one schema gives validation, documentation and the effective view (design.md, "settings")."""
