/* Writing metrics in Prometheus' text format, version 0.0.4: families one after the other, the samples of each together.
 * Pure; any thread. */
#ifndef AUR_NET_EXPOSITION_H
#define AUR_NET_EXPOSITION_H

#include "base/buf.h"
#include "base/histogram.h"

#define AUR_EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct aur_label { /* name NULL: none */
    const char *name, *value;
};

/* "# HELP" and "# TYPE"; type: "counter", "gauge", "histogram". about: one line. */
void aur_put_family(struct aur_buf *out, const char *name, const char *type, const char *about);

/* A sample with up to two labels. */
void aur_put_count(struct aur_buf *out, const char *name, struct aur_label a, struct aur_label b, uint64_t value);
void aur_put_gauge(struct aur_buf *out, const char *name, struct aur_label a, struct aur_label b, double value);
/* All samples of a histogram; copy->bounds NULL: nothing. */
void aur_put_histogram(struct aur_buf *out, const char *name, struct aur_label a, struct aur_label b,
                       const struct aur_histogram_copy *copy);

#endif
