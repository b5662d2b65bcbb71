"""Formulas become drawings, in a process of their own: what models write may never end, or ruin it."""
