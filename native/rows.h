/* Rows as somebody stored them (float32 or float16, at any address), and exact distances between rows of float32.
 *
 * A `raw` row is a float32 copy of a stored one, padded with zeros to a multiple of LANES_OF_SUMS. An exact distance
 * is a float64 sum over two raw rows in the order of `distances.squared_distances`: eight partial sums, folded. */
#ifndef SWATH_ROWS_H
#define SWATH_ROWS_H

#include "swath.h"

#include <string.h>

enum { LANES_OF_SUMS = 8 };

typedef struct {
    const unsigned char *numbers;
    int64_t half; /* whether they are float16 */
    int64_t depth;
} Rows;

static inline Rows rows_at(const void *numbers, int64_t half, int64_t depth) {
    return (Rows){.numbers = numbers, .half = half, .depth = depth};
}

static inline int64_t padded(int64_t depth) { return (depth + LANES_OF_SUMS - 1) / LANES_OF_SUMS * LANES_OF_SUMS; }

#if defined(__F16C__) || defined(__aarch64__)

typedef _Float16 Halves __attribute__((vector_size(2 * LANES_OF_SUMS)));
typedef float Singles __attribute__((vector_size(4 * LANES_OF_SUMS)));

static inline int64_t load_halves(const unsigned char *from, int64_t depth, float *restrict raw) {
    int64_t whole = depth / LANES_OF_SUMS * LANES_OF_SUMS;
    for (int64_t j = 0; j < whole; j += LANES_OF_SUMS) {
        Halves halves;
        memcpy(&halves, from + 2 * j, sizeof halves);
        Singles singles = __builtin_convertvector(halves, Singles);
        memcpy(raw + j, &singles, sizeof singles);
    }
    return whole;
}

#else

static inline int64_t load_halves(const unsigned char *from, int64_t depth, float *restrict raw) {
    (void)from, (void)depth, (void)raw;
    return 0;
}

#endif

/* Half-precision bits moved to where single precision has them are too small by 2^112, subnormal numbers too. */
static inline float half_to_single(uint16_t half) {
    uint32_t bits = ((uint32_t)(half & 0x7fff) << 13) | ((uint32_t)(half & 0x8000) << 16);
    float single;
    memcpy(&single, &bits, sizeof single);
    return single * 0x1p112f;
}

/* Copy a row into `raw`, the first `depth` numbers of it. */
static inline void load_row(Rows rows, int64_t row, float *restrict raw) {
    if (!rows.half) {
        memcpy(raw, rows.numbers + row * rows.depth * 4, (size_t)rows.depth * 4);
        return;
    }
    const unsigned char *from = rows.numbers + row * rows.depth * 2;
    for (int64_t j = load_halves(from, rows.depth, raw); j < rows.depth; j++) {
        uint16_t half;
        memcpy(&half, from + 2 * j, sizeof half);
        raw[j] = half_to_single(half);
    }
}

typedef double Sums __attribute__((vector_size(8 * LANES_OF_SUMS)));
typedef float Part __attribute__((vector_size(4 * LANES_OF_SUMS), aligned(4)));

static inline double folded(Sums s) {
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static inline Part part_at(const float *numbers) {
    Part part;
    memcpy(&part, numbers, sizeof part);
    return part;
}

/* The exact squared distance of two raw rows of `width` numbers, padding included. */
static inline double exact_distance(const float *a, const float *b, int64_t width) {
    Sums sums = {0};
    for (int64_t j = 0; j < width; j += LANES_OF_SUMS) {
        Sums difference = __builtin_convertvector(part_at(a + j), Sums) - __builtin_convertvector(part_at(b + j), Sums);
        sums += difference * difference;
    }
    return folded(sums);
}

#endif
