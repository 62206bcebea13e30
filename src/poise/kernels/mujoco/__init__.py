"""MuJoCo environments whose steps are played from compiled code: one file each, and the driver that runs them.

The physics is the MuJoCo library's own. Gymnasium's environment is made and reset as ever; what is compiled is what
Gymnasium does in Python between two calls of ``mj_step``. What is imported here needs neither numba, MuJoCo nor
Gymnasium until it is called.
"""
