"""Use cases that join rooms: check, recommend, pull, load, answer."""
