"""Small policies: a function of the observation with a flat vector of parameters."""
