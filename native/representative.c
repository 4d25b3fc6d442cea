/* Facility location on a sparse graph.
 *
 * Nodes are points that want to be near something selected; `weights` says how many rows a node stands for. A facility
 * (something that can be selected) serves nodes, each with a similarity in 65,535ths. `best` is the similarity of every
 * node to what is selected. All sums are sums of whole numbers, below 2^53 and thus exact as float64: no order of
 * adding can change them, and what is subtracted later is exactly what was added.
 *
 * Links are lists one after the other: those of facility f are starts[f] to starts[f + 1]. */
#include "swath.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ONE = 65535 };

/* 1 at distance 0 and only there, falling in a straight line to 0 at `reach`. */
static uint16_t similarity(float distance, double reach) {
    if (distance <= 0) return ONE;
    double left = floor(ONE * (1 - (double)distance / reach));
    return left <= 0 ? 0 : left >= ONE ? ONE - 1 : (uint16_t)left;
}

/* Similarities (n, k) of nodes [low, high) to their neighbours, and whether each neighbour lacks the node among its
 * own: then the link back has to be added. */
EXPORT int64_t KERNEL(facility_link)(const int32_t *neighbors, const float *distances, int64_t k, int64_t low,
                                     int64_t high, double reach, uint16_t *similarities, uint8_t *lacks_back) {
    for (int64_t i = low; i < high; i++)
        for (int64_t n = i * k; n < (i + 1) * k; n++) {
            similarities[n] = similarity(distances[n], reach);
            const int32_t *theirs = neighbors + (int64_t)neighbors[n] * k;
            int is_there = 0;
            for (int64_t m = 0; m < k; m++) is_there |= theirs[m] == i;
            lacks_back[n] = !is_there;
        }
    return 0;
}

/* Raise `best` of the neighbours of nodes that are selected from the start. */
EXPORT int64_t KERNEL(facility_preselect)(const int32_t *neighbors, const uint16_t *similarities, int64_t node_count,
                                          int64_t k, const uint8_t *is_selected, uint16_t *best) {
    for (int64_t i = 0; i < node_count; i++) {
        if (is_selected[i]) best[i] = ONE;
        for (int64_t n = i * k; n < (i + 1) * k; n++) {
            int64_t j = neighbors[n];
            if (is_selected[i] && similarities[n] > best[j]) best[j] = similarities[n];
            if (is_selected[j] && similarities[n] > best[i]) best[i] = similarities[n];
        }
    }
    return 0;
}

/* How many nodes each node serves, itself too: neighbours that are open (not served fully from the start). */
EXPORT int64_t KERNEL(facility_count)(const int32_t *neighbors, const uint16_t *similarities, const uint8_t *lacks_back,
                                      int64_t node_count, int64_t k, const uint8_t *is_open, int64_t *counts) {
    memset(counts, 0, (size_t)node_count * sizeof *counts);
    for (int64_t i = 0; i < node_count; i++) {
        counts[i] += is_open[i];
        for (int64_t n = i * k; n < (i + 1) * k; n++) {
            if (!similarities[n]) continue;
            counts[i] += is_open[neighbors[n]];
            counts[neighbors[n]] += is_open[i] && lacks_back[n];
        }
    }
    return 0;
}

/* Write the links that were counted; `next` holds where those of each node start. */
EXPORT int64_t KERNEL(facility_fill)(const int32_t *neighbors, const uint16_t *similarities, const uint8_t *lacks_back,
                                     int64_t node_count, int64_t k, const uint8_t *is_open, int64_t *next,
                                     int32_t *served, uint16_t *served_similarities) {
    for (int64_t i = 0; i < node_count; i++) {
        if (is_open[i]) {
            served[next[i]] = (int32_t)i;
            served_similarities[next[i]++] = ONE;
        }
        for (int64_t n = i * k; n < (i + 1) * k; n++) {
            int64_t j = neighbors[n];
            if (!similarities[n]) continue;
            if (is_open[j]) {
                served[next[i]] = (int32_t)j;
                served_similarities[next[i]++] = similarities[n];
            }
            if (is_open[i] && lacks_back[n]) {
                served[next[j]] = (int32_t)i;
                served_similarities[next[j]++] = similarities[n];
            }
        }
    }
    return 0;
}

