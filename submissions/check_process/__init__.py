"""Child processes that parse deliveries within limits; a parser that fails ends its child, never the program."""
