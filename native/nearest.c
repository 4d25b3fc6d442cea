/* The distance of every row to the nearest selected one, brought up to date with a batch of newly selected rows.
 *
 * `nearest` (N) float64 holds exact squared distances, `owner` (N) int32 the number of the selected row that is
 * nearest. Each call works on rows [low, high) only, so calls for different rows may run at once. */
#include "filter.h"
#include "quantised.h"

#include <stdlib.h>

enum {
    /* Numbers of a tile of rows that stays in the level-2 cache while a batch passes over it (128 KB). */
    TILE_NUMBERS = 1 << 15
};

/* Gather `count` rows as raw (count, padded) and centred ones (count, width), zeros where they are padded, with the
 * squared norms of the latter. */
EXPORT int64_t KERNEL(gather_rows)(const void *source, int64_t half, int64_t depth, const int64_t *members,
                                   int64_t count, const float *shift, float scale, float *raw, float *centred,
                                   float *norms) {
    Space space = space_of(source, half, depth, shift, scale, 0.0);
    memset(raw, 0, (size_t)(count * space.padded) * sizeof *raw);
    memset(centred, 0, (size_t)(count * space.width) * sizeof *centred);
    for (int64_t k = 0; k < count; k++) {
        float *own = centred + k * space.width;
        load_centred(&space, members[k], raw + k * space.padded, own);
        norms[k] = dot(own, own, space.width);
    }
    return 0;
}

/* Squared norms of rows [low, high), centred. */
EXPORT int64_t KERNEL(norms_of_rows)(const void *source, int64_t half, int64_t depth, int64_t low, int64_t high,
                                     const float *shift, float scale, float *norms) {
    Space space = space_of(source, half, depth, shift, scale, 0.0);
    float *raw = calloc((size_t)(space.padded + space.width), sizeof *raw);
    if (!raw) return NO_MEMORY;
    float *centred = raw + space.padded;
    for (int64_t i = low; i < high; i++) {
        load_centred(&space, i, raw, centred);
        norms[i] = dot(centred, centred, space.width);
    }
    free(raw);
    return 0;
}

/* Lay `count` centred rows side by side, as the filter wants the rows of a batch. */
EXPORT int64_t KERNEL(group_columns)(const float *centred, int64_t count, int64_t depth, float *columns) {
    lay_columns(centred, count, depth, columns);
    return 0;
}

/* Rows over which a batch passes, read once. */
typedef struct {
    int64_t rows, filled;
    float *raw, *centred, *limits;
    int64_t *members;
} Tile;

static int tile_of(const Space *space, Tile *tile) {
    int64_t rows = TILE_NUMBERS / space->width / ROWS * ROWS;
    *tile = (Tile){.rows = rows < ROWS ? ROWS : rows};
    tile->raw = calloc((size_t)(tile->rows * space->padded), sizeof *tile->raw);
    tile->centred = calloc((size_t)(tile->rows * space->width), sizeof *tile->centred);
    tile->limits = calloc((size_t)tile->rows, sizeof *tile->limits);
    tile->members = calloc((size_t)tile->rows, sizeof *tile->members);
    return tile->raw && tile->centred && tile->limits && tile->members;
}

static void free_tile(Tile *tile) {
    free(tile->raw);
    free(tile->centred);
    free(tile->limits);
    free(tile->members);
}

/* Read the next rows from `i` that can get lower; returns the one after them. */
static int64_t fill_tile(const Space *space, Tile *tile, int64_t i, int64_t high, const float *norms,
                         const double *nearest) {
    for (tile->filled = 0; i < high && tile->filled < tile->rows; i++) {
        if (nearest[i] <= 0.0) continue;
        int64_t k = tile->filled++;
        tile->members[k] = i;
        load_centred(space, i, tile->raw + k * space->padded, tile->centred + k * space->width);
        tile->limits[k] = row_limit(norms[i], nearest[i] * space->squared_scale, space->slack);
    }
    return i;
}

typedef struct {
    const float *raw, *centred, *columns, *limits;
    int64_t groups;
    int64_t first_owner;
} Batch;

/* Measure what the filter lets pass: columns of `group` with a bit in the masks of rows from `r` of the tile. */
static inline void measure(const Space *space, Tile *tile, const Batch *batch, int64_t group, int64_t r,
                           const uint16_t masks[ROWS], const float *norms, double *nearest, int32_t *owner) {
    for (int64_t k = r; k < r + ROWS && k < tile->filled; k++) {
        int64_t row = tile->members[k];
        for (uint32_t mask = masks[k - r]; mask; mask &= mask - 1) {
            int64_t p = group * LANES + __builtin_ctz(mask);
            if (dot(tile->centred + k * space->width, batch->centred + p * space->width, space->width) <=
                tile->limits[k] + batch->limits[p])
                continue;
            double distance =
                exact_distance(tile->raw + k * space->padded, batch->raw + p * space->padded, space->padded);
            if (distance < nearest[row]) {
                nearest[row] = distance;
                owner[row] = (int32_t)(batch->first_owner + p);
                tile->limits[k] = row_limit(norms[row], distance * space->squared_scale, space->slack);
            }
        }
    }
}

