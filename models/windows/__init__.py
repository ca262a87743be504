"""The state of sliding event-time windows per key, and the usual hours of a week.

`table` is what others use. The kernels are in several files and numba's cache does not see a change in another file's:
after changing one, delete `__pycache__/*.nb?` here.
"""
