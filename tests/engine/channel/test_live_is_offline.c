/* The one promise everything rests on, with the real rooms: what a channel streams is, bit for bit, what the same session
 * and synth give offline, pulled in other lengths and committed at other times, through controls of both kinds. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "channel/internal.h"
#include "support/unit.h"
#include "synth/backend.h"
#include "synth/tables.h"
#include "wire/pcm.h"

#define RATE   44100u
#define CHUNK  4410u
#define CHUNKS USUAL_OR_SANITIZED(300u, 250u)
#define FRAMES ((uint64_t)CHUNKS * CHUNK)

#define ALL_PIECES USUAL_OR_SANITIZED(1, 0) /* also where voices are rendered ahead */

struct turn { /* a control message after so many chunks */
    uint64_t after_chunk;
    int bpm;
    double intensity, level;
};

static const struct turn turns[] = {
    {7, 200, 0.5, 1.0}, {75, 200, 0.9, 0.6}, {150, 120, 0.2, 0.6}, {190, 60, 0.7, 0.3}, {240, 200, 1.0, 1.0},
};

#define TURNS (sizeof turns / sizeof *turns)

static uint64_t n_turns = TURNS;
static struct aur_backend *backend; /* of the live side; NULL: none */

static struct aur_tables *tables; /* of both sides */

/* In the place of files: cycles that depend on the file's name. */
static int load_table(void *user, struct aur_table *out, const struct aur_table_request *request, struct aur_error *err)
{
    static float frames[AUR_TABLE_CYCLES_MAX * AUR_WAVE_FRAMES];
    const struct aur_cycles cycles = {frames, request->cycles, 256};
    uint64_t key = aur_rand_key(1, 0, request->file);
    (void)user;
    for (size_t i = 0; i < (size_t)request->cycles * AUR_WAVE_FRAMES; i++)
        frames[i] = (float)aur_rand_unit(key, i);
    return aur_tables_add(tables, out, key, &cycles, err);
}

static void builtin(void *user)
{
    (void)user;
    aur_tables_builtin(tables);
}

static struct aur_piece *piece_of(const char *path)
{
    struct aur_piece *piece = NULL;
    struct aur_error err = {0};
    const struct aur_table_loader loader = {.load = load_table, .builtin = builtin};
    struct aur_piece_source source = {.path = path, .lib_dir = AURALIS_SOURCE_DIR "/scripts/lib", .tables = &loader};
    if (aur_piece_load(&piece, &source, &err) != 0)
        fail_msg("%s", err.message);
    return piece;
}

static struct aur_synth_config synth_config(void)
{
    return (struct aur_synth_config){.rate_hz = RATE, .isa = aur_isa_best(), .effects = true, .tables = tables};
}

static void turn(struct aur_controls *controls, const struct turn *t)
{
    controls->bpm = t->bpm;
    controls->intensity = t->intensity;
    controls->level = t->level;
}

/* ---- live ---- */

#define PHRASES 64

struct phrases { /* which controls each phrase was made with */
    struct aur_controls controls[PHRASES];
    uint64_t n;
};

static uint64_t fake_clock(void *user)
{
    return *(uint64_t *)user;
}

static void stream(float *out, int16_t *s16, struct phrases *phrases, const struct aur_piece *piece)
{
    uint64_t now = 1;
    struct aur_channel *ch = NULL;
    struct aur_error err = {0};
    struct aur_channel_config config = {
        .name = "main", .piece = piece, .seed = 42, .synth = synth_config(), .chunk_frames = CHUNK};
    aur_controls_default(&config.controls, &aur_piece_describe(piece)->controls);
    config.controls.bpm = 200;
    struct aur_controls controls = config.controls;
    config.synth.backend = backend;
    if (aur_channel_new(&ch, &config, NULL, fake_clock, &now, &err) != 0)
        fail_msg("%s", err.message);
    for (uint64_t k = 0, t = 0; k < CHUNKS; k++) {
        struct aur_msg_phrase reply;
        while (t < n_turns && turns[t].after_chunk == k) {
            turn(&controls, &turns[t++]);
            aur_channel_control(ch, &reply, &controls, NULL);
        }
        while (aur_channel_published(ch) == k * CHUNK)
            now = aur_channel_render_step(ch, now);
        while (aur_channel_compose_step(ch))
            ;
        aur_channel_encode_step(ch);
        const void *slot;
        assert_int_equal(aur_cast_read(ch->audio, &slot, k), 0);
        memcpy(out + k * CHUNK * 2, ((const struct aur_chunk *)slot)->samples, CHUNK * 2 * sizeof *out);
        aur_pcm_s16(s16 + k * CHUNK * 2, ((const struct aur_chunk *)slot)->samples, (size_t)CHUNK * 2);
        struct aur_channel_event event;
        while (aur_channel_event(ch, &event)) {
            if (event.type != AUR_EVENT_PHRASE)
                fail_msg("event %d: %s", event.type, event.error.message);
            assert_int_equal(event.phrase.phrase, phrases->n);
            phrases->controls[phrases->n++] = event.phrase.controls;
        }
    }
    aur_channel_free(ch);
}

/* ---- offline ---- */

struct offline {
    struct aur_synth *synth;
    struct aur_session session;
    const struct phrases *phrases;
    struct aur_phrase *made[PHRASES];
    size_t n_made;
};

