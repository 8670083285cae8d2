/* Keyframes. Render thread for saving, any other for restoring.
 *
 * One walk through the state serves both ways, so what is written and what is read cannot come apart. Structs go whole,
 * without their pointers, which each synth has of its own: what somebody adds to a struct is saved without a word here. Lanes are taken one by
 * one out of their groups, and lines of effects by pieces of which those that hold nothing but zeros are left out. */
#include "synth/keyframe.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "synth/build.h"
#include "synth/inner.h"
#include "synth/tables.h"

#define MAGIC  0x31656d6172667961u
#define PIECE  64 /* floats */
#define PIECES 64 /* of which one word tells */

#define DAMAGED "a keyframe that is damaged, or none"

struct head {
    uint64_t magic, layout, frame, begun, bytes, hash; /* of all other bytes */
};

struct walk {
    bool saving;
    int rc;
    char *to;
    const char *from;
    size_t left;
    const struct aur_tables *tables;
    struct aur_error *err;
};

static void pass(struct walk *w, void *value, size_t bytes)
{
    if (w->rc == AUR_OK && bytes > w->left)
        w->rc = aur_error_set(w->err, AUR_EINVAL, DAMAGED);
    if (w->rc < 0)
        return;
    if (w->saving) {
        memcpy(w->to, value, bytes);
        w->to += bytes;
    } else {
        memcpy(value, w->from, bytes);
        w->from += bytes;
    }
    w->left -= bytes;
}

#define PASS(w, member) pass(w, &(member), sizeof(member))

/* ---- what is pointed to is each synth's own ---- */

#define AT(member) offsetof(struct aur_effects_chain, member)

static const size_t pointers[] = {
    AT(kernels),
    AT(reverb.kernels),
    AT(reverb.tank.diffuser[0]),
    AT(reverb.tank.diffuser[1]),
    AT(reverb.tank.tank),
    AT(reverb.line.l),
    AT(reverb.line.r),
    AT(reverb.memory),
    AT(delay.kernels),
    AT(delay.line.l),
    AT(delay.line.r),
    AT(chorus.kernels),
    AT(chorus.ring[0]),
    AT(chorus.ring[1]),
    AT(limiter.kernels),
};

static void pass_settings(struct walk *w, struct aur_effects_chain *fx)
{
    struct aur_effects_chain copy;
    memcpy(&copy, fx, sizeof copy);
    if (!w->saving)
        PASS(w, copy);
    for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++)
        if (w->saving)
            memset((char *)&copy + pointers[i], 0, sizeof(void *));
        else
            memcpy((char *)&copy + pointers[i], (const char *)fx + pointers[i], sizeof(void *));
    if (w->saving)
        PASS(w, copy);
    else if (w->rc == AUR_OK)
        memcpy(fx, &copy, sizeof copy);
}

/* ---- lines ---- */

static bool is_zero(const float *piece)
{
    uint32_t bits[PIECE], any = 0;
    memcpy(bits, piece, sizeof bits);
    for (int i = 0; i < PIECE; i++)
        any |= bits[i];
    return any == 0;
}

static void pass_line(struct walk *w, float *line, size_t floats)
{
    for (size_t at = 0; at < floats && w->rc == AUR_OK; at += PIECES * PIECE) {
        const size_t n = floats - at < PIECES * PIECE ? (floats - at) / PIECE : PIECES;
        uint64_t sounds = 0;
        for (size_t i = 0; w->saving && i < n; i++)
            sounds |= (uint64_t)!is_zero(line + at + i * PIECE) << i;
        PASS(w, sounds);
        for (; sounds && w->rc == AUR_OK; sounds &= sounds - 1)
            pass(w, line + at + (size_t)__builtin_ctzll(sounds) * PIECE, PIECE * sizeof *line);
    }
}

static void pass_effects(struct walk *w, struct aur_effects_chain *fx)
{
    pass_settings(w, fx);
    if (!fx->on || w->rc < 0)
        return;
    pass_line(w, fx->reverb.memory, fx->reverb.floats);
    pass_line(w, fx->delay.line.l, fx->delay.line.frames);
    pass_line(w, fx->delay.line.r, fx->delay.line.frames);
    pass_line(w, fx->chorus.ring[0], fx->chorus.mask + 1);
    pass_line(w, fx->chorus.ring[1], fx->chorus.mask + 1);
}

/* ---- voices ---- */

/* The user's table that a lane read may stand elsewhere in this store, and the built-in ones may not be there yet. */
static void find_table(struct walk *w, struct aur_group *group, int lane, uint64_t hash)
{
    struct aur_tables *tables = (struct aur_tables *)(uintptr_t)w->tables; /* it takes a lock */
    uint32_t *level = &group->more.wave.level[lane];
    struct aur_table table;
    struct aur_cycles cycles;
    if (*level < AUR_WAVE_FLOATS) {
        if (tables)
            aur_tables_builtin(tables);
        return;
    }
    if (!tables || !aur_tables_find(tables, &table, &cycles, hash)) {
        w->rc = aur_error_set(w->err, AUR_ENOTFOUND,
                              "a voice reads wavetable %016" PRIx64 ", which is not in the store", hash);
        return;
    }
    *level = table.at + *level % AUR_WAVE_SHAPE_FLOATS;
}