static void lower_tile(const Space *space, Tile *tile, const Batch *batch, const float *norms, double *nearest,
                       int32_t *owner) {
    for (int64_t group = 0; group < batch->groups; group++) {
        for (int64_t r = 0; r < tile->filled; r += ROWS) {
            uint16_t masks[ROWS];
            if (dots_above(tile->centred + r * space->width, space->width,
                           batch->columns + group * LANES * space->depth, space->depth, tile->limits + r,
                           batch->limits + group * LANES, masks))
                measure(space, tile, batch, group, r, masks, norms, nearest, owner);
        }
    }
}

#if defined(QUANTISES)

/* The same by products of bytes; returns how many pairs these let pass. */
static int64_t lower_quantised_tile(const Space *space, Tile *tile, const Batch *batch, const Quantised *rows,
                                    const Quantised *columns, const float *norms, double *nearest, int32_t *owner) {
    int64_t passed = 0;
    for (int64_t k = 0; k < tile->filled; k++)
        quantise(tile->centred + k * space->width, space->width, norms[tile->members[k]], space->slack,
                 rows->bytes + k * space->width, rows, k);
    for (int64_t group = 0; group < batch->groups; group++) {
        for (int64_t r = 0; r < tile->filled; r += ROWS) {
            uint16_t masks[ROWS];
            if (!products_above(rows, r, space->width, columns, group * LANES, space->depth, tile->limits + r,
                                batch->limits + group * LANES, masks))
                continue;
            for (int64_t k = 0; k < ROWS && r + k < tile->filled; k++) passed += __builtin_popcount(masks[k]);
            measure(space, tile, batch, group, r, masks, norms, nearest, owner);
        }
    }
    return passed;
}

/* Bytes do not pay where they let more than this share of the pairs pass. */
#define MOST_PASSED 0.1

static int64_t lower_rows(const Space *space, Tile *tile, const Batch *batch, int64_t count, int64_t low, int64_t high,
                          const float *norms, const float *batch_norms, double *nearest, int32_t *owner) {
    Quantised rows = {0}, columns = {0};
    int fine = quantised_of(tile->rows, space->width, &rows) &&
               quantise_columns(batch->centred, batch_norms, count, batch->groups, space->width, space->slack,
                                &columns);
    double passed = 0.0, tested = 0.0;
    for (int64_t i = low; fine && i < high;) {
        i = fill_tile(space, tile, i, high, norms, nearest);
        if (space->depth > LARGEST_DEPTH || passed > tested * MOST_PASSED) {
            lower_tile(space, tile, batch, norms, nearest, owner);
            continue;
        }
        passed += (double)lower_quantised_tile(space, tile, batch, &rows, &columns, norms, nearest, owner);
        tested += (double)(tile->filled * count);
    }
    free_quantised(&rows);
    free_quantised(&columns);
    return fine ? 0 : NO_MEMORY;
}

#else

static int64_t lower_rows(const Space *space, Tile *tile, const Batch *batch, int64_t count, int64_t low, int64_t high,
                          const float *norms, const float *batch_norms, double *nearest, int32_t *owner) {
    (void)count, (void)batch_norms;
    for (int64_t i = low; i < high;) {
        i = fill_tile(space, tile, i, high, norms, nearest);
        lower_tile(space, tile, batch, norms, nearest, owner);
    }
    return 0;
}

#endif

/* Lower `nearest` to the distances to the `count` rows of a batch, filtering every pair. `owner` becomes `first_owner`
 * plus the number in the batch of the row that is nearest. */
EXPORT int64_t KERNEL(lower_all)(const void *source, int64_t half, int64_t depth, int64_t low, int64_t high,
                                 const float *shift, float scale, double slack, const float *norms,
                                 const float *batch_raw, const float *batch_centred, const float *batch_columns,
                                 const float *batch_norms, const float *batch_limits, int64_t count,
                                 int64_t first_owner, double *nearest, int32_t *owner) {
    Space space = space_of(source, half, depth, shift, scale, slack);
    Batch batch = {.raw = batch_raw,
                   .centred = batch_centred,
                   .columns = batch_columns,
                   .limits = batch_limits,
                   .groups = (count + LANES - 1) / LANES,
                   .first_owner = first_owner};
    Tile tile;
    int64_t result = NO_MEMORY;
    if (tile_of(&space, &tile))
        result = lower_rows(&space, &tile, &batch, count, low, high, norms, batch_norms, nearest, owner);
    free_tile(&tile);
    return result;
}

