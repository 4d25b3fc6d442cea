/* Exact distances of many rows to one point or to one another, and rows read as float32. */
#include "rows.h"

#include <stdlib.h>

/* Copy rows [low, high) into `raw` (high - low, width), whose padding is left as it is. */
EXPORT int64_t KERNEL(load_rows)(const void *source, int64_t half, int64_t depth, int64_t low, int64_t high,
                                 int64_t width, float *raw) {
    Rows rows = rows_at(source, half, depth);
    for (int64_t i = low; i < high; i++) load_row(rows, i, raw + (i - low) * width);
    return 0;
}

/* Exact squared distances `out` of rows [low, high) to `point`, float64, padded with zeros. */
EXPORT int64_t KERNEL(distances_to_point)(const void *source, int64_t half, int64_t depth, int64_t low, int64_t high,
                                          const double *point, double *out) {
    Rows rows = rows_at(source, half, depth);
    int64_t width = padded(depth);
    float *raw = calloc((size_t)width, sizeof *raw);
    if (!raw) return NO_MEMORY;
    for (int64_t i = low; i < high; i++) {
        load_row(rows, i, raw);
        Sums sums = {0};
        for (int64_t j = 0; j < width; j += LANES_OF_SUMS) {
            Sums place;
            memcpy(&place, point + j, sizeof place);
            Sums difference = __builtin_convertvector(part_at(raw + j), Sums) - place;
            sums += difference * difference;
        }
        out[i] = folded(sums);
    }
    free(raw);
    return 0;
}