static int by_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Join the links of the nodes of each facility: of several links to one node the most similar one stays. Writes
 * `joined_starts` (facilities + 1) and returns the number of links. */
EXPORT int64_t KERNEL(facility_join)(const int64_t *starts, const int32_t *served, const uint16_t *similarities,
                                     int64_t facility_count, const int64_t *node_starts, const int32_t *nodes,
                                     int64_t *joined_starts, int32_t *joined, uint16_t *joined_similarities) {
    int64_t most = 0;
    for (int64_t f = 0; f < facility_count; f++) {
        int64_t links = 0;
        for (int64_t n = node_starts[f]; n < node_starts[f + 1]; n++) links += starts[nodes[n] + 1] - starts[nodes[n]];
        if (links > most) most = links;
    }
    uint64_t *sorted = malloc((size_t)(most + 1) * sizeof *sorted);
    if (!sorted) return NO_MEMORY;
    int64_t written = 0;
    for (int64_t f = 0; f < facility_count; f++) {
        int64_t links = 0;
        joined_starts[f] = written;
        for (int64_t n = node_starts[f]; n < node_starts[f + 1]; n++)
            for (int64_t e = starts[nodes[n]]; e < starts[nodes[n] + 1]; e++)
                sorted[links++] = (uint64_t)served[e] << 16 | (uint64_t)(ONE - similarities[e]);
        qsort(sorted, (size_t)links, sizeof *sorted, by_number);
        for (int64_t e = 0; e < links; e++) {
            if (e > 0 && sorted[e] >> 16 == sorted[e - 1] >> 16) continue;
            joined[written] = (int32_t)(sorted[e] >> 16);
            joined_similarities[written++] = (uint16_t)(ONE - (sorted[e] & ONE));
        }
    }
    joined_starts[facility_count] = written;
    free(sorted);
    return written;
}

/* The same links from the other end: the facilities that serve each node. `next` holds where those of each start. */
EXPORT int64_t KERNEL(facility_turn)(const int64_t *starts, const int32_t *served, const uint16_t *similarities,
                                     int64_t facility_count, int64_t *next, int32_t *serving,
                                     uint16_t *serving_similarities) {
    for (int64_t f = 0; f < facility_count; f++)
        for (int64_t e = starts[f]; e < starts[f + 1]; e++) {
            int64_t place = next[served[e]]++;
            serving[place] = (int32_t)f;
            serving_similarities[place] = similarities[e];
        }
    return 0;
}

static double gain_of(int64_t facility, const int64_t *starts, const int32_t *served, const uint16_t *similarities,
                      const int32_t *weights, const uint16_t *best) {
    int64_t gain = 0;
    for (int64_t e = starts[facility]; e < starts[facility + 1]; e++) {
        int64_t more = (int64_t)similarities[e] - best[served[e]];
        gain += more > 0 ? more * weights[served[e]] : 0;
    }
    return (double)gain;
}

/* What each of facilities [low, high) would add now. */
EXPORT int64_t KERNEL(facility_gains)(const int64_t *starts, const int32_t *served, const uint16_t *similarities,
                                      const int32_t *weights, const uint16_t *best, int64_t low, int64_t high,
                                      double *gains) {
    for (int64_t f = low; f < high; f++) gains[f] = gain_of(f, starts, served, similarities, weights, best);
    return 0;
}

static void serve(int64_t facility, const int64_t *starts, const int32_t *served, const uint16_t *similarities,
                  uint16_t *best) {
    for (int64_t e = starts[facility]; e < starts[facility + 1]; e++)
        if (similarities[e] > best[served[e]]) best[served[e]] = similarities[e];
}

/* Select a facility and lower the gains of all that serve the same nodes by exactly what they would add less. Writes
 * those whose gain fell to `touched` (facilities,) and returns how many; `is_touched` holds zeros before and after. */
