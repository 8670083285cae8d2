/* Pieces with tables, from files to sound: rendered by whoever renders, and while the files change under them. */
#include <math.h>

#include "base/buf.h"
#include "bounce/bounce.h"
#include "folder.h"
#include "synth/backend.h"
#include "wave/load.h"

#define RATE  44100
#define AUDIO ((size_t)3 * RATE)

static const char script[] =
    "return {\n"
    "  tables = { vowels = { file = 'set.wav', cycles = 3 }, glass = 'one.wav' },\n"
    "  patches = {\n"
    "    a = { voice = 'wave', table = 'vowels', attack = 0.1, place = 0.5, lfo_depth = 0.5, lfo_rate = 2 },\n"
    "    b = { voice = 'wave', table = 'glass', attack = 0.1 },\n"
    "    c = { voice = 'wave', attack = 0.1 },\n"
    "  },\n"
    "  phrase = function(ctx)\n"
    "    for i, name in ipairs { 'a', 'b', 'c' } do\n"
    "      for k = 0, 3 do ctx:note { patch = name, at = k, beats = 1.5, pitch = 40 + 7 * i + 5 * k } end\n"
    "    end\n"
    "    return 1\n"
    "  end,\n"
    "}\n";

struct audio {
    float *samples;
    size_t n;
};

static void fill(float *out, size_t n, int partials, double slope)
{
    for (size_t i = 0; i < n; i++) {
        double x = 0;
        for (int k = 1; k <= partials; k++)
            x += 0.2 * pow(k, -slope) * sin(2 * M_PI * k * (double)i / (double)n + 3 * k * k);
        out[i] = (float)x;
    }
}

static void write_files(const struct folder *f, double slope)
{
    float frames[900];
    for (int i = 0; i < 3; i++)
        fill(frames + 300 * (size_t)i, 300, 4 + 50 * i, slope);
    folder_write(f, "set.wav", frames, 900, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_24);
    fill(frames, 600, 250, slope);
    folder_write(f, "one.wav", frames, 600, 1, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
}

static struct aur_piece *load(const struct folder *f, struct aur_tables *tables)
{
    struct aur_piece *piece;
    struct aur_error err;
    const struct aur_table_loader loader = aur_wave_loader(tables);
    const struct aur_piece_source source = {.path = folder_name(f, "piece.lua"), .tables = &loader};
    folder_text(f, "piece.lua", script);
    if (aur_piece_load(&piece, &source, &err) < 0)
        fail_msg("%s", err.message);
    return piece;
}

static void keep(void *user, const float *interleaved, size_t frames)
{
    struct audio *audio = user;
    assert_true(audio->n + frames <= AUDIO);
    memcpy(audio->samples + 2 * audio->n, interleaved, 2 * frames * sizeof *interleaved);
    audio->n += frames;
}

static struct audio render(const struct aur_piece *piece, const struct aur_tables *tables, enum aur_isa isa,
                           struct aur_backend *backend, const char *events)
{
    struct audio audio = {malloc(2 * AUDIO * sizeof(float)), 0};
    struct aur_error err;
    struct aur_bounce_request request = {
        .piece = piece,
        .seed = 5,
        .synth = {.rate_hz = RATE, .isa = isa, .effects = true, .tables = tables, .backend = backend},
        .duration_s = 3,
        .events_path = events,
        .force = true,
        .on_audio = keep,
        .user = &audio};
    aur_controls_default(&request.controls, NULL);
    request.controls.bpm = 120;
    assert_non_null(audio.samples);
    if (aur_bounce(&request, &err) < 0)
        fail_msg("%s", err.message);
    assert_int_equal(audio.n, AUDIO);
    return audio;
}

static bool same(const struct audio *a, const struct audio *b)
{
    return memcmp(a->samples, b->samples, 2 * AUDIO * sizeof(float)) == 0;
}

static int open_cpu(struct aur_device *out, struct aur_error *err)
{
    (void)err;
    aur_device_cpu(out, aur_kernels_get(AUR_ISA_SCALAR));
    return AUR_OK;
}

static void whoever_renders(void **state)
{
    const struct folder *f = *state;
    struct aur_tables *tables;
    struct aur_backend *backend;
    struct aur_buf events;
    const struct aur_backend_config config = {
        .open = open_cpu, .forced = true, .wait = true, .rate_hz = RATE, .isa = aur_isa_best()};
    write_files(f, 1);
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    struct aur_piece *piece = load(f, tables);
    struct audio want = render(piece, tables, aur_isa_best(), NULL, folder_name(f, "events.json"));
    double power = 0;
    for (size_t i = 0; i < 2 * AUDIO; i++)
        power += (double)(want.samples[i] * want.samples[i]);
    assert_true(power > 10);
    aur_buf_init(&events);
    assert_int_equal(aur_buf_read_file(&events, folder_name(f, "events.json"), 1 << 20, NULL), 0);
    assert_non_null(strstr(events.data, "\"voice\": \"wave\""));
    aur_buf_deinit(&events);
    struct audio plain = render(piece, tables, AUR_ISA_SCALAR, NULL, NULL);
    assert_true(same(&want, &plain));
    assert_int_equal(aur_backend_new(&backend, &config, NULL), 0);
    struct audio device = render(piece, tables, aur_isa_best(), backend, NULL);
    assert_true(same(&want, &device));
    aur_backend_free(backend);
    free(want.samples);
    free(plain.samples);
    free(device.samples);
    aur_piece_free(piece);
    aur_tables_free(tables);
}

/* What was loaded stays what it was; what is loaded later has the new sound; the old one again is where it was. */
static void files_change(void **state)
{
    const struct folder *f = *state;
    struct aur_tables *tables;
    assert_int_equal(aur_tables_new(&tables, NULL), 0);
    write_files(f, 1);
    struct aur_piece *first = load(f, tables);
    struct audio before = render(first, tables, aur_isa_best(), NULL, NULL);
    write_files(f, 0.5);
    struct aur_piece *second = load(f, tables);
    struct audio changed = render(second, tables, aur_isa_best(), NULL, NULL);
    struct audio still = render(first, tables, aur_isa_best(), NULL, NULL);
    write_files(f, 1);
    struct aur_piece *third = load(f, tables);
    struct audio back = render(third, tables, aur_isa_best(), NULL, NULL);
    assert_false(same(&before, &changed));
    assert_true(same(&before, &still));
    assert_true(same(&before, &back));
    const struct aur_piece_info *a = aur_piece_describe(first), *b = aur_piece_describe(second),
                                *c = aur_piece_describe(third);
    assert_int_equal(a->n_tables, 2);
    for (int i = 0; i < 2; i++) {
        assert_true(a->tables[i].table.hash != b->tables[i].table.hash);
        assert_true(a->tables[i].table.hash == c->tables[i].table.hash &&
                    a->tables[i].table.at == c->tables[i].table.at);
    }
    free(before.samples);
    free(changed.samples);
    free(still.samples);
    free(back.samples);
    aur_piece_free(first);
    aur_piece_free(second);
    aur_piece_free(third);
    aur_tables_free(tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whoever_renders, folder_open, folder_close),
        cmocka_unit_test_setup_teardown(files_change, folder_open, folder_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
