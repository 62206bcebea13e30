"""A policy to take along: its replay as one file for the browser, as a picture that moves, as a film, as a table."""
