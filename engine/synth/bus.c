/* Voice allocation and the mix of buses. Render thread: everything is in arrays made beforehand.
 *
 * A group holds voices of one bus only, so a bus's sum, its sends and its stem come for free. Groups come from one pool
 * that is twice as large as the voices need, because the last group of each bus is rarely full. */
#include "synth/bus.h"

#include <string.h>

#include "synth/job.h"
#include "synth/voice.h"

uint32_t aur_buses_pool(uint32_t max_voices)
{
    uint32_t n = max_voices / AUR_LANES + AUR_BUSES + 16;
    return n < 2 * AUR_GROUPS_BUS ? n : 2 * AUR_GROUPS_BUS;
}

void aur_buses_init(struct aur_buses *buses, const struct aur_kernels *kernels, uint32_t rate_hz, uint32_t max_voices,
                    struct aur_group *pool, const float *tables)
{
    memset(buses, 0, sizeof *buses);
    buses->kernels = kernels;
    buses->rate_hz = rate_hz;
    buses->max_voices = max_voices;
    buses->n_pool = aur_buses_pool(max_voices);
    buses->pool = pool;
    buses->tables = tables;
    buses->table_floats = AUR_WAVE_FLOATS;
    memset(pool, 0, buses->n_pool * sizeof *pool);
    for (int i = 0; i < 2 * AUR_GROUPS_BUS; i++)
        buses->owner[i] = AUR_NO_BUS;
}

static bool is_for(const struct aur_bus *bus, const struct aur_patch *patch)
{
    return bus->used && bus->voice == patch->voice && strcmp(bus->name, patch->name) == 0;
}

static struct aur_bus *find_bus(struct aur_buses *buses, const struct aur_patch *patch)
{
    for (int i = 0; i < AUR_BUSES; i++)
        if (is_for(&buses->buses[i], patch))
            return &buses->buses[i];
    return NULL;
}

static struct aur_bus *free_bus(struct aur_buses *buses)
{
    for (int i = 0; i < AUR_BUSES; i++)
        if (!buses->buses[i].used)
            return &buses->buses[i];
    return NULL;
}

/* The bus of a patch; a new one, or one that is silent, has the patch's gains at once. */
static void want_bus(struct aur_buses *buses, const struct aur_patch *patch, uint32_t glide_blocks)
{
    struct aur_bus *bus = find_bus(buses, patch);
    if (!bus) {
        bus = free_bus(buses);
        if (!bus)
            return;
        memset(bus, 0, sizeof *bus);
        bus->used = true;
        if (bus - buses->buses >= buses->n_buses)
            buses->n_buses = (int)(bus - buses->buses) + 1;
        bus->voice = patch->voice;
        memcpy(bus->name, patch->name, sizeof bus->name);
    }
    if (bus->n_groups == 0)
        glide_blocks = 0;
    struct aur_plan plan;
    aur_plan_init(&plan, patch);
    bus->wanted = true;
    aur_glide_to(&bus->level, aur_plan_gain(plan.level), glide_blocks);
    aur_glide_to(&bus->reverb, plan.reverb, glide_blocks);
    aur_glide_to(&bus->delay, plan.delay, glide_blocks);
    aur_glide_to(&bus->chorus, plan.chorus, glide_blocks);
}

static void drop_unused(struct aur_bus *bus)
{
    if (bus->used && !bus->wanted && bus->n_groups == 0)
        bus->used = false;
}

static bool is_wanted(const struct aur_bus *bus, const struct aur_phrase *phrase)
{
    for (uint32_t k = 0; k < phrase->n_patches; k++)
        if (is_for(bus, &phrase->patches[k]))
            return true;
    return false;
}

bool aur_buses_outlive(const struct aur_buses *buses, const struct aur_phrase *phrase)
{
    for (int i = 0; i < AUR_BUSES; i++)
        if (buses->buses[i].used && buses->buses[i].n_groups > 0 && !is_wanted(&buses->buses[i], phrase))
            return true;
    return false;
}

