/* Scores of units by several objectives, and the best of a few units, exact while most are only estimated.
 *
 * The score of a unit is the sum over objectives of strength * log(what the objective is with that unit), but for what
 * all units have in common: of a term strength * log1p(gain / total), of a balance strength * -log(cross-entropy).
 * `combined.py` and `rounds.py` say what all this is for; the structs are those of `combined_kernels.py`. */
#include "aggregates.h"
#include "rows.h"

#include <math.h>
#include <stdlib.h>

static const double LEAST_FACTOR = 1e-300;
static const double SHARE_OF_NOTHING = 1e-10;
static const double LEAST_CROSS_ENTROPY = 1e-10;

typedef struct {
    double strength;
    int64_t alone;            /* there is nothing else: the score is the gain, by the sign of the strength */
    double total;             /* 0: the gain itself is the objective */
    double total_at_start;    /* of the round */
    const double *gains;      /* of each unit; in a round at least that */
    const double *favourite;  /* of each bucket, of the gains of those left out the best: the largest, by the strength */
    const double *most;       /* of each bucket, what the term made of the scores at the start, of those left out: */
    const double *least;      /* at most, and at least */
} Term;

typedef struct {
    double strength;
    int64_t categories;
    const double *target;
    const double *amounts;        /* of each category, of what is selected */
    int64_t groups;               /* of units with equal categories */
    const int64_t *starts;
    const int32_t *entries;       /* their categories, ascending */
    const double *entry_amounts;
    const int64_t *group_of_unit;
    const int64_t *group_of_bucket;
    double *values;               /* of each group: -log(cross-entropy), or more than that */
    uint8_t *is_exact;            /* of each group: whether its value is exact */
    const double *amounts_at_start; /* of the round */
    double largest_sum;           /* of the amounts of any unit */
    double least_entropy;         /* at the start, of those left out */
    double most_entropy;
} Balance;

typedef struct {
    const void *numbers;      /* all vectors, float32 or float16 */
    int64_t half, depth, aggregate;
    const int64_t *starts;    /* of each unit its rows, and of each row its number and squared distance */
    const int64_t *rows;
    double *nearest;
    int64_t *seen;            /* of each unit: how many of the joined rows its distances know of */
    double *gains;            /* of each unit: at least what it gains, exact if it has seen all */
    const float *joined;      /* padded rows that were picked in this round */
    int64_t joined_count;
    double lowest;            /* units of a lower gain are passed over; 0 for no limit */
    double *values;           /* room for the rows of a unit */
} Nearness;

typedef struct {
    int64_t units, terms, nearnesses, balances, buckets;
    uint8_t *alive;
    const int64_t *order;     /* of each unit; of equally good ones the least comes first */
    Term *term;
    Nearness *nearness;
    Balance *balance;
    double *upper;            /* of each unit: more than its score, or that */
    double *factors;          /* room for one number a term */
    const double *highest;    /* of each bucket: the highest score at the start, of those left out */
    const double *lowest;     /* of each bucket: the least that terms made of that, of those left out */
    const int64_t *first;     /* of each bucket: the least order of those left out that have the best gain of every term */
    int64_t exact_balance;    /* whether units of a bucket have equal categories; `highest` is then of terms alone */
    int64_t best;             /* result */
    double score;             /* result */
} Round;

/* Never below the logarithm of 1 + x, and near it for small x. */
static inline double above_log1p(double x) { return x * (6.0 + x) / (6.0 + 4.0 * x); }

/* Never above it. */
static inline double below_log1p(double x) { return x < 1.0 ? x * (6.0 + 3.0 * x) / (6.0 + (6.0 + x) * x) : log1p(x); }

/* What a term makes of the score of a unit with a gain: its part of the score. */
static inline double part_of(const Term *term, double gain) {
    if (term->alone) return term->strength < 0.0 ? -gain : gain;
    if (term->total > 0.0) return term->strength * log1p(gain / term->total);
    return term->strength * log(gain > LEAST_FACTOR ? gain : LEAST_FACTOR);
}

static double score_of_terms(const Term *term, int64_t terms, int64_t unit) {
    double score = 0.0;
    for (int64_t k = 0; k < terms; k++) score += part_of(term + k, term[k].gains[unit]);
    return score;
}

