/* What a unit of several rows gains. */
#ifndef SWATH_AGGREGATES_H
#define SWATH_AGGREGATES_H

#include "swath.h"

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

#endif
