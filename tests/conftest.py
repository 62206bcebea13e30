"""What all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# A check of a commit draws the same examples each time, whatever the version of Hypothesis; by hand they wander.
settings.register_profile("check", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("check")