static void commit_some(struct offline *off, uint64_t until)
{
    struct aur_error err = {0};
    while (aur_synth_retired(off->synth))
        ; /* kept in `made` until the end */
    while (off->session.next_number < off->phrases->n && off->session.next_frame <= until) {
        struct aur_phrase *phrase;
        const struct aur_controls *controls = &off->phrases->controls[off->session.next_number];
        if (aur_session_next(&off->session, &phrase, controls, &err) != 0)
            fail_msg("%s", err.message);
        assert_true(off->n_made < PHRASES);
        off->made[off->n_made++] = phrase;
        assert_int_equal(aur_synth_commit(off->synth, phrase), 0);
    }
}

static void live_at(struct aur_synth *synth, const struct aur_controls *controls)
{
    struct aur_live live = {(float)controls->level, (float)controls->brightness, (float)controls->intensity};
    aur_synth_live(synth, &live);
}

static void pull(float *out, const struct phrases *phrases, const struct aur_piece *piece)
{
    struct aur_synth_config config = synth_config();
    struct offline off = {.phrases = phrases};
    struct aur_controls controls;
    uint64_t key = aur_rand_key(1, 0, "lengths"), draws = 0, t = 0;
    config.isa = aur_isa_supported(AUR_ISA_SSE2) ? AUR_ISA_SSE2 : AUR_ISA_SCALAR; /* and by other instructions */
    assert_int_equal(aur_synth_new(&off.synth, &config, NULL), 0);
    aur_session_init(&off.session, piece, 42, RATE);
    aur_controls_default(&controls, &aur_piece_describe(piece)->controls);
    live_at(off.synth, &controls);
    for (uint64_t frame = 0; frame < FRAMES;) {
        while (t < n_turns && turns[t].after_chunk * CHUNK == frame) {
            turn(&controls, &turns[t++]);
            live_at(off.synth, &controls);
        }
        uint64_t end = t < n_turns ? turns[t].after_chunk * CHUNK : FRAMES;
        uint64_t n = 1 + aur_rand_at(key, draws++) % 3000;
        n = n < end - frame ? n : end - frame;
        commit_some(&off, frame + RATE / 2 + n);
        aur_synth_render(off.synth, out + frame * 2, n);
        frame += n;
    }
    aur_synth_free(off.synth);
    for (size_t i = 0; i < off.n_made; i++)
        aur_phrase_free(off.made[i]);
    aur_session_deinit(&off.session);
}

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void compare(const char *path)
{
    struct aur_piece *piece = piece_of(path);
    struct phrases phrases = {0};
    float *live = calloc(FRAMES * 2, sizeof *live), *offline = calloc(FRAMES * 2, sizeof *offline);
    int16_t *sent = calloc(FRAMES * 2, sizeof *sent), *file = calloc(FRAMES * 2, sizeof *file);
    assert_non_null(live);
    assert_non_null(offline);
    assert_non_null(sent);
    assert_non_null(file);
    stream(live, sent, &phrases, piece);
    assert_true(phrases.n >= 3);
    pull(offline, &phrases, piece);
    aur_pcm_s16(file, offline, FRAMES * 2);
    double power = 0;
    for (uint64_t i = 0; i < FRAMES * 2; i++) {
        if (bits_of(live[i]) != bits_of(offline[i]) || sent[i] != file[i])
            fail_msg("%s: frame %llu differs", path, (unsigned long long)(i / 2));
        power += (double)live[i] * (double)live[i];
    }
    assert_true(power > 1); /* it was music */
    free(live);
    free(offline);
    free(sent);
    free(file);
    aur_piece_free(piece);
}

static void short_phrases(void **state)
{
    (void)state;
    compare(AURALIS_SOURCE_DIR "/tests/engine/channel/pieces/short.lua");
}

static void tables_of_users(void **state)
{
    (void)state;
    compare(AURALIS_SOURCE_DIR "/tests/engine/channel/pieces/tables.lua");
}

static void the_default_piece(void **state)
{
    (void)state;
    compare(AURALIS_SOURCE_DIR "/scripts/ambient.lua");
}

static int open_cpu(struct aur_device *out, struct aur_error *err)
{
    (void)err;
    aur_device_cpu(out, aur_kernels_get(AUR_ISA_SCALAR));
    return AUR_OK;
}

/* Phrases are committed earlier then, and told when they begin all the same. Live controls act with the next job. */
static void voices_rendered_ahead(void **state)
{
    struct aur_backend_config config = {
        .open = open_cpu, .forced = true, .wait = true, .rate_hz = RATE, .isa = aur_isa_best()};
    struct aur_backend_report report;
    assert_int_equal(aur_backend_new(&backend, &config, NULL), 0);
    n_turns = 0;
    short_phrases(state);
    tables_of_users(state);
    if (ALL_PIECES)
        the_default_piece(state);
    aur_backend_tell(backend, &report);
    assert_true(report.blocks >= (2 + ALL_PIECES) * FRAMES / 64);
    aur_backend_free(backend);
    backend = NULL;
    n_turns = TURNS;
}

static int open_tables(void **state)
{
    (void)state;
    return aur_tables_new(&tables, NULL);
}

static int close_tables(void **state)
{
    (void)state;
    aur_tables_free(tables);
    return 0;
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(short_phrases),
        cmocka_unit_test(tables_of_users),
        cmocka_unit_test(the_default_piece),
        cmocka_unit_test(voices_rendered_ahead),
    };
    return cmocka_run_group_tests(all, open_tables, close_tables);
}
