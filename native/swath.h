/* What every kernel shares. See build.py for how one source becomes code for several instruction sets. */
#ifndef SWATH_H
#define SWATH_H

#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

/* A source is compiled once for each instruction set; SWATH_LEVEL is the name of the one it is compiled for, and
 * KERNEL(name) the name of a function in it: name_v1, name_v3, … Every function that is not static needs it.
 * A kernel returns int64_t, 0 or more, or NO_MEMORY; native.py raises MemoryError for that. */
#define SWATH_JOIN(name, level) name##_##level
#define SWATH_EXPAND(name, level) SWATH_JOIN(name, level)
#define KERNEL(name) SWATH_EXPAND(name, SWATH_LEVEL)

#define NO_MEMORY (-1)

#endif
