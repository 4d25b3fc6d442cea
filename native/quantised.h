/* Ruling pairs of rows out by products of bytes, which some machines multiply four times as fast as float32.
 *
 * A centred row x is scale * q + e, q of whole numbers from -127 to 127. Then x . y is within
 * |e| |y| + (|x| + |e|) |f| of the product of the whole numbers times both scales (f is what the other row lacks).
 * Pairs are ruled out with that much more margin, and those that are not are left to the float32 filter. */
#ifndef SWATH_QUANTISED_H
#define SWATH_QUANTISED_H

#include "filter.h"

#if defined(__AVX512VNNI__)

#include <immintrin.h>

#define QUANTISES

enum {
    BYTES = 4,             /* numbers that are multiplied at once in each lane */
    LARGEST_DEPTH = 65536, /* up to which sums of products of bytes fit into 32 bits */
};

typedef int32_t Integers __attribute__((vector_size(4 * LANES)));
typedef int8_t Narrow __attribute__((vector_size(LANES)));

/* What is known of some quantised rows, beside their bytes. */
typedef struct {
    int8_t *bytes;   /* (rows, in_lanes(depth)); columns lie in groups instead, see `quantise_columns` */
    float *scale;
    float *error;    /* |e|, or a little more */
    float *length;   /* |x|, or a little more */
    int32_t *offset; /* what makes up for the 128 that columns have too much */
} Quantised;

static inline void quantise(const float *centred, int64_t width, float norm, double slack, int8_t *bytes,
                            const Quantised *known, int64_t place) {
#pragma clang fp contract(fast) reassociate(on)
    Lanes largest = {0};
    for (int64_t j = 0; j < width; j += LANES)
        largest = __builtin_elementwise_max(largest, __builtin_elementwise_abs(lanes_at(centred + j)));
    float most = __builtin_reduce_max(largest);
    float length = __builtin_sqrtf(norm) * (float)(1.0 + slack) + 1e-18f;
    known->length[place] = length;
    if (most < 1e-15f) { /* too small for a reciprocal: all of it is error */
        memset(bytes, 0, (size_t)width);
        known->scale[place] = 0.0f;
        known->error[place] = length;
        known->offset[place] = 0;
        return;
    }
    float scale = most / 127.0f, reciprocal = 127.0f / most;
    Lanes squares = {0};
    Integers total = {0};
    for (int64_t j = 0; j < width; j += LANES) {
        Lanes numbers = lanes_at(centred + j);
        Lanes whole = __builtin_elementwise_roundeven(numbers * reciprocal);
        Lanes lack = numbers - whole * scale;
        squares += lack * lack;
        Integers integers = __builtin_convertvector(whole, Integers);
        total += integers;
        Narrow narrow = __builtin_convertvector(integers, Narrow);
        memcpy(bytes + j, &narrow, sizeof narrow);
    }
    float error = 0.0f;
    for (int l = 0; l < LANES; l++) error += squares[l];
    known->scale[place] = scale;
    known->error[place] = __builtin_sqrtf(error) * (float)(1.0 + slack) + 1e-18f;
    known->offset[place] = -128 * __builtin_reduce_add(total);
}

/* Bit l of masks[r]: whether the dot product of rows[r] and columns[l] may exceed row_limits[r] + column_limits[l].
 * The bytes of columns have 128 added, since one factor must not be negative. Returns all masks, or-ed. */