/* What terms say of units[low] to units[high - 1]. */
EXPORT int64_t KERNEL(scores_of_terms)(int64_t terms, int64_t term_count, const int64_t *units, int64_t low,
                                       int64_t high, double *scores) {
    const Term *term = (const Term *)(intptr_t)terms;
    for (int64_t i = low; i < high; i++) scores[i] = score_of_terms(term, term_count, units[i]);
    return 0;
}

static double sum_of(const double *numbers, int64_t low, int64_t high) {
    double sum = 0.0;
    for (int64_t k = low; k < high; k++) sum += numbers[k];
    return sum;
}

/* -log(cross-entropy) of what is selected and a unit of the group; `sum` is that of all amounts selected. */
static double value_of_group(const Balance *b, int64_t group, double sum) {
    int64_t entry = b->starts[group], end = b->starts[group + 1];
    double total = sum + sum_of(b->entry_amounts, entry, end);
    double entropy = 0.0;
    for (int64_t c = 0; c < b->categories; c++) {
        double amount = b->amounts[c];
        if (entry < end && b->entries[entry] == c) amount += b->entry_amounts[entry++];
        if (b->target[c] > 0.0) {
            entropy -= b->target[c] * log((total > 0.0 ? amount / total : 0.0) + SHARE_OF_NOTHING);
        }
    }
    return -log(entropy > LEAST_CROSS_ENTROPY ? entropy : LEAST_CROSS_ENTROPY);
}

/* Exact values of groups [low, high). */
EXPORT int64_t KERNEL(values_of_groups)(int64_t balance, int64_t low, int64_t high) {
    const Balance *b = (const Balance *)(intptr_t)balance;
    double sum = sum_of(b->amounts, 0, b->categories);
    for (int64_t group = low; group < high; group++) {
        b->values[group] = value_of_group(b, group, sum);
        b->is_exact[group] = 1;
    }
    return 0;
}

static double exact_value(Balance *b, int64_t group) {
    if (!b->is_exact[group]) {
        b->values[group] = value_of_group(b, group, sum_of(b->amounts, 0, b->categories));
        b->is_exact[group] = 1;
    }
    return b->values[group];
}

/* -log(y * entropy), from above, where value = -log(entropy). */
static inline double above_value(double value, double y) {
    return y <= 1.0 ? value + above_log1p((1.0 - y) / y) : value - 2.0 * (y - 1.0) / (1.0 + y);
}

/* Values of all groups from above, with few logarithms: the part that all have in common once, and for each category
 * of a group what it changes. Returns NO_MEMORY or 0. */
static int64_t estimate_values(Balance *b) {
    double sum = sum_of(b->amounts, 0, b->categories);
    if (b->groups * b->categories <= 2048 || sum <= 0.0) {
        for (int64_t group = 0; group < b->groups; group++) b->is_exact[group] = 0;
        for (int64_t group = 0; group < b->groups; group++) exact_value(b, group);
        return 0;
    }
    double *bases = malloc((size_t)b->categories * sizeof *bases);
    if (!bases) return NO_MEMORY;
    double most = 0.0;
    for (int64_t group = 0; group < b->groups; group++) {
        double own = sum_of(b->entry_amounts, b->starts[group], b->starts[group + 1]);
        most = own > most ? own : most;
    }
    double common = 0.0, targets = 0.0;
    for (int64_t c = 0; c < b->categories; c++) {
        bases[c] = b->amounts[c] + SHARE_OF_NOTHING * (sum + most);
        if (b->target[c] > 0.0) {
            common -= b->target[c] * log(bases[c]);
            targets += b->target[c];
        }
    }
    common += targets * log(sum);
    int usable = common > LEAST_CROSS_ENTROPY;
    double value = usable ? -log(common) : 0.0;
    for (int64_t group = 0; group < b->groups; group++) {
        double own = sum_of(b->entry_amounts, b->starts[group], b->starts[group + 1]) / sum;
        double entropy = common + targets * 2.0 * own / (2.0 + own);
        for (int64_t entry = b->starts[group]; entry < b->starts[group + 1]; entry++) {
            int64_t c = b->entries[entry];
            double x = b->entry_amounts[entry] / bases[c];
            entropy -= b->target[c] * (x < 1.0 ? above_log1p(x) : log1p(x));
        }
        if (entropy < LEAST_CROSS_ENTROPY) entropy = LEAST_CROSS_ENTROPY;
        b->values[group] = usable ? above_value(value, entropy / common) : -log(entropy);
        b->is_exact[group] = 0;
    }
    free(bases);
    return 0;
}

