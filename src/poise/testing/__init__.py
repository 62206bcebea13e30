"""Contract suites and probe environments: for poise's own tests, and for whoever adds an optimizer or an engine."""
