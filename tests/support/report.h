/* A table of measures, each with what is wanted, for people or as JSON. Plain data; one thread at a time. */
#ifndef AUR_TESTS_REPORT_H
#define AUR_TESTS_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#define REPORT_ROWS_MAX 64

struct report_row {
    char name[64];
    const char *unit;
    double value, min, max; /* infinite: no bound on that side */
};

struct report {
    char title[160];
    struct report_row rows[REPORT_ROWS_MAX];
    size_t n;
};

void report_add(struct report *report, const char *name, const char *unit, double value, double min, double max);
/* A measure that nothing is wanted of. */
void report_tell(struct report *report, const char *name, const char *unit, double value);
bool report_ok(const struct report *report); /* NaN is not ok where something is wanted */
/* To stdout: tables, or one JSON array of {"title", "measures": [{"name", "unit", "value", "min", "max", "ok"}]}. */
void report_print(const struct report *reports, size_t n, bool json);

#endif
