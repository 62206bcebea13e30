"""Benchmarks: many runs that differ in one thing at a time, put side by side."""
