"""Runs: directories that hold all that a search did, and the policies it found."""
