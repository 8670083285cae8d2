/* The text format of metrics. Any thread. Numbers are written so that they read back as the same double. */
#include "net/exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void aur_put_family(struct aur_buf *out, const char *name, const char *type, const char *about)
{
    aur_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, about, name, type);
}

static void put_label(struct aur_buf *out, const char *before, struct aur_label label)
{
    aur_buf_printf(out, "%s%s=\"", before, label.name);
    for (const char *c = label.value; *c; c++) {
        const char escaped[] = {'\\', *c == '\n' ? 'n' : *c};
        bool special = *c == '\\' || *c == '"' || *c == '\n';
        aur_buf_add(out, special ? escaped : c, special ? 2 : 1);
    }
    aur_buf_text(out, "\"");
}

static void put_name(struct aur_buf *out, const char *name, const char *suffix, const struct aur_label *labels,
                     size_t n)
{
    bool any = false;
    aur_buf_printf(out, "%s%s", name, suffix);
    for (size_t i = 0; i < n; i++)
        if (labels[i].name) {
            put_label(out, any ? "," : "{", labels[i]);
            any = true;
        }
    aur_buf_text(out, any ? "} " : " ");
}

/* The shortest form that reads back as the same. */
static void number_text(char out[32], double value)
{
    if (isnan(value))
        snprintf(out, 32, "NaN");
    else if (isinf(value))
        snprintf(out, 32, value > 0 ? "+Inf" : "-Inf");
    else
        for (int digits = 6; digits <= 17; digits++) {
            snprintf(out, 32, "%.*g", digits, value);
            if (strtod(out, NULL) == value)
                return;
        }
}

void aur_put_gauge(struct aur_buf *out, const char *name, struct aur_label a, struct aur_label b, double value)
{
    const struct aur_label labels[] = {a, b};
    char text[32];
    number_text(text, value);
    put_name(out, name, "", labels, 2);
    aur_buf_printf(out, "%s\n", text);
}

void aur_put_count(struct aur_buf *out, const char *name, struct aur_label a, struct aur_label b, uint64_t value)
{
    const struct aur_label labels[] = {a, b};
    put_name(out, name, "", labels, 2);
    aur_buf_printf(out, "%" PRIu64 "\n", value);
}

void aur_put_histogram(struct aur_buf *out, const char *name, struct aur_label a, struct aur_label b,
                       const struct aur_histogram_copy *copy)
{
    const struct aur_histogram_bounds *bounds = copy->bounds;
    uint64_t n = 0;
    if (!bounds)
        return;
    for (uint32_t i = 0; i <= bounds->n; i++) {
        char bound[32] = "+Inf", sum[32];
        if (i < bounds->n)
            number_text(bound, (double)bounds->at[i] / (double)bounds->one);
        n += copy->counts[i];
        const struct aur_label labels[] = {a, b, {"le", bound}};
        put_name(out, name, "_bucket", labels, 3);
        aur_buf_printf(out, "%" PRIu64 "\n", n);
        if (i < bounds->n)
            continue;
        number_text(sum, (double)copy->sum / (double)bounds->one);
        put_name(out, name, "_sum", labels, 2);
        aur_buf_printf(out, "%s\n", sum);
        put_name(out, name, "_count", labels, 2);
        aur_buf_printf(out, "%" PRIu64 "\n", n);
    }
}
