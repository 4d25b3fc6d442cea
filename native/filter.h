/* Ruling pairs of rows out by float32 dot products, with a margin that covers every rounding on the way.
 *
 * `centred` rows are (raw - shift) * scale in float32, padded with zeros to a multiple of LANES. A pair cannot be
 * nearer than `nearest` unless its dot product exceeds the limits of both sides together (`row_limit`,
 * `column_limit`); `slack` bounds the relative error of the product, the norms and the centring. What is not ruled
 * out is measured exactly.
 *
 * Multiplications may be fused with additions here, and sums be taken in any order: the margin covers that, too. */
#ifndef SWATH_FILTER_H
#define SWATH_FILTER_H

#include "rows.h"

enum { LANES = 16 };

/* Rows of a tile: as many as have their sums in the registers of the machine. */
#if defined(__AVX512F__)
enum { ROWS = 12 };
#elif defined(__AVX2__) || defined(__aarch64__)
enum { ROWS = 6 };
#else
enum { ROWS = 2 };
#endif

typedef float Lanes __attribute__((vector_size(4 * LANES)));
typedef _Bool Mask __attribute__((ext_vector_type(LANES)));

static inline int64_t in_lanes(int64_t depth) { return (depth + LANES - 1) / LANES * LANES; }

static inline Lanes lanes_at(const float *numbers) {
    Lanes lanes;
    memcpy(&lanes, numbers, sizeof lanes);
    return lanes;
}

static inline float dot(const float *restrict a, const float *restrict b, int64_t width) {
#pragma clang fp contract(fast) reassociate(on)
    Lanes sums = {0};
    for (int64_t j = 0; j < width; j += LANES) sums += lanes_at(a + j) * lanes_at(b + j);
    float total = 0.0f;
    for (int l = 0; l < LANES; l++) total += sums[l];
    return total;
}

/* Bit l of masks[r]: whether rows[r] . columns[l] > row_limits[r] + column_limits[l], for ROWS rows, `width` numbers
 * apart, and a group of LANES columns, which lie side by side for each of `depth` places. Returns all masks, or-ed. */
static inline uint32_t dots_above(const float *restrict rows, int64_t width, const float *restrict columns,
                                  int64_t depth, const float *row_limits, const float *column_limits,
                                  uint16_t masks[ROWS]) {
#pragma clang fp contract(fast)
    Lanes sums[ROWS] = {0};
    for (int64_t j = 0; j < depth; j++) {
        Lanes column = lanes_at(columns + j * LANES);
#pragma clang loop unroll(full)
        for (int r = 0; r < ROWS; r++) sums[r] += column * rows[r * width + j];
    }
    Lanes column_limit = lanes_at(column_limits);
    uint32_t any = 0;
#pragma clang loop unroll(full)
    for (int r = 0; r < ROWS; r++) {
        Mask mask = __builtin_convertvector(sums[r] > column_limit + row_limits[r], Mask);
        memcpy(&masks[r], &mask, sizeof masks[r]);
        any |= masks[r];
    }
    return any;
}

/* The same for a single row, in four sums, so that one need not wait for the other; returns its mask. */
static inline uint32_t dots_of_one_above(const float *restrict row, const float *restrict columns, int64_t depth,
                                         float row_limit, const float *column_limits) {
#pragma clang fp contract(fast)
    Lanes sums[4] = {0};
    int64_t j = 0;
    for (; j + 4 <= depth; j += 4) {
#pragma clang loop unroll(full)
        for (int part = 0; part < 4; part++) sums[part] += lanes_at(columns + (j + part) * LANES) * row[j + part];
    }
    for (; j < depth; j++) sums[0] += lanes_at(columns + j * LANES) * row[j];
    Lanes dots = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    Mask mask = __builtin_convertvector(dots > lanes_at(column_limits) + row_limit, Mask);
    uint16_t bits;
    memcpy(&bits, &mask, sizeof bits);
    return bits;
}

/* Lay `count` centred rows side by side in groups of LANES, as `columns` (groups * LANES * depth) are wanted. */
static inline void lay_columns(const float *centred, int64_t count, int64_t depth, float *columns) {
    int64_t width = in_lanes(depth), groups = (count + LANES - 1) / LANES;
    memset(columns, 0, (size_t)(groups * LANES * depth) * sizeof *columns);
    for (int64_t p = 0; p < count; p++) {
        float *column = columns + (p / LANES) * LANES * depth + p % LANES;
        for (int64_t j = 0; j < depth; j++) column[j * LANES] = centred[p * width + j];
    }
}

static inline float row_limit(double norm, double nearest, double slack) {
    return (float)(0.5 * (norm - nearest) - slack * (norm + nearest) - 1e-30);
}

static inline float column_limit(double norm, double slack) { return (float)(0.5 * norm - slack * norm); }

/* How stored rows become centred ones. */
typedef struct {
    Rows rows;
    const float *shift;
    float scale;
    double slack;
    double squared_scale;
    int64_t depth, padded, width; /* of stored, raw and centred rows */
} Space;

static inline Space space_of(const void *source, int64_t half, int64_t depth, const float *shift, float scale,
                             double slack) {
    return (Space){.rows = rows_at(source, half, depth),
                   .shift = shift,
                   .scale = scale,
                   .slack = slack,
                   .squared_scale = (double)scale * (double)scale,
                   .depth = depth,
                   .padded = padded(depth),
                   .width = in_lanes(depth)};
}

/* Read a row as `raw` and `centred` one; what pads them must be zero already. */
static inline void load_centred(const Space *space, int64_t row, float *restrict raw, float *restrict centred) {
    load_row(space->rows, row, raw);
    for (int64_t j = 0; j < space->depth; j++) centred[j] = (raw[j] - space->shift[j]) * space->scale;
}

#endif
