"""The arena: its repositories, the benchmark, ids and the format version."""