static void pass_group(struct walk *w, struct aur_buses *buses, const struct aur_bus *bus, uint32_t slot)
{
    struct aur_group *group = &buses->pool[slot];
    uint32_t *words = (uint32_t *)(void *)group;
    PASS(w, group->active);
    PASS(w, group->wide);
    PASS(w, group->smooth);
    for (uint32_t left = group->active; left && w->rc == AUR_OK; left &= left - 1) {
        const int lane = __builtin_ctz(left);
        uint32_t row[AUR_GROUP_WORDS];
        for (size_t i = 0; w->saving && i < AUR_GROUP_WORDS; i++)
            row[i] = words[i * AUR_LANES + (size_t)lane];
        PASS(w, buses->slots[slot][lane]);
        PASS(w, row);
        for (size_t i = 0; !w->saving && w->rc == AUR_OK && i < AUR_GROUP_WORDS; i++)
            words[i * AUR_LANES + (size_t)lane] = row[i];
        if (!w->saving && w->rc == AUR_OK && bus->voice == AUR_VOICE_WAVE)
            find_table(w, group, lane, buses->slots[slot][lane].table);
    }
}

static void pass_bus(struct walk *w, struct aur_buses *buses, int at)
{
    struct aur_bus *bus = &buses->buses[at];
    PASS(w, *bus);
    for (uint32_t i = 0; i < bus->n_groups && w->rc == AUR_OK; i++) {
        if (!w->saving)
            buses->owner[bus->groups[i]] = at;
        pass_group(w, buses, bus, bus->groups[i]);
    }
}

static void pass_buses(struct walk *w, struct aur_buses *buses)
{
    uint64_t used = 0;
    _Static_assert(AUR_BUSES <= 64, "a bit for each bus");
    for (int i = 0; i < AUR_BUSES; i++)
        used |= (uint64_t)buses->buses[i].used << i;
    PASS(w, used);
    PASS(w, buses->n_buses);
    PASS(w, buses->order);
    PASS(w, buses->n_order);
    PASS(w, buses->block);
    PASS(w, buses->notes);
    PASS(w, buses->next_end);
    PASS(w, buses->voices);
    PASS(w, buses->dropped);
    PASS(w, buses->caught);
    for (; used && w->rc == AUR_OK; used &= used - 1)
        pass_bus(w, buses, __builtin_ctzll(used));
}

/* ---- the synth ---- */

/* A phrase whose other notes are all cut off at the next block need not begin again. */
static bool has_begun(const struct aur_synth *synth)
{
    return synth->begun && !(synth->n_pending > 1 && synth->pending[1]->start_frame <= synth->buses.block * AUR_BLOCK);
}

static void pass_next_note(struct walk *w, struct aur_synth *synth)
{
    uint32_t note = has_begun(synth) ? synth->next_note : 0;
    PASS(w, note);
    if (!w->saving)
        synth->next_note = note;
}

static void pass_synth(struct walk *w, struct aur_synth *synth)
{
    PASS(w, synth->played);
    PASS(w, synth->end_frame);
    pass_next_note(w, synth);
    PASS(w, synth->blocks);
    PASS(w, synth->frames);
    PASS(w, synth->used);
    if (synth->used < AUR_BLOCK)
        PASS(w, synth->block);
    pass_buses(w, &synth->buses);
    pass_effects(w, &synth->effects);
}

size_t aur_synth_keyframe_bytes(const struct aur_synth *synth)
{
    const struct aur_effects_chain *fx = &synth->effects;
    const size_t lane = sizeof(struct aur_slot) + AUR_GROUP_WORDS * sizeof(uint32_t);
    size_t floats = 0;
    if (fx->on)
        floats = fx->reverb.floats + 2 * (size_t)fx->delay.line.most + 2 * ((size_t)fx->chorus.mask + 1);
    return sizeof(struct head) + sizeof(struct aur_synth) - sizeof synth->buses.slots +
           synth->buses.n_pool * (AUR_LANES * lane + 3 * sizeof(uint32_t)) + floats * sizeof(float) +
           (floats / (PIECE * PIECES) + 8) * sizeof(uint64_t);
}

uint64_t aur_synth_layout(const struct aur_synth *synth)
{
    const uint64_t parts[] = {
        AUR_SOUND_REVISION,
        synth->config.rate_hz,
        synth->config.effects,
        synth->config.max_voices,
        sizeof(struct aur_synth),
        sizeof(struct aur_group),
        sizeof(struct aur_bus),
        sizeof(struct aur_effects_chain),
        aur_synth_keyframe_bytes(synth),
    };
    return aur_hash64(parts, sizeof parts, aur_hash64(aur_synth_build, strlen(aur_synth_build), AUR_HASH_START));
}

