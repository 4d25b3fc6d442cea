/* The nearest rows of many rows, and the cells that spare most of the search.
 *
 * Rows are searched in cells: groups of rows around a centre. A block of queries meets the rows of a cell in tiles that
 * stay in the cache, some rows x 16 queries of dot products at once: of bytes where the machine multiplies those
 * faster, then, where bytes let many pairs pass, of float32. Products only rule pairs out, with a margin that covers
 * every rounding on the way; whatever may be near enough is measured in float64. What is kept is the least by
 * (distance, place), so neither cells nor instruction sets decide, unless the number of cells a query may visit is
 * limited: which cells are nearest is said in float32.
 *
 * A place is a number in the order that rows are looked at in; `order` says which stored row has it. Two kinds of
 * numbers: `raw` rows are float32 copies of stored ones, padded with zeros to a multiple of 8; `centred` rows are
 * (raw - shift) * scale. Scaled squared distances are compared with centred dot products. */
#include "filter.h"
#include "quantised.h"

#include <math.h>
#include <stdlib.h>

enum {
    CENTRES = 6,            /* that are multiplied at once */
    TILE_NUMBERS = 1 << 15, /* of the tile of rows that a block of queries passes over: 128 KB, twice */
    TILE_ROWS = 512,        /* at most */
    FEW = 16,               /* pairs of ROWS x LANES that are measured sooner than multiplied in float32 */
    WAITING = 32,           /* pairs that are measured together: so long has memory to deliver the rows */
    CACHE_LINE = 64,
};

typedef int32_t LaneInts __attribute__((vector_size(4 * LANES)));

/* Rows that lie in two matrices, one after the other, in the given order. */
typedef struct {
    Rows first, second;
    int64_t first_count, depth;
    const int32_t *order;
} Matrix;

/* How to get from raw to centred numbers, and the margin of the filter. */
typedef struct {
    const float *shift;
    float scale;
    double slack;
} Frame;

typedef struct {
    int64_t count;         /* of queries */
    int64_t groups;        /* of LANES queries each, the last one padded */
    float *raw;            /* (groups * LANES, width) */
    float *centred;        /* (groups * LANES, width in lanes) */
    float *columns;        /* (groups, depth, LANES), centred */
    float *norms;          /* (groups * LANES,) of centred rows, squared */
    float *limits;         /* (groups * LANES,): a dot product must exceed this plus the limit of the row */
} Block;

/* The nearest rows found so far of one query: a heap with the worst on top. */
typedef struct {
    double *distances;
    int32_t *rows;
    int64_t count;
} Nearest;

static int64_t up_to_multiple(int64_t count, int64_t step) { return (count + step - 1) / step * step; }

