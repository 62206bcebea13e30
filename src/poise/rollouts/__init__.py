"""Engines: they play episodes of candidates in an environment and return what came of it."""
