/* What a unit of several rows gains, and greedy picking among the few best units. */
#include "filter.h"

#include <stdlib.h>

/* How a unit's gain follows from the squared distances of its rows; the numbers are those of kernels.py. */
enum { MEAN = 0, MAXIMUM = 1, SUM = 2 };

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Values are added from the smallest up, so that the order of rows does not matter. Uses `values` up. */
static double aggregate_of(int64_t aggregate, double *values, int64_t count) {
    if (count == 1) return values[0];
    if (aggregate == MAXIMUM) {
        double largest = values[0];
        for (int64_t k = 1; k < count; k++) largest = values[k] > largest ? values[k] : largest;
        return largest;
    }
    qsort(values, (size_t)count, sizeof *values, by_size);
    double total = 0.0;
    for (int64_t k = 0; k < count; k++) total += values[k];
    return aggregate == SUM ? total : total / (double)count;
}

static int64_t largest_unit(const int64_t *starts, int64_t low, int64_t high) {
    int64_t largest = 1;
    for (int64_t u = low; u < high; u++) largest = starts[u + 1] - starts[u] > largest ? starts[u + 1] - starts[u] : largest;
    return largest;
}

/* Gains of units [low, high) that are still candidates, from `nearest` of their rows: those of unit u are
 * rows[starts[u]] to rows[starts[u + 1] - 1]. A gain below 0 is that of a unit that is no candidate. */
EXPORT int64_t KERNEL(gains_of_units)(int64_t aggregate, const int64_t *starts, const int64_t *rows, int64_t low,
                                      int64_t high, const double *nearest, double *gains) {
    double *values = malloc((size_t)largest_unit(starts, low, high) * sizeof *values);
    if (!values) return NO_MEMORY;
    for (int64_t u = low; u < high; u++) {
        if (gains[u] < 0.0) continue;
        for (int64_t k = starts[u]; k < starts[u + 1]; k++) values[k - starts[u]] = nearest[rows[k]];
        gains[u] = aggregate_of(aggregate, values, starts[u + 1] - starts[u]);
    }
    free(values);
    return 0;
}

static int64_t place_of_largest(const double *gains, int64_t count) {
    int64_t best = 0;
    for (int64_t u = 1; u < count; u++) best = gains[u] > gains[best] ? u : best;
    return best;
}

/* Greedy among `units` units, sorted by rank, until one that is not among them might be better.
 *
 * Unit u has rows starts[u] to starts[u + 1] - 1 of `raw`, `centred`, `norms` and `nearest`. The first pick takes place
 * whatever the bound and its number of rows. Returns how many were picked. `nearest` and `gains` are used up. */
EXPORT int64_t KERNEL(pick_among)(int64_t aggregate, const float *raw, const float *centred, const float *norms,
                                  int64_t depth, float scale, double slack, const int64_t *starts, double *nearest,
                                  double *gains, const int64_t *ranks, int64_t units, double bound_gain,
                                  int64_t bound_rank, double lowest_gain, int64_t at_most_rows, int64_t at_most,
                                  int64_t *picks, double *picked_gains) {
    Space space = space_of(NULL, 0, depth, NULL, scale, slack);
    double *values = malloc((size_t)largest_unit(starts, 0, units) * sizeof *values);
    if (!values) return NO_MEMORY;
    int64_t taken = 0, rows_taken = 0;
    while (taken < at_most) {
        int64_t best = place_of_largest(gains, units);
        double gain = gains[best];
        if (gain < 0.0 || gain < lowest_gain) break;
        int64_t size = starts[best + 1] - starts[best];
        int behind = gain < bound_gain || (gain == bound_gain && ranks[best] > bound_rank);
        if (taken > 0 && (behind || rows_taken + size > at_most_rows)) break;
        picks[taken] = best;
        picked_gains[taken] = gain;
        taken++;
        rows_taken += size;
        gains[best] = -1.0;
        for (int64_t u = 0; u < units; u++) {
            if (gains[u] < bound_gain || gains[u] <= 0.0) continue; /* no pick of this round, or cannot get lower */
            int lowered = 0;
            for (int64_t i = starts[u]; i < starts[u + 1]; i++) {
                if (nearest[i] <= 0.0) continue;
                float limit = row_limit(norms[i], nearest[i] * space.squared_scale, slack);
                for (int64_t c = starts[best]; c < starts[best + 1]; c++) {
                    if (dot(centred + i * space.width, centred + c * space.width, space.width) <=
                        limit + column_limit(norms[c], slack))
                        continue;
                    double distance = exact_distance(raw + i * space.padded, raw + c * space.padded, space.padded);
                    if (distance < nearest[i]) {
                        nearest[i] = distance;
                        lowered = 1;
                        limit = row_limit(norms[i], distance * space.squared_scale, slack);
                    }
                }
            }
            if (lowered) {
                int64_t count = starts[u + 1] - starts[u];
                memcpy(values, nearest + starts[u], (size_t)count * sizeof *values);
                gains[u] = aggregate_of(aggregate, values, count);
            }
        }
    }
    free(values);
    return taken;
}
