"""The scoring backend: fine-tunes the base model on each delivered data set and scores what it learned."""
