/* Tables of measures. Titles and names are the program's own and hold nothing that JSON would have to escape. */
#include "support/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void report_add(struct report *report, const char *name, const char *unit, double value, double min, double max)
{
    if (report->n == REPORT_ROWS_MAX)
        abort();
    struct report_row *row = &report->rows[report->n++];
    *row = (struct report_row){.unit = unit, .value = value, .min = min, .max = max};
    snprintf(row->name, sizeof row->name, "%s", name);
}

void report_tell(struct report *report, const char *name, const char *unit, double value)
{
    report_add(report, name, unit, value, -INFINITY, INFINITY);
}

static bool bounded(const struct report_row *row)
{
    return !isinf(row->min) || !isinf(row->max);
}

static bool row_ok(const struct report_row *row)
{
    return !bounded(row) || (row->value >= row->min && row->value <= row->max);
}

bool report_ok(const struct report *report)
{
    for (size_t i = 0; i < report->n; i++)
        if (!row_ok(&report->rows[i]))
            return false;
    return true;
}

static void print_wanted(char *out, size_t size, const struct report_row *row)
{
    if (!bounded(row))
        *out = 0;
    else if (isinf(row->min))
        snprintf(out, size, "<= %g", row->max);
    else if (isinf(row->max))
        snprintf(out, size, ">= %g", row->min);
    else
        snprintf(out, size, "%g to %g", row->min, row->max);
}

static void print_table(const struct report *report)
{
    printf("\n%s\n", report->title);
    for (size_t i = 0; i < report->n; i++) {
        const struct report_row *row = &report->rows[i];
        char value[32], wanted[48];
        snprintf(value, sizeof value, fabs(row->value) < 0.01 && row->value != 0 ? "%.1e" : "%.2f", row->value);
        print_wanted(wanted, sizeof wanted, row);
        const char *verdict = bounded(row) ? (row_ok(row) ? "ok" : "FAIL") : "";
        printf("  %-46s %10s %-10s %-16s %s\n", row->name, value, row->unit, wanted, verdict);
    }
}

static void print_number(const char *name, double x)
{
    if (isfinite(x))
        printf("\"%s\": %.9g, ", name, x);
    else
        printf("\"%s\": null, ", name);
}

static void print_json(const struct report *report)
{
    printf("{\"title\": \"%s\", \"measures\": [", report->title);
    for (size_t i = 0; i < report->n; i++) {
        const struct report_row *row = &report->rows[i];
        printf("%s\n {\"name\": \"%s\", \"unit\": \"%s\", ", i ? "," : "", row->name, row->unit);
        print_number("value", row->value);
        print_number("min", row->min);
        print_number("max", row->max);
        printf("\"ok\": %s}", row_ok(row) ? "true" : "false");
    }
    printf("]}");
}

void report_print(const struct report *reports, size_t n, bool json)
{
    for (size_t i = 0; i < n; i++) {
        if (!json)
            print_table(&reports[i]);
        else
            fputs(i ? ",\n" : "[", stdout);
        if (json)
            print_json(&reports[i]);
    }
    if (json)
        puts("]");
}
