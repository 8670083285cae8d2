/* The store: one stretch of floats taken whole at the start, which the system fills with memory as it is written, so that
 * offsets in it are good for ever and one pointer serves kernels and devices. Loader threads add under a lock; readers
 * take none, because what they can reach was written before they were told of it. */
#include "synth/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "rt/thread.h"
#include "synth/bandlimit.h"
#include "synth/memory.h"
#include "synth/wavetable.h"

#define SETS (AUR_TABLES_SHAPES / 2)

struct set {
    struct aur_table table;
    uint64_t source;
    float *frames; /* of its cycles */
    uint32_t n, partials;
};

struct aur_tables {
    struct aur_lock lock; /* of what is below; never taken by readers of values */
    struct set sets[SETS];
    uint32_t n_sets, n_shapes;
    bool builtin; /* atomic: render workers read it */
    float *values;
};

int aur_tables_new(struct aur_tables **out, struct aur_error *err)
{
    const size_t bytes = (size_t)AUR_TABLES_FLOATS * sizeof(float);
    struct aur_tables *tables = calloc(1, sizeof *tables);
    float *values = tables ? aur_memory_new(bytes) : NULL;
    *out = NULL;
    if (!values) {
        free(tables);
        return aur_error_set(err, AUR_ENOMEM, "out of memory for the session's wavetables");
    }
    aur_lock_init(&tables->lock);
    tables->values = values;
    tables->n_shapes = AUR_WAVE_SHAPES;
    *out = tables;
    return AUR_OK;
}

void aur_tables_free(struct aur_tables *tables)
{
    if (!tables)
        return;
    for (uint32_t i = 0; i < tables->n_sets; i++)
        free(tables->sets[i].frames);
    aur_lock_deinit(&tables->lock);
    free(tables->values);
    free(tables);
}

/* Under the lock. */
static void make_builtin(struct aur_tables *tables)
{
    if (tables->builtin)
        return;
    aur_wavetable_fill(tables->values);
    __atomic_store_n(&tables->builtin, true, __ATOMIC_RELEASE);
}

void aur_tables_builtin(struct aur_tables *tables)
{
    aur_lock_take(&tables->lock);
    make_builtin(tables);
    aur_lock_drop(&tables->lock);
}

bool aur_tables_have_builtin(const struct aur_tables *tables)
{
    return __atomic_load_n(&tables->builtin, __ATOMIC_ACQUIRE);
}

const float *aur_tables_values(const struct aur_tables *tables)
{
    return tables->values;
}

static uint64_t hash_of(const struct aur_cycles *cycles)
{
    return aur_hash_cycles(cycles->frames, (size_t)cycles->n * AUR_WAVE_FRAMES, cycles->n, cycles->partials);
}

static struct set *find(struct aur_tables *tables, uint64_t hash)
{
    for (uint32_t i = 0; i < tables->n_sets; i++)
        if (tables->sets[i].table.hash == hash)
            return &tables->sets[i];
    return NULL;
}

bool aur_tables_find(struct aur_tables *tables, struct aur_table *out, struct aur_cycles *cycles, uint64_t hash)
{
    aur_lock_take(&tables->lock);
    const struct set *set = find(tables, hash);
    if (set) {
        *out = set->table;
        *cycles = (struct aur_cycles){set->frames, set->n, set->partials};
    }
    aur_lock_drop(&tables->lock);
    return set != NULL;
}

bool aur_tables_find_source(struct aur_tables *tables, struct aur_table *out, uint64_t source)
{
    bool found = false;
    aur_lock_take(&tables->lock);
    for (uint32_t i = 0; i < tables->n_sets && !found; i++) {
        found = tables->sets[i].source == source;
        if (found)
            *out = tables->sets[i].table;
    }
    aur_lock_drop(&tables->lock);
    return found;
}

static int quiet(struct aur_error *err, uint32_t cycle, double power)
{
    if (power >= 0 && power < AUR_BANDLIMIT_QUIET)
        return aur_error_set(err, AUR_EINVAL, "cycle %u is silent", cycle + 1);
    return aur_error_set(err, AUR_EINVAL, "cycle %u holds what is not a sound: not a number, or beyond measure",
                         cycle + 1);
}

/* Writes the shapes behind the last ones. */
static int write_shapes(struct aur_tables *tables, struct aur_bandlimit *work, const struct aur_cycles *cycles,
                        struct aur_error *err)
{
    float *out = tables->values + (size_t)tables->n_shapes * AUR_WAVE_SHAPE_FLOATS;
    aur_bandlimit_init(work);
    for (uint32_t i = 0; i < cycles->n; i++) {
        const float *cycle = cycles->frames + (size_t)i * AUR_WAVE_FRAMES;
        double power = aur_bandlimit(work, out + (size_t)i * AUR_WAVE_SHAPE_FLOATS, cycle, cycles->partials);
        if (!(power >= AUR_BANDLIMIT_QUIET && power < 1e30))
            return quiet(err, i, power);
    }
    if (cycles->n == 1)
        memcpy(out + AUR_WAVE_SHAPE_FLOATS, out, AUR_WAVE_SHAPE_FLOATS * sizeof *out);
    return AUR_OK;
}

/* Under the lock; n_shapes and n_sets move on only when all is there. */
static int add(struct aur_tables *tables, struct aur_table *out, uint64_t source, uint64_t hash,
               const struct aur_cycles *cycles, struct aur_error *err)
{
    const uint32_t shapes = cycles->n == 1 ? 2 : cycles->n;
    const size_t bytes = (size_t)cycles->n * AUR_WAVE_FRAMES * sizeof *cycles->frames;
    if (tables->n_shapes + shapes > AUR_WAVE_SHAPES + AUR_TABLES_SHAPES || tables->n_sets == SETS)
        return aur_error_set(err, AUR_ELIMIT,
                             "the session's store of wavetables is full (%u of %d shapes, this needs %u); it empties "
                             "when the program starts anew",
                             tables->n_shapes - AUR_WAVE_SHAPES, AUR_TABLES_SHAPES, shapes);
    struct aur_bandlimit *work = malloc(sizeof *work);
    float *frames = malloc(bytes);
    int rc = AUR_ENOMEM;
    if (work && frames) {
        memcpy(frames, cycles->frames, bytes);
        rc = write_shapes(tables, work, cycles, err);
    } else {
        aur_error_set(err, AUR_ENOMEM, "out of memory for a wavetable");
    }
    free(work);
    if (rc < 0) {
        free(frames);
        return rc;
    }
    out->hash = hash;
    out->at = tables->n_shapes * AUR_WAVE_SHAPE_FLOATS;
    out->shapes = shapes;
    tables->sets[tables->n_sets++] = (struct set){*out, source, frames, cycles->n, cycles->partials};
    tables->n_shapes += shapes;
    return AUR_OK;
}

int aur_tables_add(struct aur_tables *tables, struct aur_table *out, uint64_t source, const struct aur_cycles *cycles,
                   struct aur_error *err)
{
    if (cycles->n < 1 || cycles->n > AUR_TABLE_CYCLES_MAX || cycles->partials < 1)
        return aur_error_set(err, AUR_EINVAL, "a wavetable has 1 to %d cycles", AUR_TABLE_CYCLES_MAX);
    const uint64_t hash = hash_of(cycles);
    int rc = AUR_OK;
    aur_lock_take(&tables->lock);
    struct set *set = find(tables, hash);
    if (set) {
        *out = set->table;
        set->source = source;
    } else {
        make_builtin(tables);
        rc = add(tables, out, source, hash, cycles, err);
    }
    aur_lock_drop(&tables->lock);
    return rc;
}
