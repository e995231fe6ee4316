"""The official terminal as the simulator plays it: it answers request files in a folder, with every habit seen."""