/* A voice ends there: not before has anything to be tidied up. */
static void ends_at(struct aur_buses *buses, uint64_t block)
{
    buses->next_end = block < buses->next_end ? block : buses->next_end;
}

static void steal(struct aur_buses *buses, uint32_t group, int lane)
{
    struct aur_slot *slot = &buses->slots[group][lane];
    aur_voice_fade(&buses->pool[group], lane);
    slot->fading = true;
    uint64_t end = buses->block + AUR_VOICE_FADE_BLOCKS + 1;
    slot->end_block = slot->end_block < end ? slot->end_block : end;
    ends_at(buses, slot->end_block);
    buses->voices--;
}

/* Its voices fade, whatever they were at. */
static void fade(struct aur_buses *buses, const struct aur_bus *bus)
{
    for (uint32_t i = 0; i < bus->n_groups; i++)
        for (uint32_t left = buses->pool[bus->groups[i]].active; left; left &= left - 1)
            if (!buses->slots[bus->groups[i]][__builtin_ctz(left)].fading)
                steal(buses, bus->groups[i], __builtin_ctz(left));
}

/* Those that went before this phrase, longest ago first, until the next phrase will find as many as it may want. */
static void make_buses(struct aur_buses *buses)
{
    struct aur_bus *older[AUR_BUSES];
    int n = 0, used = 0;
    for (int i = 0; i < AUR_BUSES; i++) {
        struct aur_bus *bus = &buses->buses[i];
        used += bus->used;
        if (!bus->used || bus->wanted || bus->gone >= buses->block)
            continue;
        int at = n++;
        for (; at > 0 && older[at - 1]->gone > bus->gone; at--)
            older[at] = older[at - 1];
        older[at] = bus;
    }
    for (int i = 0; i < n && used > AUR_BUSES - AUR_PATCHES_MAX; i++, used--)
        fade(buses, older[i]);
}

/* By name, so that the order of a sum depends on what is played alone and not on the past. */
static void put_in_order(struct aur_buses *buses)
{
    buses->n_order = 0;
    for (int i = 0; i < AUR_BUSES; i++) {
        struct aur_bus *bus = &buses->buses[i];
        uint32_t at = buses->n_order;
        if (!bus->used)
            continue;
        for (; at > 0 && strcmp(buses->buses[buses->order[at - 1]].name, bus->name) > 0; at--)
            buses->order[at] = buses->order[at - 1];
        buses->order[at] = (uint8_t)i;
        buses->n_order++;
    }
    struct aur_bus *before = NULL;
    for (uint32_t i = 0; i < buses->n_order; i++) {
        struct aur_bus *bus = &buses->buses[buses->order[i]];
        bus->shares = before && strcmp(bus->name, before->name) == 0;
        bus->stem = bus->shares ? before->stem : i;
        if (bus->shares)
            before->shares = true;
        before = bus;
    }
}

void aur_buses_begin(struct aur_buses *buses, const struct aur_phrase *phrase, uint32_t glide_blocks)
{
    for (int i = 0; i < AUR_BUSES; i++) {
        struct aur_bus *bus = &buses->buses[i];
        bool wanted = bus->wanted;
        bus->wanted = is_wanted(bus, phrase);
        if (wanted && !bus->wanted)
            bus->gone = buses->block;
        drop_unused(bus);
    }
    for (uint32_t k = 0; k < phrase->n_patches; k++) {
        const struct aur_table *table = &phrase->patches[k].table;
        const uint32_t end = table->at + table->shapes * AUR_WAVE_SHAPE_FLOATS;
        buses->table_floats = end > buses->table_floats ? end : buses->table_floats;
        want_bus(buses, &phrase->patches[k], glide_blocks);
    }
    put_in_order(buses);
    make_buses(buses);
}

