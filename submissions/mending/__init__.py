"""The parts of submissions/fixes.py: what may be changed in a name, a file and a row without knowing what was meant."""
