"""Configuration of an evaluation: protocols, profiles and their parts."""
