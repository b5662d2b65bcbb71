"""Weights: sources, the transfer, its journal, and the library of models on this machine."""
