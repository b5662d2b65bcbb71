"""The HTTP API for other programs: a client of the engine like the window."""