EXPORT int64_t KERNEL(facility_add)(int64_t facility, const int64_t *starts, const int32_t *served,
                                    const uint16_t *similarities, const int64_t *node_starts, const int32_t *serving,
                                    const uint16_t *serving_similarities, const int32_t *weights, uint16_t *best,
                                    double *gains, uint8_t *is_touched, int32_t *touched) {
    int64_t count = 0;
    for (int64_t e = starts[facility]; e < starts[facility + 1]; e++) {
        int64_t node = served[e], before = best[node], after = similarities[e];
        if (after <= before) continue;
        best[node] = (uint16_t)after;
        for (int64_t m = node_starts[node]; m < node_starts[node + 1]; m++) {
            int64_t other = serving_similarities[m], f = serving[m];
            if (other <= before) continue;
            gains[f] -= (double)(((other < after ? other : after) - before) * weights[node]);
            if (!is_touched[f]) {
                is_touched[f] = 1;
                touched[count++] = (int32_t)f;
            }
        }
    }
    for (int64_t t = 0; t < count; t++) is_touched[touched[t]] = 0;
    return count;
}

/* Units of a greedy selection, the best on top: the highest gain, of equal gains the lowest rank. */
typedef struct {
    int32_t *units;
    int64_t count;
    const double *gains; /* by unit, as they were when they were last looked at */
    const int64_t *ranks;
} Heap;

static int comes_before(const Heap *heap, int32_t a, int32_t b) {
    if (heap->gains[a] != heap->gains[b]) return heap->gains[a] > heap->gains[b];
    return heap->ranks[a] < heap->ranks[b];
}

static void sink(Heap *heap, int64_t place) {
    int32_t unit = heap->units[place];
    for (;;) {
        int64_t child = 2 * place + 1;
        if (child >= heap->count) break;
        if (child + 1 < heap->count && comes_before(heap, heap->units[child + 1], heap->units[child])) child++;
        if (!comes_before(heap, heap->units[child], unit)) break;
        heap->units[place] = heap->units[child];
        place = child;
    }
    heap->units[place] = unit;
}

/* Pick greedily, `at_most` units of those that have a facility (-1: none); equal facilities serve equal nodes. As gains
 * only fall, a unit whose gain was looked at after the last pick and is still on top is best: the others need no look.
 * `gains` (facilities,) are those before the first pick. Returns how many were picked. */
EXPORT int64_t KERNEL(facility_greedy)(const int64_t *starts, const int32_t *served, const uint16_t *similarities,
                                       const int32_t *weights, uint16_t *best, const double *gains,
                                       const int32_t *facility_of_unit, const int64_t *ranks, int64_t unit_count,
                                       int64_t at_most, int64_t *picks) {
    double *known = malloc((size_t)(unit_count + 1) * sizeof *known);
    int64_t *known_at = calloc((size_t)(unit_count + 1), sizeof *known_at);
    int32_t *units = malloc((size_t)(unit_count + 1) * sizeof *units);
    int64_t picked = known && known_at && units ? 0 : NO_MEMORY;
    if (picked == 0) {
        Heap heap = {units, 0, known, ranks};
        for (int64_t u = 0; u < unit_count; u++) {
            if (facility_of_unit[u] < 0) continue;
            known[u] = gains[facility_of_unit[u]];
            units[heap.count++] = (int32_t)u;
        }
        for (int64_t place = heap.count / 2; place-- > 0;) sink(&heap, place);
        while (picked < at_most && heap.count > 0) {
            int32_t unit = heap.units[0], facility = facility_of_unit[unit];
            if (known_at[unit] == picked || known[unit] == 0) {
                picks[picked++] = unit;
                serve(facility, starts, served, similarities, best);
                heap.units[0] = heap.units[--heap.count];
            } else {
                known[unit] = gain_of(facility, starts, served, similarities, weights, best);
                known_at[unit] = picked;
            }
            if (heap.count > 0) sink(&heap, 0);
        }
    }
    free(known);
    free(known_at);
    free(units);
    return picked;
}
