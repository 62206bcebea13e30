"""What may be said of a sample: intervals, tests that may be stopped at any time. Pure functions of arrays."""
