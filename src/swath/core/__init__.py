"""Values and pure algorithms: numpy and numba only; no I/O, no clock, no logging."""
