/* What a unit of several rows gains, and greedy picking among the few best units. */
#include "aggregates.h"
#include "filter.h"
#include "quantised.h"

#include <math.h>
#include <stdlib.h>

static int64_t largest_unit(const int64_t *starts, int64_t low, int64_t high) {
    int64_t largest = 1;
    for (int64_t u = low; u < high; u++) {
        int64_t size = starts[u + 1] - starts[u];
        largest = size > largest ? size : largest;
    }
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

/* The rows of a shortlist, as the filter wants them. A limit of infinity says that a row cannot get lower, or that it
 * does not matter any more whether it does. */
typedef struct {
    const float *raw, *centred, *norms;
    int64_t count, groups;
    double *nearest;
    float *limits;        /* (groups * LANES,) */
    int32_t *unit_of_row; /* (count,) */
    int32_t *open;        /* (groups,): how many limits are finite */
#if defined(QUANTISES)
    Quantised rows, columns;
#else
    float *columns;
#endif
} Candidates;

static void free_candidates(Candidates *candidates) {
    free(candidates->limits);
    free(candidates->unit_of_row);
    free(candidates->open);
#if defined(QUANTISES)
    free_quantised(&candidates->rows);
    free_quantised(&candidates->columns);
#else
    free(candidates->columns);
#endif
}

static int lay_candidates(const Space *space, Candidates *candidates) {
    int64_t count = candidates->count, groups = candidates->groups;
#if defined(QUANTISES)
    if (!quantised_of(count, space->width, &candidates->rows)) return 0;
    for (int64_t i = 0; i < count; i++)
        quantise(candidates->centred + i * space->width, space->width, candidates->norms[i], space->slack,
                 candidates->rows.bytes + i * space->width, &candidates->rows, i);
    return quantise_columns(candidates->centred, candidates->norms, count, groups, space->width, space->slack,
                            &candidates->columns);
#else
    candidates->columns = malloc((size_t)(groups * LANES * space->depth) * sizeof *candidates->columns);
    if (candidates->columns) lay_columns(candidates->centred, count, space->depth, candidates->columns);
    return candidates->columns != NULL;
#endif
}

static int candidates_of(const Space *space, const int64_t *starts, int64_t units, Candidates *candidates) {
    int64_t places = candidates->groups * LANES;
    candidates->limits = malloc((size_t)places * sizeof *candidates->limits);
    candidates->unit_of_row = calloc((size_t)places, sizeof *candidates->unit_of_row);
    candidates->open = calloc((size_t)candidates->groups, sizeof *candidates->open);
    if (!candidates->limits || !candidates->unit_of_row || !candidates->open) return 0;
    for (int64_t i = 0; i < places; i++) candidates->limits[i] = INFINITY;
    for (int64_t u = 0; u < units; u++)
        for (int64_t i = starts[u]; i < starts[u + 1]; i++) candidates->unit_of_row[i] = (int32_t)u;
    for (int64_t i = 0; i < candidates->count; i++) {
        if (candidates->nearest[i] <= 0.0) continue;
        candidates->limits[i] =
            row_limit(candidates->norms[i], candidates->nearest[i] * space->squared_scale, space->slack);
        candidates->open[i / LANES]++;
    }
    return lay_candidates(space, candidates);
}

static void close_rows(Candidates *candidates, int64_t low, int64_t high) {
    for (int64_t i = low; i < high; i++) {
        if (candidates->limits[i] == INFINITY) continue;
        candidates->limits[i] = INFINITY;
        candidates->open[i / LANES]--;
    }
}

static inline uint32_t near_to(const Space *space, const Candidates *candidates, int64_t row, int64_t group,
                               float limit) {
    const float *limits = candidates->limits + group * LANES;
#if defined(QUANTISES)
    if (space->depth <= LARGEST_DEPTH)
        return products_of_one_above(&candidates->rows, row, space->width, &candidates->columns, group * LANES,
                                     space->depth, limit, limits);
    uint32_t finite = 0; /* all that are open pass: `lower_candidates` looks at them one by one */
    for (int l = 0; l < LANES; l++) finite |= (uint32_t)(limits[l] < INFINITY) << l;
    return finite;
#else
    return dots_of_one_above(candidates->centred + row * space->width,
                             candidates->columns + group * LANES * space->depth, space->depth, limit, limits);
#endif
}

/* Lower `nearest` of the candidates to their distance to `row`, one of them; `lowered` gets a 1 for each unit that has
 * a row which got lower. */
static void lower_candidates(const Space *space, Candidates *candidates, int64_t row, uint8_t *lowered) {
    const float *own = candidates->centred + row * space->width;
    float own_limit = column_limit(candidates->norms[row], space->slack);
    for (int64_t group = 0; group < candidates->groups; group++) {
        if (!candidates->open[group]) continue;
        for (uint32_t mask = near_to(space, candidates, row, group, own_limit); mask; mask &= mask - 1) {
            int64_t i = group * LANES + __builtin_ctz(mask);
            if (dot(candidates->centred + i * space->width, own, space->width) <= candidates->limits[i] + own_limit)
                continue;
            double distance = exact_distance(candidates->raw + i * space->padded,
                                             candidates->raw + row * space->padded, space->padded);
            if (distance >= candidates->nearest[i]) continue;
            candidates->nearest[i] = distance;
            lowered[candidates->unit_of_row[i]] = 1;
            if (distance > 0.0)
                candidates->limits[i] =
                    row_limit(candidates->norms[i], distance * space->squared_scale, space->slack);
            else
                close_rows(candidates, i, i + 1);
        }
    }
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
    Candidates candidates = {.raw = raw, .centred = centred, .norms = norms, .count = starts[units],
                             .groups = (starts[units] + LANES - 1) / LANES, .nearest = nearest};
    double *values = malloc((size_t)largest_unit(starts, 0, units) * sizeof *values);
    uint8_t *lowered = calloc((size_t)units + 1, sizeof *lowered);
    int64_t taken = NO_MEMORY, rows_taken = 0;
    if (!values || !lowered || !candidates_of(&space, starts, units, &candidates)) goto done;
    for (taken = 0; taken < at_most;) {
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
        close_rows(&candidates, starts[best], starts[best + 1]);
        for (int64_t c = starts[best]; c < starts[best + 1]; c++) lower_candidates(&space, &candidates, c, lowered);
        for (int64_t u = 0; u < units; u++) {
            if (!lowered[u]) continue;
            lowered[u] = 0;
            int64_t count = starts[u + 1] - starts[u];
            memcpy(values, nearest + starts[u], (size_t)count * sizeof *values);
            gains[u] = aggregate_of(aggregate, values, count);
            /* What is behind the bound is no pick of this round any more. */
            if (gains[u] < bound_gain) close_rows(&candidates, starts[u], starts[u + 1]);
        }
    }
done:
    free_candidates(&candidates);
    free(lowered);
    free(values);
    return taken;
}