/* The exact squared distance of two padded rows if it is less than `limit`; `limit` or more otherwise. */
static double distance_below(const float *a, const float *b, int64_t width, double limit) {
    Sums sums = {0};
    for (int64_t j = 0; j < width;) {
        int64_t end = j + 4 * LANES_OF_SUMS < width ? j + 4 * LANES_OF_SUMS : width;
        for (; j < end; j += LANES_OF_SUMS) {
            Sums difference =
                __builtin_convertvector(part_at(a + j), Sums) - __builtin_convertvector(part_at(b + j), Sums);
            sums += difference * difference;
        }
        if (folded(sums) >= limit) return limit; /* sums of squares only grow, rounded or not */
    }
    return folded(sums);
}

/* Bring a unit's distances and gain up to date; `raw` is room for a padded row, zero beyond its depth. */
static void refresh(Nearness *near, int64_t unit, float *raw) {
    int64_t from = near->seen[unit], start = near->starts[unit], count = near->starts[unit + 1] - start;
    if (from == near->joined_count || count == 0) return;
    near->seen[unit] = near->joined_count;
    Rows rows = rows_at(near->numbers, near->half, near->depth);
    int64_t width = padded(near->depth);
    int lowered = 0;
    for (int64_t k = start; k < start + count; k++) {
        if (near->nearest[k] <= 0.0) continue;
        load_row(rows, near->rows[k], raw);
        for (int64_t p = from; p < near->joined_count; p++) {
            double distance = distance_below(raw, near->joined + p * width, width, near->nearest[k]);
            if (distance < near->nearest[k]) {
                near->nearest[k] = distance;
                lowered = 1;
            }
        }
    }
    if (!lowered) return;
    for (int64_t k = 0; k < count; k++) near->values[k] = near->nearest[start + k];
    near->gains[unit] = aggregate_of(near->aggregate, near->values, count);
}

static const double ROUNDING = 1e-13;

/* Never below the part of a term that is not alone. */
static inline double above_part(const Term *term, double gain) {
    if (!(term->total > 0.0)) return part_of(term, gain);
    double x = gain / term->total;
    return term->strength * (term->strength < 0.0 ? below_log1p(x) : above_log1p(x));
}

static double estimate(const Round *round, int64_t unit) {
    double upper = 0.0;
    for (int64_t k = 0; k < round->terms; k++) {
        const Term *term = round->term + k;
        if (term->alone) return part_of(term, term->gains[unit]);
        double part = above_part(term, term->gains[unit]);
        /* what is subtracted may leave little of numbers whose rounding is not that little: it counts for less */
        upper += part < 0.0 ? part * (1.0 - 4.0 * ROUNDING) : part;
    }
    for (int64_t k = 0; k < round->balances; k++) {
        const Balance *b = round->balance + k;
        upper += b->strength * b->values[b->group_of_unit[unit]];
    }
    return upper;
}

/* More than any rounding of estimates and bounds. */
static double slack_of(const Round *round, double score) {
    double size = fabs(score);
    for (int64_t k = 0; k < round->balances; k++) size += round->balance[k].strength * 25.0;
    for (int64_t k = 0; k < round->terms; k++) size += fabs(round->term[k].strength) * 1e-3;
    return size * ROUNDING;
}

static void consider(Round *round, int64_t unit, float *raw, int64_t width) {
    for (int64_t k = 0; k < round->nearnesses; k++) {
        Nearness *near = round->nearness + k;
        refresh(near, unit, raw + k * width);
        if (near->gains[unit] < near->lowest && near->starts[unit + 1] > near->starts[unit]) {
            round->alive[unit] = 0;
            return;
        }
    }
    if (round->best >= 0) {
        double upper = estimate(round, unit);
        if (upper + slack_of(round, round->score) < round->score) return;
    }
    double score = score_of_terms(round->term, round->terms, unit);
    for (int64_t k = 0; k < round->balances; k++) {
        Balance *b = round->balance + k;
        score += b->strength * exact_value(b, b->group_of_unit[unit]);
    }
    int better = round->best < 0 || score > round->score ||
                 (score == round->score && round->order[unit] < round->order[round->best]);
    if (better) {
        round->best = unit;
        round->score = score;
    }
}

