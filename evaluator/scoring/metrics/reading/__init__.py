"""Reading of an answer: the option or label that it names. Words and marks of each language are tables here."""