/* For every owner the largest `nearest`, and the number of rows it owns that may still get closer to something. */
EXPORT int64_t KERNEL(reach_of_owners)(const double *nearest, const int32_t *owner, int64_t count, double *reach,
                                       int64_t *sizes) {
    for (int64_t i = 0; i < count; i++) {
        if (nearest[i] <= 0.0) continue;
        int32_t a = owner[i];
        sizes[a]++;
        if (nearest[i] > reach[a]) reach[a] = nearest[i];
    }
    return 0;
}

/* For owners [low, high): which rows of the batch may come closer to a row they own than they are themselves.
 *
 * By the triangle inequality a row at distance r from its owner cannot be nearer than r to anything that is 2 r or more
 * away from the owner. `bounds` gets a lower bound of a quarter of the squared distance between owner and batch row,
 * scaled like the rows, to be compared with r^2. A count of -1 says that there were more than `room`. */
EXPORT int64_t KERNEL(neighbours_of_owners)(int64_t low, int64_t high, int64_t depth, float scale, double slack,
                                            const float *owners, const float *owner_norms, const double *reach,
                                            const float *batch_centred, const float *batch_columns,
                                            const float *batch_norms, const float *batch_limits, int64_t batch_size,
                                            int64_t room, uint16_t *neighbours, float *bounds, int32_t *counts) {
    Space space = space_of(NULL, 0, depth, NULL, scale, slack);
    float *tile = calloc((size_t)(ROWS * space.width), sizeof *tile);
    if (!tile) return NO_MEMORY;
    for (int64_t a = low; a < high;) {
        float limits[ROWS] = {0};
        int64_t members[ROWS];
        int64_t filled = 0;
        for (; a < high && filled < ROWS; a++) {
            counts[a] = 0;
            if (reach[a] <= 0.0) continue;
            members[filled] = a;
            memcpy(tile + filled * space.width, owners + a * space.width, (size_t)space.width * sizeof *tile);
            limits[filled] = row_limit(owner_norms[a], 4.0 * reach[a] * space.squared_scale, slack);
            filled++;
        }
        for (int64_t group = 0; filled && group * LANES < batch_size; group++) {
            uint16_t masks[ROWS];
            if (!dots_above(tile, space.width, batch_columns + group * LANES * depth, depth, limits,
                            batch_limits + group * LANES, masks))
                continue;
            for (int64_t k = 0; k < filled; k++) {
                int64_t member = members[k];
                for (uint32_t mask = masks[k]; mask && counts[member] >= 0; mask &= mask - 1) {
                    int64_t p = group * LANES + __builtin_ctz(mask);
                    if (p >= batch_size) break;
                    if (counts[member] == room) {
                        counts[member] = -1;
                        break;
                    }
                    double both = (double)owner_norms[member] + (double)batch_norms[p];
                    double product = dot(tile + k * space.width, batch_centred + p * space.width, space.width);
                    int64_t place = member * room + counts[member]++;
                    neighbours[place] = (uint16_t)p;
                    bounds[place] = (float)(0.25 * (1.0 - 1e-6) * (both - 2.0 * product - 2.0 * slack * both));
                }
            }
        }
    }
    free(tile);
    return 0;
}

/* Like `lower_all`, but a row is compared with the neighbours of its owner only; most rows are not even read. */
EXPORT int64_t KERNEL(lower_near)(const void *source, int64_t half, int64_t depth, int64_t low, int64_t high,
                                  const float *shift, float scale, double slack, const float *norms,
                                  const float *batch_raw, const float *batch_centred, const float *batch_limits,
                                  int64_t batch_size, int64_t first_owner, int64_t room, const uint16_t *neighbours,
                                  const float *bounds, const int32_t *counts, double *nearest, int32_t *owner) {
    Space space = space_of(source, half, depth, shift, scale, slack);
    float *raw = calloc((size_t)(space.padded + space.width), sizeof *raw);
    if (!raw) return NO_MEMORY;
    float *centred = raw + space.padded;
    for (int64_t i = low; i < high; i++) {
        double before = nearest[i];
        int64_t a = owner[i];
        int32_t count = counts[a];
        if (before <= 0.0 || count == 0) continue;
        double reach = before * space.squared_scale;
        float limit = 0.0f;
        int loaded = 0;
        for (int64_t k = 0; k < (count > 0 ? count : batch_size); k++) {
            int64_t p = k;
            if (count > 0) {
                if (bounds[a * room + k] >= reach) continue;
                p = neighbours[a * room + k];
            }
            if (!loaded) {
                load_centred(&space, i, raw, centred);
                limit = row_limit(norms[i], reach, slack);
                loaded = 1;
            }
            if (dot(centred, batch_centred + p * space.width, space.width) <= limit + batch_limits[p]) continue;
            double distance = exact_distance(raw, batch_raw + p * space.padded, space.padded);
            if (distance < nearest[i]) {
                nearest[i] = distance;
                owner[i] = (int32_t)(first_owner + p);
                limit = row_limit(norms[i], distance * space.squared_scale, slack);
            }
        }
    }
    free(raw);
    return 0;
}
