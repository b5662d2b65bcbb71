"""Fixtures and settings for every layer."""

import os

from hypothesis import settings

# These machines are shared and noisy: how long an example took says nothing. Whoever lands a change has
# to find what they broke, and nothing else: the same examples every time. `HYPOTHESIS_PROFILE=explore`
# looks for new ones.
settings.register_profile("deskside", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "deskside"))
