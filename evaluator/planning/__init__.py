"""Planning: time, cost and memory of an evaluation in advance."""