static void end_voice(struct aur_buses *buses, struct aur_bus *bus, uint32_t group, int lane)
{
    buses->pool[group].active &= ~(1u << lane);
    bus->voices--;
    if (!buses->slots[group][lane].fading)
        buses->voices--;
}

/* The note ends here, if it has not ended; returns the blocks until it has fallen silent. */
static uint64_t release_lane(struct aur_group *group, int lane)
{
    if (!aur_voice_releasing(group, lane))
        group->off[lane] = group->t[lane];
    float blocks = 1 / group->inv_release[lane] - (group->t[lane] - group->off[lane]);
    return (uint64_t)(blocks > 0 ? blocks : 0) + 2;
}

static void release(struct aur_buses *buses, const struct aur_bus *bus)
{
    for (uint32_t i = 0; i < bus->n_groups; i++) {
        const uint32_t group = bus->groups[i];
        for (uint32_t left = buses->pool[group].active; left; left &= left - 1) {
            const int lane = __builtin_ctz(left);
            struct aur_slot *slot = &buses->slots[group][lane];
            uint64_t end = buses->block + release_lane(&buses->pool[group], lane);
            slot->end_block = end < slot->end_block ? end : slot->end_block;
            ends_at(buses, slot->end_block);
        }
    }
}

void aur_buses_release(struct aur_buses *buses, bool all)
{
    for (int i = 0; i < AUR_BUSES; i++)
        if (buses->buses[i].used && (all || !buses->buses[i].wanted))
            release(buses, &buses->buses[i]);
}

/* Whom to take the slot from: the quietest of those released, else the oldest. */
struct victim {
    bool found, releasing;
    float level;
    uint64_t order;
    uint32_t group;
    int lane;
};

static void consider(struct victim *v, const struct aur_buses *buses, uint32_t group, int lane)
{
    const struct aur_slot *slot = &buses->slots[group][lane];
    if (!(buses->pool[group].active >> lane & 1) || slot->fading)
        return;
    struct victim other = {true,
                           aur_voice_releasing(&buses->pool[group], lane),
                           aur_voice_level(&buses->pool[group], lane),
                           slot->start_order,
                           group,
                           lane};
    bool better = !v->found || (other.releasing && !v->releasing);
    if (v->found && other.releasing == v->releasing)
        better = other.releasing ? other.level < v->level : other.order < v->order;
    if (better)
        *v = other;
}

static void make_room(struct aur_buses *buses)
{
    if (buses->voices < buses->max_voices)
        return;
    struct victim victim = {0};
    for (uint32_t group = 0; group < buses->n_pool; group++)
        for (int lane = 0; lane < AUR_LANES; lane++)
            consider(&victim, buses, group, lane);
    if (victim.found)
        steal(buses, victim.group, victim.lane);
}

static int free_lane(const struct aur_group *group)
{
    return group->active == 0xffff ? -1 : __builtin_ctz(~group->active);
}

/* The first free lane of the bus, in a new group if need be. */
static bool find_lane(struct aur_buses *buses, struct aur_bus *bus, uint32_t *group, int *lane)
{
    for (uint32_t i = 0; i < bus->n_groups; i++) {
        *lane = free_lane(&buses->pool[bus->groups[i]]);
        if (*lane >= 0) {
            *group = bus->groups[i];
            return true;
        }
    }
    for (uint32_t i = 0; i < buses->n_pool && bus->n_groups < AUR_GROUPS_BUS; i++)
        if (buses->owner[i] == AUR_NO_BUS) {
            buses->owner[i] = (int)(bus - buses->buses);
            bus->groups[bus->n_groups++] = (uint16_t)i;
            memset(&buses->pool[i], 0, sizeof buses->pool[i]);
            if (buses->job)
                aur_job_open_group(buses->job, (uint32_t)(bus - buses->buses), bus->voice, i);
            *group = i;
            *lane = 0;
            return true;
        }
    return false;
}