static inline uint32_t products_above(const Quantised *rows, int64_t row, int64_t width, const Quantised *columns,
                                      int64_t column, int64_t depth, const float *row_limits,
                                      const float *column_limits, uint16_t masks[ROWS]) {
#pragma clang fp contract(fast)
    const int8_t *bytes = rows->bytes + row * width;
    const int8_t *group = columns->bytes + column * width;
    __m512i sums[ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < ROWS; r++) sums[r] = _mm512_set1_epi32(rows->offset[row + r]);
    for (int64_t j = 0; j < depth; j += BYTES) {
        __m512i factors = _mm512_loadu_si512(group + j * LANES);
#pragma clang loop unroll(full)
        for (int r = 0; r < ROWS; r++) {
            int32_t four;
            memcpy(&four, bytes + r * width + j, sizeof four);
            sums[r] = _mm512_dpbusd_epi32(sums[r], factors, _mm512_set1_epi32(four));
        }
    }
    Lanes scale = lanes_at(columns->scale + column), error = lanes_at(columns->error + column);
    Lanes length = lanes_at(columns->length + column), limit = lanes_at(column_limits);
    uint32_t any = 0;
#pragma clang loop unroll(full)
    for (int r = 0; r < ROWS; r++) {
        Integers integers;
        memcpy(&integers, &sums[r], sizeof integers);
        Lanes product = __builtin_convertvector(integers, Lanes) * (scale * rows->scale[row + r]);
        Lanes margin = length * rows->error[row + r] + error * (rows->length[row + r] + rows->error[row + r]);
        Mask mask = __builtin_convertvector(product + margin > limit + row_limits[r], Mask);
        memcpy(&masks[r], &mask, sizeof masks[r]);
        any |= masks[r];
    }
    return any;
}

/* The same for a single row, in four sums, so that one need not wait for the other; returns its mask. */
static inline uint32_t products_of_one_above(const Quantised *rows, int64_t row, int64_t width,
                                             const Quantised *columns, int64_t column, int64_t depth, float row_limit,
                                             const float *column_limits) {
#pragma clang fp contract(fast)
    const int8_t *bytes = rows->bytes + row * width;
    const int8_t *group = columns->bytes + column * width;
    __m512i sums[4] = {_mm512_set1_epi32(rows->offset[row])};
    for (int64_t j = 0; j < depth; j += 4 * BYTES) { /* the width of rows is a multiple of that, the rest zeros */
#pragma clang loop unroll(full)
        for (int part = 0; part < 4; part++) {
            int32_t four;
            memcpy(&four, bytes + j + part * BYTES, sizeof four);
            __m512i factors = _mm512_loadu_si512(group + (j + part * BYTES) * LANES);
            sums[part] = _mm512_dpbusd_epi32(sums[part], factors, _mm512_set1_epi32(four));
        }
    }
    __m512i total = _mm512_add_epi32(_mm512_add_epi32(sums[0], sums[1]), _mm512_add_epi32(sums[2], sums[3]));
    Integers integers;
    memcpy(&integers, &total, sizeof integers);
    Lanes product = __builtin_convertvector(integers, Lanes) * (lanes_at(columns->scale + column) * rows->scale[row]);
    Lanes margin = lanes_at(columns->length + column) * rows->error[row] +
                   lanes_at(columns->error + column) * (rows->length[row] + rows->error[row]);
    Mask mask = __builtin_convertvector(product + margin > lanes_at(column_limits) + row_limit, Mask);
    uint16_t bits;
    memcpy(&bits, &mask, sizeof bits);
    return bits;
}

static int quantised_of(int64_t count, int64_t width, Quantised *made) {
    size_t numbers = (size_t)count;
    made->bytes = calloc(numbers * (size_t)width, 1);
    made->scale = calloc(numbers * 4, sizeof *made->scale);
    made->error = made->scale ? made->scale + count : NULL;
    made->length = made->scale ? made->scale + 2 * count : NULL;
    made->offset = calloc(numbers, sizeof *made->offset);
    return made->bytes && made->scale && made->offset;
}

static void free_quantised(Quantised *made) {
    free(made->bytes);
    free(made->scale);
    free(made->offset);
}

/* Quantise `count` centred rows as columns: side by side in groups of LANES, BYTES places of each at a time. */
static int quantise_columns(const float *centred, const float *norms, int64_t count, int64_t groups, int64_t width,
                            double slack, Quantised *columns) {
    if (!quantised_of(groups * LANES, width, columns)) return 0;
    int8_t *bytes = malloc((size_t)width);
    if (!bytes) return 0;
    for (int64_t p = 0; p < count; p++) {
        quantise(centred + p * width, width, norms[p], slack, bytes, columns, p);
        int8_t *column = columns->bytes + (p / LANES) * LANES * width + p % LANES * BYTES;
        for (int64_t j = 0; j < width; j++) column[j / BYTES * LANES * BYTES + j % BYTES] = (int8_t)(bytes[j] ^ -128);
    }
    free(bytes);
    return 1;
}

#endif

#endif
