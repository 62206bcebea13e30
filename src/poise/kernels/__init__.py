"""Compiled environments: one file each, and the driver that plays them.

What is imported here needs neither numba nor Gymnasium until it is called.
"""

from poise.kernels.base import Box, Discrete, Kernel, KernelUnavailableError, between
from poise.kernels.catalog import kernel_for, kernels, register
from poise.kernels.environment import as_environment

__all__ = [
    "Box",
    "Discrete",
    "Kernel",
    "KernelUnavailableError",
    "as_environment",
    "between",
    "kernel_for",
    "kernels",
    "register",
]