/* Of `bytes`, which begin with a head; each eight of them count as a frame. */
static uint64_t hash_of(const struct head *head, const void *bytes)
{
    const uint64_t start = aur_hash64(head, offsetof(struct head, hash), AUR_HASH_START);
    const float *rest = (const float *)(const void *)((const char *)bytes + sizeof *head);
    return aur_hash_frames(rest, (head->bytes - sizeof *head) / (2 * sizeof(float)), start);
}

size_t aur_synth_save(const struct aur_synth *synth, void *out, size_t room)
{
    const struct aur_ahead *a = &synth->ahead;
    if (a->playing || a->next || a->has_live || room < aur_synth_keyframe_bytes(synth))
        return 0;
    struct walk w = {.saving = true, .to = (char *)out + sizeof(struct head), .left = room - sizeof(struct head)};
    pass_synth(&w, (struct aur_synth *)(uintptr_t)synth);
    while ((size_t)(w.to - (char *)out) % sizeof(uint64_t) && w.left > 0) {
        *w.to++ = 0;
        w.left--;
    }
    const size_t bytes = (size_t)(w.to - (char *)out);
    struct head head = {
        .magic = MAGIC,
        .layout = aur_synth_layout(synth),
        .frame = synth->frames,
        .begun = has_begun(synth) ? synth->pending[0]->number : AUR_KEYFRAME_NONE,
        .bytes = bytes,
    };
    head.hash = hash_of(&head, out);
    memcpy(out, &head, sizeof head);
    return w.rc < 0 ? 0 : bytes;
}

static int damaged(struct aur_error *err)
{
    return aur_error_set(err, AUR_EINVAL, DAMAGED);
}

static int read_head(struct head *head, const void *bytes, size_t len, struct aur_error *err)
{
    if (len < sizeof *head)
        return damaged(err);
    memcpy(head, bytes, sizeof *head);
    return head->magic == MAGIC && head->bytes == len ? AUR_OK : damaged(err);
}

int aur_synth_keyframe_read(struct aur_synth_keyframe *out, const void *bytes, size_t len, struct aur_error *err)
{
    struct head head;
    int rc = read_head(&head, bytes, len, err);
    if (rc == AUR_OK)
        *out = (struct aur_synth_keyframe){head.layout, head.frame, head.begun};
    return rc;
}

static int check(const struct aur_synth *synth, const struct head *head, const void *bytes,
                 const struct aur_phrase *begun, struct aur_error *err)
{
    if (head->layout != aur_synth_layout(synth))
        return aur_error_set(err, AUR_EINVAL, "a keyframe of another build or configuration (layout %016" PRIx64 ")",
                             head->layout);
    if (head->hash != hash_of(head, bytes))
        return damaged(err);
    if (synth->frames || synth->n_pending || synth->n_retired)
        return aur_error_set(err, AUR_EINVAL, "a keyframe goes into a synth that has not begun");
    if (head->begun != (begun ? begun->number : AUR_KEYFRAME_NONE))
        return aur_error_set(err, AUR_EINVAL, "the keyframe goes on with phrase %" PRId64 ", not with the one given",
                             (int64_t)head->begun);
    return AUR_OK;
}

/* What a device is sent of the tables. */
static void count_tables(struct aur_buses *buses)
{
    for (int i = 0; i < AUR_BUSES; i++) {
        const struct aur_bus *bus = &buses->buses[i];
        for (uint32_t g = 0; bus->used && bus->voice == AUR_VOICE_WAVE && g < bus->n_groups; g++)
            for (int lane = 0; lane < AUR_LANES; lane++) {
                const struct aur_wave_lanes *wave = &buses->pool[bus->groups[g]].more.wave;
                const uint32_t shape = wave->level[lane] / AUR_WAVE_SHAPE_FLOATS + (uint32_t)wave->most[lane] + 2;
                const uint32_t end = shape * AUR_WAVE_SHAPE_FLOATS;
                buses->table_floats = end > buses->table_floats ? end : buses->table_floats;
            }
    }
}

static void go_on(struct aur_synth *synth, const struct aur_phrase *begun)
{
    if (!begun)
        return;
    synth->pending[synth->n_pending++] = begun;
    synth->begun = true;
    for (uint32_t i = 0; i < begun->n_patches; i++) {
        const struct aur_table *table = &begun->patches[i].table;
        const uint32_t end = table->at + table->shapes * AUR_WAVE_SHAPE_FLOATS;
        synth->buses.table_floats = end > synth->buses.table_floats ? end : synth->buses.table_floats;
        aur_plan_init(&synth->plans[i], &begun->patches[i]);
    }
}

int aur_synth_restore(struct aur_synth *synth, const void *bytes, size_t len, const struct aur_phrase *begun,
                      struct aur_error *err)
{
    struct head head;
    int rc = read_head(&head, bytes, len, err);
    if (rc == AUR_OK)
        rc = check(synth, &head, bytes, begun, err);
    if (rc < 0)
        return rc;
    struct walk w = {.from = (const char *)bytes + sizeof head,
                     .left = len - sizeof head,
                     .tables = synth->config.tables,
                     .err = err};
    pass_synth(&w, synth);
    if (w.rc < 0)
        return w.rc;
    count_tables(&synth->buses);
    go_on(synth, begun);
    return AUR_OK;
}
