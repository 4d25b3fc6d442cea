/* Which of the instruction sets in this library the machine can run. Compiled once, for the plainest of them. */
#include "swath.h"

/* What the library was made of: build.py looks for it to see whether the library is that of the sources. */
EXPORT const char swath_sources[] = "swath-sources:" SWATH_SOURCES;

#if defined(__x86_64__)

#include <cpuid.h>

static uint64_t extended_states(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
}

static int all(uint32_t found, uint32_t wanted) { return (found & wanted) == wanted; }

/* The registers of AVX and AVX-512 may only be used where the operating system saves them, too. */
static const char *supported(void) {
    enum { AVX_STATE = 0x6, AVX512_STATE = 0xe6 };
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) ||
        !all(c, bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C | bit_POPCNT | bit_SSE4_2))
        return "v1";
    uint64_t states = extended_states();
    if ((states & AVX_STATE) != AVX_STATE) return "v1";
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !all(b, bit_AVX2 | bit_BMI | bit_BMI2)) return "v1";
    uint32_t wide = b, bytes = c;
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !all(c, bit_LZCNT)) return "v1";
    if ((states & AVX512_STATE) != AVX512_STATE ||
        !all(wide, bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL))
        return "v3 v1";
    return all(bytes, bit_AVX512VNNI) ? "vnni v4 v3 v1" : "v4 v3 v1";
}

#else

static const char *supported(void) { return "v1"; }

#endif

/* The names of the levels, best first, separated by spaces. */
EXPORT const char *swath_levels(void) { return supported(); }
