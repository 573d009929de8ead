"""Tables of the pages and their exports, computed from a snapshot."""
