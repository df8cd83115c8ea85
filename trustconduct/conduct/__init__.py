"""Conduct: what was reported, the case it belongs to, and the answer in proportion."""
