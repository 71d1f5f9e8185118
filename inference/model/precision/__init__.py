"""Whether a faster way of running a model keeps its answers, measured before it is used."""
