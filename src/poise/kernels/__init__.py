"""Compiled environments: one file each, and the driver that plays them."""
