"""Fixtures and settings for every layer."""

from hypothesis import settings

# These machines are shared and noisy: how long an example took says nothing.
settings.register_profile("deskside", deadline=None)
settings.load_profile("deskside")