static void *aligned(int64_t numbers, size_t size) {
    size_t bytes = (numbers > 0 ? (size_t)numbers : 1) * size;
    return aligned_alloc(CACHE_LINE, (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE);
}

static void load(const Matrix *matrix, int64_t place, float *raw) {
    int64_t row = matrix->order[place];
    if (row < matrix->first_count)
        load_row(matrix->first, row, raw);
    else
        load_row(matrix->second, row - matrix->first_count, raw);
}

static void prefetch(const Matrix *matrix, int64_t place) {
    int64_t row = matrix->order[place];
    Rows rows = row < matrix->first_count ? matrix->first : matrix->second;
    int64_t bytes = matrix->depth * (rows.half ? 2 : 4);
    const unsigned char *from = rows.numbers + (row < matrix->first_count ? row : row - matrix->first_count) * bytes;
    for (int64_t b = 0; b < bytes; b += CACHE_LINE) __builtin_prefetch(from + b);
}

/* Scaled first, by a power of two, so that differences of the largest numbers there are do not overflow. */
static void centre(const Frame *frame, const float *restrict raw, int64_t depth, float *restrict centred) {
    for (int64_t j = 0; j < depth; j++) centred[j] = raw[j] * frame->scale - frame->shift[j] * frame->scale;
}

static float squared_norm(const float *row, int64_t depth) {
    Sums sums = {0};
    int64_t j = 0;
    for (; j + LANES_OF_SUMS <= depth; j += LANES_OF_SUMS) {
        Sums numbers = __builtin_convertvector(part_at(row + j), Sums);
        sums += numbers * numbers;
    }
    double total = folded(sums);
    for (; j < depth; j++) total += (double)row[j] * row[j];
    return (float)total;
}

/* 6 centres times 16 columns. A float32 sum in order of depth for every pair, wherever the pair lies in a block. */
static inline __attribute__((always_inline)) void
multiply(const float *rows, const float *columns, int64_t depth, Lanes sums[CENTRES]) {
#pragma clang fp contract(fast)
    const float *r0 = rows, *r1 = r0 + depth, *r2 = r1 + depth, *r3 = r2 + depth, *r4 = r3 + depth, *r5 = r4 + depth;
    Lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, s4 = {0}, s5 = {0};
    for (int64_t j = 0; j < depth; j++) {
        Lanes column = lanes_at(columns + j * LANES);
        s0 += r0[j] * column;
        s1 += r1[j] * column;
        s2 += r2[j] * column;
        s3 += r3[j] * column;
        s4 += r4[j] * column;
        s5 += r5[j] * column;
    }
    sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3, sums[4] = s4, sums[5] = s5;
}

static void free_block(Block *block) {
    free(block->raw);
    free(block->centred);
    free(block->columns);
    free(block->norms);
    free(block->limits);
}

static int load_block(Block *block, const Matrix *matrix, const Frame *frame, const int32_t *rows, int64_t count) {
    int64_t depth = matrix->depth, width = padded(depth), places = up_to_multiple(count, LANES);
    *block = (Block){
        .count = count,
        .groups = places / LANES,
        .raw = aligned(places * width, sizeof(float)),
        .centred = aligned(places * in_lanes(depth), sizeof(float)),
        .columns = aligned(places * depth, sizeof(float)),
        .norms = aligned(places, sizeof(float)),
        .limits = aligned(places, sizeof(float)),
    };
    if (!block->raw || !block->centred || !block->columns || !block->norms || !block->limits) return 0;
    memset(block->raw, 0, (size_t)(places * width) * sizeof(float));
    memset(block->centred, 0, (size_t)(places * in_lanes(depth)) * sizeof(float));
    for (int64_t q = 0; q < places; q++) {
        block->norms[q] = 0;
        block->limits[q] = INFINITY;
        if (q >= count) continue;
        float *centred = block->centred + q * in_lanes(depth);
        load(matrix, rows[q], block->raw + q * width);
        centre(frame, block->raw + q * width, depth, centred);
        block->norms[q] = squared_norm(centred, depth);
    }
    lay_columns(block->centred, count, depth, block->columns);
    return 1;
}

/* Whether (d, row) is worse than (e, other): farther, or as far and of a later place. */
static int is_worse(double d, int32_t row, double e, int32_t other) {
    return d > e || (d == e && row > other);
}

static void sink(Nearest *found, int64_t place, double distance, int32_t row) {
    for (;;) {
        int64_t child = 2 * place + 1;
        if (child >= found->count) break;
        if (child + 1 < found->count && is_worse(found->distances[child + 1], found->rows[child + 1],
                                                 found->distances[child], found->rows[child]))
            child++;
        if (!is_worse(found->distances[child], found->rows[child], distance, row)) break;
        found->distances[place] = found->distances[child];
        found->rows[place] = found->rows[child];
        place = child;
    }
    found->distances[place] = distance;
    found->rows[place] = row;
}

/* Whether the row was kept. */
static int keep(Nearest *found, int64_t k, double distance, int32_t row) {
    if (found->count == k) {
        if (!is_worse(found->distances[0], found->rows[0], distance, row)) return 0;
        sink(found, 0, distance, row);
        return 1;
    }
    int64_t place = found->count++;
    while (place > 0) {
        int64_t parent = (place - 1) / 2;
        if (!is_worse(distance, row, found->distances[parent], found->rows[parent])) break;
        found->distances[place] = found->distances[parent];
        found->rows[place] = found->rows[parent];
        place = parent;
    }
    found->distances[place] = distance;
    found->rows[place] = row;
    return 1;
}

/* Nearest first. */
static void write_sorted(Nearest *found, int32_t *rows, float *distances) {
    while (found->count > 0) {
        int64_t last = found->count - 1;
        rows[last] = found->rows[0];
        distances[last] = (float)sqrt(found->distances[0]);
        found->count = last;
        if (last > 0) sink(found, 0, found->distances[last], found->rows[last]);
    }
}

/* What a dot product must exceed, beside the limit of the row, for a distance that may be kept. Nothing is nearer than
 * 0, and equal rows come in order of place: full of zeros, a query is done. */
static float limit_of(const Nearest *found, int64_t k, float norm, const Frame *frame) {
    if (found->count < k) return -INFINITY;
    double worst = found->distances[0] * frame->scale * frame->scale;
    if (worst == 0) return INFINITY;
    return (float)(0.5 * ((double)norm - worst) - frame->slack * ((double)norm + worst) - 1e-30);
}

enum { LOADED_RAW = 1, LOADED_CENTRED = 2 };

/* Some rows of a cell. Those that the filter lets pass are read when they are first wanted. */
typedef struct {
    int64_t room;       /* for rows, a multiple of ROWS */
    int64_t count;
    int64_t first;      /* of them among the rows of all cells */
    uint8_t *loaded;    /* (room,), bits: LOADED_RAW, LOADED_CENTRED */
    float *raw;         /* (room, width) */
    float *centred;     /* (room, width in lanes) */
    float *limits;      /* (room,) */
} Tile;

static void free_tile(Tile *tile) {
    free(tile->loaded);
    free(tile->raw);
    free(tile->centred);
    free(tile->limits);
}

static int make_tile(Tile *tile, int64_t depth) {
    int64_t room = TILE_NUMBERS / depth / ROWS * ROWS, width = padded(depth);
    if (room < ROWS) room = ROWS;
    if (room > TILE_ROWS / ROWS * ROWS) room = TILE_ROWS / ROWS * ROWS;
    *tile = (Tile){
        .room = room,
        .loaded = aligned(room, sizeof(uint8_t)),
        .raw = aligned(room * width, sizeof(float)),
        .centred = aligned(room * in_lanes(depth), sizeof(float)),
        .limits = aligned(room, sizeof(float)),
    };
    if (!tile->loaded || !tile->raw || !tile->centred || !tile->limits) return 0;
    memset(tile->raw, 0, (size_t)(room * width) * sizeof(float));
    memset(tile->centred, 0, (size_t)(room * in_lanes(depth)) * sizeof(float));
    return 1;
}

/* Squared distances (cells, places) of every query to every centre, scaled, as float32 has them. */
static void measure_centres(const Block *block, const float *centres, const float *centre_norms, int64_t cell_count,
                            int64_t depth, float *distances) {
    int64_t places = block->groups * LANES;
    for (int64_t first = 0; first < cell_count; first += CENTRES)
        for (int64_t group = 0; group < block->groups; group++) {
            Lanes sums[CENTRES], norms = lanes_at(block->norms + group * LANES);
            multiply(centres + first * depth, block->columns + group * depth * LANES, depth, sums);
            for (int64_t r = 0; r < CENTRES && first + r < cell_count; r++) {
                Lanes squared = norms + centre_norms[first + r] - 2 * sums[r];
                memcpy(distances + (first + r) * places + group * LANES, &squared, sizeof squared);
            }
        }
}

typedef struct {
    float nearest;
    int64_t cell;
} Visit;

static int by_nearest(const void *a, const void *b) {
    const Visit *x = a, *y = b;
    if (x->nearest != y->nearest) return x->nearest < y->nearest ? -1 : 1;
    return (x->cell > y->cell) - (x->cell < y->cell);
}

/* The `wanted`-th least of `count` numbers that lie `apart` numbers from each other; `least` has room for `wanted`. */
static float least_of(const float *numbers, int64_t apart, int64_t count, int64_t wanted, float *least) {
    int64_t known = 0;
    for (int64_t n = 0; n < count; n++) {
        float number = numbers[n * apart];
        if (known == wanted && number >= least[known - 1]) continue;
        int64_t at = known < wanted ? known++ : known - 1;
        for (; at > 0 && least[at - 1] > number; at--) least[at] = least[at - 1];
        least[at] = number;
    }
    return least[wanted - 1];
}

/* How far the centre of a cell may be for one query: as far as that of its `probes` nearest cell, or of as many more as
 * it takes to have `wanted` rows. */
static float reach_of_query(const float *distances, int64_t places, int64_t cell_count, const int64_t *starts,
                            int64_t probes, int64_t wanted, float *least) {
    for (; probes < cell_count; probes *= 2) {
        float reach = least_of(distances, places, cell_count, probes, least);
        int64_t rows = 0;
        for (int64_t c = 0; c < cell_count && rows < wanted; c++)
            if (distances[c * places] <= reach) rows += starts[c + 1] - starts[c];
        if (rows >= wanted) return reach;
    }
    return INFINITY;
}

/* Whether no row of a cell can be near enough, by the triangle inequality. */
static int is_out_of_reach(double squared_to_centre, double norm, double centre_norm, double radius, double worst,
                           const Frame *frame) {
    double to_centre = squared_to_centre - 4 * frame->slack * (norm + centre_norm);
    if (to_centre <= radius * radius) return 0;
    double apart = sqrt(to_centre) - radius;
    return apart * apart * (1 - 1e-6) > worst * frame->scale * frame->scale;
}

typedef struct {
    int64_t count;
    const int64_t *starts; /* (count + 1,) */
    const int32_t *rows;   /* places of cell c: rows[starts[c]:starts[c + 1]] */
    const double *radii;   /* of these rows, ascending in each cell: none is farther from the centre, scaled */
    const float *centres;  /* (count rounded up to a multiple of CENTRES, depth), centred */
    const float *norms;    /* (count,) of centres, squared */
} Cells;

/* What the filter wants to know of all rows, one after the other as cells have them. */
typedef struct {
    float *limits;   /* a dot product must exceed this plus the limit of the query */
    int64_t width;   /* of bytes, 0 where bytes are not multiplied; then there is no more than limits */
    uint8_t *bytes;  /* (rows and ROWS more, width), and so on: see `Quantised` */
    float *scale, *error, *length;
    int32_t *offset;
} Prepared;

/* `known` are four numbers of each row; or one, where there are no bytes. */
static Prepared prepared_of(int64_t room, int64_t width, float *known, uint8_t *bytes, int32_t *offset) {
    if (width == 0) return (Prepared){.limits = known};
    return (Prepared){known, width, bytes, known + room, known + 2 * room, known + 3 * room, offset};
}

#if defined(QUANTISES)

static int64_t width_of_bytes(int64_t depth) { return depth <= LARGEST_DEPTH ? in_lanes(depth) : 0; }

static Quantised quantised_rows(const Prepared *prepared) {
    return (Quantised){(int8_t *)prepared->bytes, prepared->scale, prepared->error, prepared->length,
                       prepared->offset};
}

#else

static int64_t width_of_bytes(int64_t depth) {
    (void)depth;
    return 0;
}

#endif

typedef struct {
    int64_t query, row; /* of the block and of the tile */
} Pair;

/* A block of queries on its way through the cells. */
typedef struct {
    const Matrix *matrix;
    const Frame *frame;
    const Cells *cells;
    const int32_t *queries; /* (block.count,) */
    int64_t k;
    const Prepared *prepared;
    Block block;
#if defined(QUANTISES)
    Quantised columns; /* of the block */
#endif
    Tile tile;
    Pair waiting[WAITING]; /* pairs that were not ruled out */
    int64_t waiting_count;
    Nearest *found;         /* (block.count,) */
    double *kept_distances; /* (block.count, k), what `found` points to */
    int32_t *kept_rows;
    float *distances; /* (cells, places) of queries to centres, squared */
    float *reach;     /* (block.count,): cells whose centre is farther are none of the query's business */
    float *least;     /* (cells,) for finding the reach */
    Visit *visits;    /* (cells,), in the order in which they take place */
    uint8_t *is_open; /* (block.groups,) whether any query of the group has business in the cell */
} Search;

static void free_search(Search *search) {
    free_block(&search->block);
#if defined(QUANTISES)
    free_quantised(&search->columns);
#endif
    free_tile(&search->tile);
    free(search->found);
    free(search->kept_distances);
    free(search->kept_rows);
    free(search->distances);
    free(search->reach);
    free(search->least);
    free(search->visits);
    free(search->is_open);
}

static int start_search(Search *search, const int32_t *queries, int64_t query_count) {
    int64_t k = search->k, cell_count = search->cells->count;
    int has_memory = load_block(&search->block, search->matrix, search->frame, queries, query_count);
    has_memory &= make_tile(&search->tile, search->matrix->depth);
#if defined(QUANTISES)
    if (has_memory && search->prepared->width)
        has_memory = quantise_columns(search->block.centred, search->block.norms, query_count, search->block.groups,
                                      search->prepared->width, search->frame->slack, &search->columns);
#endif
    search->queries = queries;
    search->found = aligned(query_count, sizeof *search->found);
    search->kept_distances = aligned(query_count * k, sizeof *search->kept_distances);
    search->kept_rows = aligned(query_count * k, sizeof *search->kept_rows);
    search->distances = aligned(cell_count * search->block.groups * LANES, sizeof *search->distances);
    search->reach = aligned(query_count, sizeof *search->reach);
    search->least = aligned(cell_count, sizeof *search->least);
    search->visits = aligned(cell_count, sizeof *search->visits);
    search->is_open = aligned(search->block.groups, sizeof *search->is_open);
    if (!has_memory || !search->found || !search->kept_distances || !search->kept_rows || !search->distances ||
        !search->reach || !search->least || !search->visits || !search->is_open)
        return 0;
    for (int64_t q = 0; q < query_count; q++)
        search->found[q] =
            (Nearest){.distances = search->kept_distances + q * k, .rows = search->kept_rows + q * k, .count = 0};
    return 1;
}

/* Which cells each query may visit, and in which order all go: near ones first, so that far ones are ruled out. */
static void plan_visits(Search *search, int64_t probes) {
    const Cells *cells = search->cells;
    int64_t places = search->block.groups * LANES;
    measure_centres(&search->block, cells->centres, cells->norms, cells->count, search->matrix->depth,
                    search->distances);
    for (int64_t q = 0; q < search->block.count; q++)
        search->reach[q] = reach_of_query(search->distances + q, places, cells->count, cells->starts, probes,
                                          search->k + 1, search->least);
    for (int64_t c = 0; c < cells->count; c++) {
        float nearest = INFINITY;
        for (int64_t q = 0; q < search->block.count; q++)
            nearest = search->distances[c * places + q] < nearest ? search->distances[c * places + q] : nearest;
        search->visits[c] = (Visit){.nearest = nearest, .cell = c};
    }
    qsort(search->visits, (size_t)cells->count, sizeof *search->visits, by_nearest);
}

/* Close the queries that have no business in a cell, or with rows of it that are within `radius` of its centre, by a
 * limit that nothing exceeds. Whether any is left. */
static int open_queries(Search *search, int64_t cell, double radius) {
    Block *block = &search->block;
    const float *distances = search->distances + cell * block->groups * LANES;
    int some = 0;
    for (int64_t group = 0; group < block->groups; group++) {
        search->is_open[group] = 0;
        for (int64_t q = group * LANES; q < (group + 1) * LANES; q++) {
            block->limits[q] = INFINITY;
            if (q >= block->count || distances[q] > search->reach[q]) continue;
            const Nearest *found = search->found + q;
            if (found->count == search->k &&
                is_out_of_reach(distances[q], block->norms[q], search->cells->norms[cell], radius,
                                found->distances[0], search->frame))
                continue;
            block->limits[q] = limit_of(found, search->k, block->norms[q], search->frame);
            search->is_open[group] |= block->limits[q] < INFINITY;
        }
        some |= search->is_open[group];
    }
    return some;
}

static void start_tile(Search *search, int64_t first, int64_t count) {
    Tile *tile = &search->tile;
    tile->first = first;
    tile->count = count;
    memset(tile->loaded, 0, (size_t)count);
    memcpy(tile->limits, search->prepared->limits + first, (size_t)count * sizeof *tile->limits);
    for (int64_t r = count; r < up_to_multiple(count, ROWS); r++)
        tile->limits[r] = INFINITY; /* padding is never near anything */
}

static void want_raw(Search *search, int64_t r) {
    Tile *tile = &search->tile;
    if (tile->loaded[r] & LOADED_RAW) return;
    tile->loaded[r] |= LOADED_RAW;
    load(search->matrix, search->cells->rows[tile->first + r], tile->raw + r * padded(search->matrix->depth));
}

static void want_centred(Search *search, int64_t r) {
    Tile *tile = &search->tile;
    int64_t depth = search->matrix->depth;
    if (tile->loaded[r] & LOADED_CENTRED) return;
    tile->loaded[r] |= LOADED_CENTRED;
    want_raw(search, r);
    centre(search->frame, tile->raw + r * padded(depth), depth, tile->centred + r * in_lanes(depth));
}

/* Bit l of masks[n]: whether row r + n of the tile may be near enough to query l of the group. Returns all, or-ed. */
static uint32_t pairs_above(Search *search, int64_t r, int64_t group, uint16_t masks[ROWS]) {
    Tile *tile = &search->tile;
    int64_t depth = search->matrix->depth;
    const float *limits = search->block.limits + group * LANES;
#if defined(QUANTISES)
    if (search->prepared->width) {
        Quantised rows = quantised_rows(search->prepared);
        uint32_t any = products_above(&rows, tile->first + r, search->prepared->width, &search->columns,
                                           group * LANES, depth, tile->limits + r, limits, masks);
        int passed = 0;
        for (int n = 0; any && n < ROWS; n++) passed += __builtin_popcount(masks[n]);
        if (passed <= FEW) return any;
    }
#endif
    for (int64_t n = r; n < r + ROWS && n < tile->count; n++) want_centred(search, n);
    return dots_above(tile->centred + r * in_lanes(depth), in_lanes(depth),
                      search->block.columns + group * depth * LANES, depth, tile->limits + r, limits, masks);
}

/* Measure a pair that was not ruled out, and keep it if it is near enough. */
static void measure(Search *search, int64_t q, int64_t r) {
    int32_t row = search->cells->rows[search->tile.first + r];
    if (row == search->queries[q]) return;
    int64_t width = padded(search->matrix->depth);
    want_raw(search, r);
    double distance = exact_distance(search->tile.raw + r * width, search->block.raw + q * width, width);
    if (keep(search->found + q, search->k, distance, row))
        search->block.limits[q] = limit_of(search->found + q, search->k, search->block.norms[q], search->frame);
}

static void measure_waiting(Search *search) {
    for (int64_t p = 0; p < search->waiting_count; p++)
        measure(search, search->waiting[p].query, search->waiting[p].row);
    search->waiting_count = 0;
}

static void meet(Search *search, int64_t q, int64_t r) {
    if (!(search->tile.loaded[r] & LOADED_RAW)) prefetch(search->matrix, search->cells->rows[search->tile.first + r]);
    search->waiting[search->waiting_count++] = (Pair){q, r};
    if (search->waiting_count == WAITING) measure_waiting(search);
}

/* Compare the open queries with the rows of the tile. */
static void search_tile(Search *search) {
    for (int64_t group = 0; group < search->block.groups; group++) {
        if (!search->is_open[group]) continue;
        for (int64_t r = 0; r < search->tile.count; r += ROWS) {
            uint16_t masks[ROWS];
            if (!pairs_above(search, r, group, masks)) continue;
            for (int64_t n = 0; n < ROWS && r + n < search->tile.count; n++)
                for (uint32_t bits = masks[n]; bits; bits &= bits - 1)
                    meet(search, group * LANES + __builtin_ctz(bits), r + n);
        }
    }
    measure_waiting(search);
}

static void visit(Search *search, int64_t cell) {
    const Cells *cells = search->cells;
    for (int64_t low = cells->starts[cell]; low < cells->starts[cell + 1]; low += search->tile.room) {
        int64_t left = cells->starts[cell + 1] - low;
        int64_t count = left < search->tile.room ? left : search->tile.room;
        if (!open_queries(search, cell, cells->radii[low + count - 1])) continue;
        start_tile(search, low, count);
        search_tile(search);
    }
}

/* How many bytes of each row the filter multiplies: 0 on machines that do not multiply bytes faster. */
EXPORT int64_t KERNEL(graph_width_of_bytes)(int64_t depth) { return width_of_bytes(depth); }

/* What the filter wants to know of rows[low:high], which has `count` places: `known` is (4, count + 16), or
 * (1, count + 16) where there are no bytes; `bytes` (count + 16, width); `offsets` (count + 16,). */
EXPORT int64_t KERNEL(graph_prepare)(
    const void *first, int64_t first_count, int64_t first_is_half, const void *second, int64_t second_is_half,
    const int32_t *order, int64_t depth, const float *shift, float scale, double slack, const int32_t *rows,
    int64_t count, int64_t low, int64_t high, float *known, uint8_t *bytes, int32_t *offsets) {
    Matrix matrix = {rows_at(first, first_is_half, depth), rows_at(second, second_is_half, depth), first_count, depth,
                     order};
    Frame frame = {shift, scale, slack};
    Prepared prepared = prepared_of(count + LANES, width_of_bytes(depth), known, bytes, offsets);
    float *raw = aligned(depth, sizeof *raw), *centred = aligned(in_lanes(depth), sizeof *centred);
    if (raw && centred) {
        memset(centred, 0, (size_t)in_lanes(depth) * sizeof *centred);
        for (int64_t r = low; r < high; r++) {
            load(&matrix, rows[r], raw);
            centre(&frame, raw, depth, centred);
            float norm = squared_norm(centred, depth);
            prepared.limits[r] = column_limit(norm, slack);
#if defined(QUANTISES)
            Quantised made = quantised_rows(&prepared);
            if (prepared.width)
                quantise(centred, prepared.width, norm, slack, made.bytes + r * prepared.width, &made, r);
#endif
        }
    }
    int has_memory = raw && centred;
    free(raw);
    free(centred);
    return has_memory ? 0 : NO_MEMORY;
}

/* For each of `queries` (places) the `k` nearest rows other than itself, nearest first, of equally near ones the first
 * place: out_rows and out_distances (Euclidean) are (all places, k), written at the places of the queries. A query
 * visits its `probes` nearest cells, and more if they hold too few rows; all cells together hold k + 1. */
EXPORT int64_t KERNEL(graph_search)(
    const void *first, int64_t first_count, int64_t first_is_half, const void *second, int64_t second_is_half,
    const int32_t *order, int64_t depth, const float *shift, float scale, double slack, const int32_t *queries,
    int64_t query_count, int64_t cell_count, const int64_t *cell_starts, const int32_t *cell_rows, const double *radii,
    const float *centres, const float *centre_norms, float *known, uint8_t *bytes, int32_t *offsets, int64_t probes,
    int64_t k, int32_t *out_rows, float *out_distances) {
    Matrix matrix = {rows_at(first, first_is_half, depth), rows_at(second, second_is_half, depth), first_count, depth,
                     order};
    Frame frame = {shift, scale, slack};
    Cells cells = {cell_count, cell_starts, cell_rows, radii, centres, centre_norms};
    Prepared prepared = prepared_of(cell_starts[cell_count] + LANES, width_of_bytes(depth), known, bytes, offsets);
    Search search = {.matrix = &matrix, .frame = &frame, .cells = &cells, .prepared = &prepared, .k = k};
    int has_memory = start_search(&search, queries, query_count);
    if (has_memory) {
        plan_visits(&search, probes);
        for (int64_t v = 0; v < cell_count; v++) visit(&search, search.visits[v].cell);
        for (int64_t q = 0; q < query_count; q++)
            write_sorted(search.found + q, out_rows + queries[q] * k, out_distances + queries[q] * k);
    }
    free_search(&search);
    return has_memory ? 0 : NO_MEMORY;
}

/* For each of `rows` (places) the nearest of `centres` (count rounded up to a multiple of 6, depth), the first of
 * equally near ones, and a squared distance, scaled, that it is not farther than. Written one after the other. */
EXPORT int64_t KERNEL(graph_assign)(
    const void *first, int64_t first_count, int64_t first_is_half, const void *second, int64_t second_is_half,
    const int32_t *order, int64_t depth, const float *shift, float scale, double slack, const int32_t *rows,
    int64_t row_count, int64_t cell_count, const float *centres, const float *centre_norms, int32_t *cells,
    double *squared_distances) {
    Matrix matrix = {rows_at(first, first_is_half, depth), rows_at(second, second_is_half, depth), first_count, depth,
                     order};
    Frame frame = {shift, scale, slack};
    Block block;
    if (!load_block(&block, &matrix, &frame, rows, row_count)) {
        free_block(&block);
        return NO_MEMORY;
    }
    for (int64_t group = 0; group < block.groups; group++) {
        Lanes least = (Lanes){0} + INFINITY;
        LaneInts nearest = {0};
        for (int64_t c = 0; c < cell_count; c += CENTRES) {
            Lanes sums[CENTRES];
            multiply(centres + c * depth, block.columns + group * depth * LANES, depth, sums);
            for (int n = 0; n < CENTRES && c + n < cell_count; n++) {
                Lanes squared = centre_norms[c + n] - 2 * sums[n];
                LaneInts is_less = squared < least;
                least = (Lanes)((is_less & (LaneInts)squared) | (~is_less & (LaneInts)least));
                nearest = (is_less & (int32_t)(c + n)) | (~is_less & nearest);
            }
        }
        for (int64_t q = group * LANES; q < (group + 1) * LANES && q < row_count; q++) {
            double norm = block.norms[q], margin = 4 * slack * (norm + centre_norms[nearest[q % LANES]]);
            double squared = norm + least[q % LANES];
            cells[q] = nearest[q % LANES];
            squared_distances[q] = (squared > 0 ? squared : 0) + margin;
        }
    }
    free_block(&block);
    return 0;
}

/* A number for each of rows [low, high) that rows of equal content share, and hardly any others: in the order of these
 * numbers no order of storage leaves a trace, and the first rows are a random sample. -0 counts as 0, and float16 as
 * the same numbers in float32. */
EXPORT int64_t KERNEL(graph_digest)(const void *numbers, int64_t is_half, int64_t depth, int64_t low, int64_t high,
                                    int64_t *digests) {
    Rows rows = rows_at(numbers, is_half, depth);
    float *raw = aligned(depth, sizeof *raw);
    if (!raw) return NO_MEMORY;
    for (int64_t row = low; row < high; row++) {
        load_row(rows, row, raw);
        uint64_t digest = 0x9e3779b97f4a7c15u;
        for (int64_t j = 0; j < depth; j++) {
            float number = raw[j] + 0.0f;
            uint32_t bits;
            memcpy(&bits, &number, sizeof bits);
            digest = (digest ^ bits) * 0xff51afd7ed558ccdu;
            digest ^= digest >> 32;
        }
        digests[row] = (int64_t)digest;
    }
    free(raw);
    return 0;
}