static int64_t highest_alive(const Round *round) {
    int64_t best = -1;
    for (int64_t i = 0; i < round->units; i++) {
        if (round->alive[i] && (best < 0 || round->upper[i] > round->upper[best])) best = i;
    }
    return best;
}

/* By how much the value of any unit left out has risen since the start, at most.
 *
 * Its cross-entropy has fallen by less than if it had nothing of any category and, beside all that is selected, as
 * much as the largest unit: the more a unit has of a category, the less an addition to that changes. */
static double drift_of(const Balance *b) {
    double before = sum_of(b->amounts_at_start, 0, b->categories), now = sum_of(b->amounts, 0, b->categories);
    double fall = -log((now + b->largest_sum) / (before + b->largest_sum)), targets = 0.0;
    for (int64_t c = 0; c < b->categories; c++) targets += b->target[c];
    fall *= targets;
    for (int64_t c = 0; c < b->categories; c++) {
        if (b->target[c] <= 0.0) continue;
        fall += b->target[c] * log((b->amounts[c] + SHARE_OF_NOTHING * now) /
                                   (b->amounts_at_start[c] + SHARE_OF_NOTHING * before));
    }
    fall += 1e-14 * (1.0 + fabs(fall));
    if (!(fall < b->least_entropy)) return INFINITY; /* NaN, too: nothing was selected at the start */
    return -log1p(-fall / (fall > 0.0 ? b->least_entropy : b->most_entropy));
}

typedef struct {
    double each;   /* of a unit that has the best gain of every term */
    double moved;  /* what the highest score at the start can have become */
} Bound;

/* What the parts p = strength * log1p(x), x = gain / total, of those left out are multiplied by at most, now that the
 * total is another than at the start: its p is now at most the factor times what it was, for each of them.
 *
 * With a = total_at_start / total, log1p(x) became log1p(a * x), or less where the gain has fallen.
 * - a > 1: log1p(a * x) <= a * log1p(x), as log1p is concave and log1p(0) = 0.
 * - a <= 1: log1p(a * x) / log1p(x) rises with x, from a at 0: its slope has the sign of g(x) - g(a * x), where
 *   g(y) = (1 + y) * log1p(y) / y rises, as g'(y) = (y - log1p(y)) / y^2. So the ratio of the largest x is the most.
 * Strengths below 0 are those of gains that never change, and of totals that only grow: a <= 1, p is never above 0, and
 * the ratio of the least x, being the least, makes the most of it. The best gain is the one to ask in both cases.
 * As long as a total is 0, and gains never change, no part does. */
static double factor_of(const Term *term, int64_t bucket, double now) {
    if (!(term->total_at_start > 0.0)) return 1.0;
    double grown = term->total_at_start / term->total, before = term->most[bucket];
    if (grown > 1.0) return grown;
    if (before != 0.0) return now / before;
    return term->strength < 0.0 ? grown : 0.0;
}

/* Two bounds of what terms make of the scores of a bucket, now that totals are others than at the start. Gains only
 * fall, and no gain is better than the best: that gives `each`.
 *
 * For `moved`: the parts p of a unit have become at most factor * p (`factor_of`), and for any f >= 0
 *     sum of factor * p  =  f * sum of p  +  sum of (factor - f) * p,
 * of which the first is at most f times the highest score, and each of the others what it is at one end of where p
 * lay. Any f will do; near the factors little is lost, so each of them is tried. */
static Bound bound_of(Round *round, int64_t bucket) {
    Bound bound = {.each = 0.0, .moved = INFINITY};
    double largest = 0.0;
    for (int64_t k = 0; k < round->terms; k++) {
        const Term *term = round->term + k;
        double now = part_of(term, term->favourite[bucket]);
        if (term->alone) return (Bound){.each = now, .moved = now};
        bound.each += now;
        largest += term->most[bucket];
        round->factors[k] = factor_of(term, bucket, now);
    }
    for (int64_t chosen = 0; chosen < round->terms; chosen++) {
        double factor = round->factors[chosen], moved = factor * round->highest[bucket], size = 0.0;
        if (!round->exact_balance) {
            moved = round->highest[bucket] + (factor - 1.0) * (factor > 1.0 ? largest : round->lowest[bucket]);
        }
        for (int64_t k = 0; k < round->terms; k++) {
            const Term *term = round->term + k;
            double more = round->factors[k] - factor;
            moved += more * (more > 0.0 ? term->most[bucket] : term->least[bucket]);
            if (term->least[bucket] < 0.0) size -= (1.0 + factor + round->factors[k]) * term->least[bucket];
        }
        moved += size * 4.0 * ROUNDING; /* parts that nearly cancel out leave their rounding */
        bound.moved = moved < bound.moved ? moved : bound.moved;
    }
    if (round->terms == 0) bound.moved = round->highest[bucket];
    return bound;
}

