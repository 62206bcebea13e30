"""Models of an environment, learnt from its transitions: pure arrays, whatever the environment is."""
