"""The parts of submissions/repair/repair.py: what may be changed in a name, a file and a row without knowing what was meant."""
