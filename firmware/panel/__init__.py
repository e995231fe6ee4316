"""The patient's side of the device: screen, buttons, keypad, buzzer. Drawing is pure; one file per vendor library."""