void aur_buses_note(struct aur_buses *buses, const struct aur_patch *patch, const struct aur_plan *plan,
                    const struct aur_note *note, uint64_t phrase)
{
    struct aur_bus *bus = find_bus(buses, patch);
    uint32_t group;
    int lane;
    if (note->velocity_q16 == 0)
        return;
    make_room(buses);
    if (!bus || !find_lane(buses, bus, &group, &lane)) {
        buses->dropped++;
        return;
    }
    struct aur_group *into = buses->job ? &buses->job->scratch : &buses->pool[group];
    uint64_t blocks = aur_voice_start(into, lane, plan, note, phrase, buses->rate_hz);
    if (buses->job) {
        aur_job_start(buses->job, group, lane);
        buses->pool[group].active |= 1u << lane;
    }
    buses->slots[group][lane] =
        (struct aur_slot){.end_block = buses->block + blocks, .start_order = buses->notes++, .table = plan->table.hash};
    ends_at(buses, buses->block + blocks);
    bus->voices++;
    buses->voices++;
}

/* Ends what has fallen silent; gives back groups without voices, the rest stay in order. */
static void tidy(struct aur_buses *buses, struct aur_bus *bus)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < bus->n_groups; i++) {
        uint32_t group = bus->groups[i];
        for (uint32_t left = buses->pool[group].active; left; left &= left - 1) {
            int lane = __builtin_ctz(left);
            if (buses->slots[group][lane].end_block <= buses->block)
                end_voice(buses, bus, group, lane);
            else
                ends_at(buses, buses->slots[group][lane].end_block);
        }
        if (buses->pool[group].active)
            bus->groups[kept++] = (uint16_t)group;
        else {
            buses->owner[group] = AUR_NO_BUS;
            if (buses->job)
                aur_job_drop_group(buses->job, group);
        }
    }
    bus->n_groups = kept;
}

/* A bus whose sum is not a number starts anew: its voices end. */
static void silence(struct aur_buses *buses, struct aur_bus *bus)
{
    for (uint32_t i = 0; i < bus->n_groups; i++)
        for (int lane = 0; lane < AUR_LANES; lane++)
            if (buses->pool[bus->groups[i]].active >> lane & 1)
                end_voice(buses, bus, bus->groups[i], lane);
    buses->caught++;
    buses->next_end = buses->block;
    tidy(buses, bus);
}

static void render_bus(struct aur_buses *buses, struct aur_bus *bus, const struct aur_bus_pair *pair,
                       struct aur_sends *out, struct aur_stem *stem, const struct aur_voice_control *control)
{
    struct aur_stereo memory;
    struct aur_bus_gains gains;
    aur_bus_gains_next(&gains, bus);
    if (bus->n_groups == 0)
        return;
    const struct aur_stereo *sum = aur_bus_sum(&memory, pair, buses, bus, control);
    if (sum)
        aur_bus_mix(buses->kernels, out, stem, bus->name, sum, &gains);
    else
        silence(buses, bus);
}

void aur_buses_next(struct aur_buses *buses)
{
    if (++buses->block < buses->next_end)
        return;
    buses->next_end = UINT64_MAX;
    const int n = buses->n_buses;
    buses->n_buses = 0;
    for (int i = 0; i < n; i++) {
        tidy(buses, &buses->buses[i]);
        drop_unused(&buses->buses[i]);
        if (buses->buses[i].used)
            buses->n_buses = i + 1;
    }
}

void aur_buses_render(struct aur_buses *buses, struct aur_sends *out, const struct aur_voice_control *control)
{
    struct aur_bus_pair pair;
    struct aur_stem stem;
    stem.open = false;
    aur_bus_pair_sum(&pair, buses, control);
    for (uint32_t i = 0; i < buses->n_order; i++) {
        struct aur_bus *bus = &buses->buses[buses->order[i]];
        if (bus->used)
            render_bus(buses, bus, &pair, out, &stem, control);
    }
    aur_stem_end(buses->kernels, out, &stem);
    aur_buses_next(buses);
}