/* Whether the best unit is better than everything left out. */
static int beats_all_left_out(Round *round) {
    double slack = slack_of(round, round->score), drift = 0.0;
    if (!round->exact_balance) {
        for (int64_t k = 0; k < round->balances; k++) drift += round->balance[k].strength * drift_of(round->balance + k);
    }
    for (int64_t bucket = 0; bucket < round->buckets; bucket++) {
        if (round->highest[bucket] == -INFINITY) continue; /* nobody is left out */
        Bound bound = bound_of(round, bucket);
        if (!round->exact_balance) {
            if (!(round->score > bound.moved + drift + slack)) return 0;
            continue;
        }
        double estimated = bound.moved < bound.each ? bound.moved : bound.each;
        for (int64_t k = 0; k < round->balances; k++) {
            const Balance *b = round->balance + k;
            estimated += b->strength * b->values[b->group_of_bucket[bucket]];
        }
        if (round->score > estimated + slack) continue;
        for (int64_t k = 0; k < round->balances; k++) {
            Balance *b = round->balance + k;
            double value = b->strength * exact_value(b, b->group_of_bucket[bucket]);
            bound.each += value;
            bound.moved += value;
        }
        int first = round->score == bound.each && round->order[round->best] < round->first[bucket];
        if (!(round->score > bound.each || first || round->score > bound.moved + slack)) return 0;
    }
    return 1;
}

/* Find the best unit that is alive. Returns 1 if it is better than all that are left out, 0 if that is not known, 2 if
 * no unit is alive. */
EXPORT int64_t KERNEL(best_of_round)(int64_t address) {
    Round *round = (Round *)(intptr_t)address;
    int64_t width = 1;
    for (int64_t k = 0; k < round->nearnesses; k++) {
        width = padded(round->nearness[k].depth) > width ? padded(round->nearness[k].depth) : width;
    }
    float *raw = calloc((size_t)(width * (round->nearnesses ? round->nearnesses : 1)), sizeof *raw);
    if (!raw) return NO_MEMORY;
    for (int64_t k = 0; k < round->balances; k++) {
        if (estimate_values(round->balance + k)) {
            free(raw);
            return NO_MEMORY;
        }
    }
    for (int64_t i = 0; i < round->units; i++) round->upper[i] = estimate(round, i);
    round->best = -1;
    round->score = 0.0;
    /* A few of the highest first: the better the best is, the fewer others need a closer look. */
    for (int64_t tries = 0; tries < 4; tries++) {
        int64_t unit = highest_alive(round);
        if (unit < 0) break;
        consider(round, unit, raw, width);
        round->upper[unit] = -INFINITY;
    }
    double slack = slack_of(round, round->score);
    for (int64_t i = 0; i < round->units; i++) {
        if (round->alive[i] && round->upper[i] > -INFINITY &&
            (round->best < 0 || round->upper[i] + slack >= round->score)) {
            consider(round, i, raw, width);
        }
    }
    free(raw);
    if (round->best < 0) return 2;
    return beats_all_left_out(round);
}

/* Lower `nearest` of rows [0, count) to their distance to a new row where that is less; `limit` is its distance to the
 * nearest of them. `closer` gets the numbers of those rows; returns how many there are. */
EXPORT int64_t KERNEL(lower_selected)(const float *rows, int64_t count, int64_t width, const float *row, double limit,
                                      double *nearest, int64_t *closer) {
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        if (nearest[i] <= limit) continue;
        double distance = distance_below(rows + i * width, row, width, nearest[i]);
        if (distance < nearest[i]) {
            nearest[i] = distance;
            closer[found++] = i;
        }
    }
    return found;
}
