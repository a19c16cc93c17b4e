"""How sure an answer has to be."""

RATE = 0.1
"""How often somebody who is absent may be given an answer, by default; a lower rate misses more who are there."""
