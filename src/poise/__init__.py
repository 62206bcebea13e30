"""poise: small policies for Gymnasium environments, found fast, proven honest, watched live."""
