/* Stems as files: what lies in the folder sums to the mix, to the bit in float files; what is there when, under which
 * names; nothing is left where something fails. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bounce/stem_folder.h"
#include "bounce/stems.h"
#include "fixture.h"
#include "support/failing_alloc.h"

#define SECONDS 7.321

/* "late" begins with the second phrase, at 4 s; "mix" and "aux" are what other files are called. */
static const char script[] =
    "return {\n"
    "  patches = {\n"
    "    pad = { voice = \"pad\", attack = 0.1, reverb = 0.5 },\n"
    "    mix = { voice = \"bell\", delay = 0.5 },\n"
    "    aux = { voice = \"bass\", chorus = 0.6 },\n"
    "    late = { voice = \"pluck\" },\n"
    "    never = { voice = \"kick\" },\n"
    "  },\n"
    "  phrase = function(ctx)\n"
    "    for i = 0, 7 do\n"
    "      local patch = i % 3 == 0 and \"mix\" or i % 3 == 1 and \"aux\" or \"pad\"\n"
    "      ctx:note { patch = patch, at = i, beats = 1.5, pitch = 45 + 3 * i, velocity = 0.6 }\n"
    "      if ctx.phrase > 0 then\n"
    "        ctx:note { patch = \"late\", at = i, beats = 0.5, pitch = 70 + i, velocity = 0.5 }\n"
    "      end\n"
    "    end\n"
    "    return 2\n"
    "  end,\n"
    "}\n";

static const char *const names[] = {"patch-aux",    "late",          "patch-mix", "pad",   "return-chorus",
                                    "return-delay", "return-reverb", "mix",       "master"};
#define NAMES (sizeof names / sizeof *names)
#define PARTS (NAMES - 2)

struct told {
    int calls;
    size_t n;
    char files[16][64], kinds[16][8], patches[16][32];
    uint64_t samples, differing;
    double largest;
};

static void on_stems(void *user, const struct aur_stems_told *stems)
{
    struct told *told = user;
    told->calls++;
    told->n = stems->n_files;
    for (size_t i = 0; i < stems->n_files && i < 16; i++) {
        snprintf(told->files[i], 64, "%.60s", strrchr(stems->files[i].path, '/') + 1);
        snprintf(told->kinds[i], 8, "%s", stems->files[i].kind);
        snprintf(told->patches[i], 32, "%s", stems->files[i].patch ? stems->files[i].patch : "");
    }
    told->samples = stems->samples;
    told->differing = stems->differing;
    told->largest = stems->largest;
}

/* The folder, its files, and itself. */
static void clean(const char *dir)
{
    DIR *open = opendir(dir);
    char path[700];
    for (struct dirent *entry; open && (entry = readdir(open));) {
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        if (*entry->d_name != '.')
            unlink(path);
    }
    if (open)
        closedir(open);
    rmdir(dir);
}

static int count(const char *dir)
{
    DIR *open = opendir(dir);
    int n = 0;
    for (struct dirent *entry; open && (entry = readdir(open));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    if (open)
        closedir(open);
    return n;
}

/* fixture_path's are overwritten after a while. */
static const char *lasting(const struct fixture *f, const char *name)
{
    static char paths[4][512];
    static int next;
    return strcpy(paths[next++ % 4], fixture_path(f, name));
}

static struct aur_bounce_request request_of(const struct fixture *f, struct aur_piece *piece, const char *out,
                                            struct told *told)
{
    struct aur_bounce_request request = fixture_request(f, lasting(f, out));
    request.piece = piece;
    request.duration_s = SECONDS;
    request.bits = request.stems.bits = AUR_BITS_FLOAT;
    request.stems.dir = lasting(f, "stems");
    request.on_stems = on_stems;
    request.user = told;
    return request;
}

static struct wav read_stem(const struct fixture *f, const char *name, const char *ending)
{
    char file[80];
    snprintf(file, sizeof file, "stems/%s%s", name, ending);
    return fixture_read(fixture_path(f, file));
}

static size_t first_sound(const struct wav *wav)
{
    size_t i = 0;
    while (i < 2 * wav->frames && wav->floats[i] == 0)
        i++;
    return i / 2;
}

static void files_sum_to_the_mix(void **state)
{
    struct fixture *f = *state;
    struct aur_piece *piece = fixture_piece(f, "stems.lua", script);
    struct told told = {0};
    struct aur_bounce_request request = request_of(f, piece, "out.wav", &told);
    fixture_render(&request);
    struct aur_bounce_request plain = request;
    plain.stems.dir = NULL;
    plain.out_path = lasting(f, "plain.wav");
    fixture_render(&plain);

    assert_int_equal(count(request.stems.dir), NAMES);
    struct wav mix = read_stem(f, "mix", ".wav");
    float *sum = calloc(2 * mix.frames, sizeof *sum);
    assert_non_null(sum);
    assert_int_equal(mix.frames, (size_t)(SECONDS * RATE + 0.5));
    for (size_t i = 0; i < PARTS; i++) {
        struct wav part = read_stem(f, names[i], ".wav");
        const size_t first = first_sound(&part);
        assert_int_equal(part.frames, mix.frames);
        assert_true(first < part.frames);
        if (strcmp(names[i], "late") == 0)
            assert_true(first >= 4 * RATE && first < 4 * RATE + 2000);
        else
            assert_true(first < 3 * RATE);
        for (size_t k = 0; k < 2 * mix.frames; k++)
            sum[k] += part.floats[k];
        fixture_drop(&part);
    }
    for (size_t k = 0; k < 2 * mix.frames; k++)
        if (sum[k] != mix.floats[k])
            fail_msg("sample %zu of the mix is %a, the sum %a", k, (double)mix.floats[k], (double)sum[k]);
    free(sum);
    fixture_drop(&mix);
    assert_true(fixture_same(fixture_path(f, "stems/master.wav"), request.out_path));
    assert_true(fixture_same(plain.out_path, request.out_path));

    assert_int_equal(told.calls, 1);
    assert_int_equal(told.n, NAMES);
    assert_int_equal(told.differing, 0);
    assert_true(told.largest == 0);
    assert_int_equal(told.samples, 2 * (size_t)(SECONDS * RATE + 0.5));
    for (size_t i = 0; i < NAMES; i++)
        assert_true(strncmp(told.files[i], names[i], strlen(names[i])) == 0);
    assert_string_equal(told.kinds[0], "stem");
    assert_string_equal(told.patches[0], "aux");
    assert_string_equal(told.kinds[4], "return");
    assert_string_equal(told.kinds[7], "mix");
    assert_string_equal(told.kinds[8], "master");
    clean(request.stems.dir);
    aur_piece_free(piece);
}

/* Master and mix without effects, level or limiter are the same but for what is below hearing: they lie one on the other. */
static void stems_lie_where_the_master_does(void **state)
{
    struct fixture *f = *state;
    struct told told = {0};
    struct aur_bounce_request request = request_of(f, f->piece, "out.wav", &told);
    request.synth.effects = false;
    fixture_render(&request);
    struct wav mix = read_stem(f, "mix", ".wav"), master = read_stem(f, "master", ".wav");
    double most = 0, apart = 0;
    for (size_t i = 0; i < 2 * mix.frames; i++) {
        const double difference = (double)mix.floats[i] - (double)master.floats[i];
        most = (double)mix.floats[i] > most ? (double)mix.floats[i] : most;
        apart = difference > apart ? difference : -difference > apart ? -difference : apart;
    }
    assert_true(most > 0.01);
    assert_true(apart < 0.1 * most);
    fixture_drop(&mix);
    fixture_drop(&master);
    clean(request.stems.dir);
}

static void other_files_have_the_same_length(void **state)
{
    struct fixture *f = *state;
    struct aur_piece *piece = fixture_piece(f, "stems.lua", script);
    struct told told = {0};
    static const struct {
        const char *out;
        bool flac, dither;
        enum aur_bounce_bits bits;
        uint32_t rate;
        const char *ending;
    } kinds[] = {
        {"out.flac", true, false, AUR_BITS_24, 0, ".flac"},
        {"16.flac", true, true, AUR_BITS_16, 0, ".flac"},
        {"other.wav", false, false, AUR_BITS_FLOAT, 32000, ".wav"},
        {"out.opus", true, false, AUR_BITS_24, 0, ".flac"},
    };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct aur_bounce_request request = request_of(f, piece, kinds[k].out, &told);
        request.bits = request.stems.bits = kinds[k].bits;
        request.dither = request.stems.dither = kinds[k].dither;
        request.stems.flac = kinds[k].flac;
        request.file_rate_hz = kinds[k].rate;
        request.fade_s = 2;
        fixture_render(&request);
        assert_int_equal(told.differing, 0);
        assert_int_equal(told.samples, 2 * (size_t)(SECONDS * RATE + 0.5));
        assert_int_equal(count(request.stems.dir), NAMES);
        const size_t rate = kinds[k].rate ? kinds[k].rate : RATE;
        for (size_t i = 0; i < NAMES; i++) {
            struct wav part = read_stem(f, names[i], kinds[k].ending);
            assert_int_equal(part.rate, rate);
            assert_int_equal(part.frames, (size_t)(SECONDS * (double)rate + 0.5));
            fixture_drop(&part);
        }
        if (strcmp(kinds[k].out, "out.opus") != 0) {
            char master[40];
            snprintf(master, sizeof master, "stems/master%s", kinds[k].ending);
            assert_true(fixture_same(fixture_path(f, master), request.out_path));
        }
        clean(request.stems.dir);
    }
    assert_int_equal(told.calls, 4);
    aur_piece_free(piece);
}

static void a_folder_with_sound_is_refused(void **state)
{
    struct fixture *f = *state;
    struct told told = {0};
    struct aur_error err;
    struct aur_bounce_request request = request_of(f, f->piece, "out.wav", &told);
    request.duration_s = 0.5;
    fixture_render(&request);
    const int files = count(request.stems.dir);
    request.out_path = fixture_path(f, "again.wav");
    assert_int_equal(aur_bounce(&request, &err), AUR_EIO);
    assert_non_null(strstr(err.message, ".wav"));
    assert_int_equal(access(request.out_path, F_OK), -1);
    assert_int_equal(count(request.stems.dir), files);
    request.force = true;
    fixture_render(&request);
    assert_int_equal(count(request.stems.dir), files);
    clean(request.stems.dir);

    request.stems.dir = fixture_path(f, "no/such/folder");
    assert_int_equal(aur_bounce(&request, &err), AUR_EIO);
    request.stems.dir = request.out_path; /* a file */
    assert_int_equal(aur_bounce(&request, &err), AUR_EIO);
    request.stems.dir = fixture_path(f, "stems");
    request.stems.bits = AUR_BITS_FLOAT;
    request.stems.flac = true;
    assert_int_equal(aur_bounce(&request, &err), AUR_EINVAL);
}

static void interrupt(void *user, double done_s, double total_s)
{
    (void)total_s;
    if (done_s > 1)
        *(int *)user = 1;
}

static void nothing_is_left_of_a_render_that_ends_early(void **state)
{
    struct fixture *f = *state;
    struct aur_error err;
    int stop = 0;
    struct aur_bounce_request request = request_of(f, f->piece, "out.wav", NULL);
    request.on_stems = NULL;
    request.on_progress = interrupt;
    request.user = &stop;
    request.interrupted = &stop;
    const int before = fixture_files(f);
    assert_int_equal(aur_bounce(&request, &err), AUR_EBUSY);
    assert_int_equal(fixture_files(f), before);
    assert_int_equal(access(request.stems.dir, F_OK), -1);

    stop = 0;
    assert_int_equal(mkdir(request.stems.dir, 0777), 0); /* a folder that was there stays */
    assert_int_equal(aur_bounce(&request, &err), AUR_EBUSY);
    assert_int_equal(count(request.stems.dir), 0);
    clean(request.stems.dir);
}

/* Phrases that share no patch: a session may have many pieces. */
static struct aur_phrase *any_phrase(uint64_t number)
{
    struct aur_phrase head = {.number = number, .rate_hz = RATE, .bars = 1, .meter = {4, 4}, .length_frames = 64 * 100};
    struct aur_patch patches[AUR_PATCHES_MAX];
    struct aur_note notes[AUR_PATCHES_MAX];
    aur_controls_default(&head.controls, NULL);
    aur_effect_default(&head.effects);
    head.start_frame = number * head.length_frames;
    head.n_patches = head.n_notes = AUR_PATCHES_MAX;
    for (uint16_t i = 0; i < AUR_PATCHES_MAX; i++) {
        char name[AUR_PATCH_NAME_SIZE];
        snprintf(name, sizeof name, "p%u", (unsigned)(number * AUR_PATCHES_MAX + i));
        aur_patch_default(&patches[i], name, AUR_VOICE_TICK);
        notes[i] = (struct aur_note){.on_frame = head.start_frame,
                                     .off_frame = head.start_frame + 640,
                                     .pitch_q16 = 60 * AUR_Q16_ONE,
                                     .velocity_q16 = AUR_Q16_ONE / 2,
                                     .patch = i,
                                     .id = i};
    }
    struct aur_phrase *phrase;
    assert_int_equal(aur_phrase_new(&phrase, &head, patches, notes, NULL), 0);
    return phrase;
}

static void there_are_only_so_many(void **state)
{
    struct fixture *f = *state;
    static float out[2 * 6400];
    const struct aur_bounce_stems wanted = {.dir = fixture_path(f, "stems"), .bits = AUR_BITS_16};
    const struct aur_stems_config config = {
        .wanted = &wanted, .rate_hz = RATE, .file_rate_hz = RATE, .serial_name = ""};
    const struct aur_synth_config plain = {.rate_hz = RATE, .isa = aur_isa_best()};
    struct aur_stems *stems;
    struct aur_synth *synth;
    struct aur_error err;
    assert_int_equal(aur_stems_new(&stems, &config, &err), 0);
    assert_int_equal(aur_synth_new(&synth, &plain, &err), 0);
    assert_int_equal(aur_stems_listen(stems, synth, &err), 0);
    int rc = 0;
    uint64_t number = 0;
    for (; !rc && number < 20; number++) {
        struct aur_phrase *phrase = any_phrase(number);
        assert_int_equal(aur_synth_commit(synth, phrase), 0);
        aur_synth_render(synth, out, 6400);
        assert_ptr_equal(aur_synth_retired(synth), phrase);
        aur_phrase_free(phrase);
        rc = aur_stems_write(stems, 6400, &err);
    }
    assert_int_equal(rc, AUR_ELIMIT);
    assert_int_equal(number, AUR_STEMS_MAX / AUR_PATCHES_MAX + 1);
    assert_non_null(strstr(err.message, "128"));
    aur_synth_free(synth);
    aur_stems_free(stems);
    assert_int_equal(access(wanted.dir, F_OK), -1);
}

static void without_memory_there_is_nothing(void **state)
{
    struct fixture *f = *state;
    const struct aur_bounce_stems wanted = {.dir = lasting(f, "stems"), .flac = true, .bits = AUR_BITS_24};
    const struct aur_stems_config config = {
        .wanted = &wanted, .rate_hz = RATE, .file_rate_hz = RATE, .serial_name = ""};
    for (long nth = 0;; nth++) {
        struct aur_stems *stems;
        struct aur_error err;
        failing_alloc_arm(nth);
        const int rc = aur_stems_new(&stems, &config, &err);
        const bool failed = failing_alloc_disarm();
        aur_stems_free(stems);
        assert_int_equal(access(wanted.dir, F_OK), -1);
        if (!failed) {
            assert_int_equal(rc, 0);
            assert_true(nth > 4);
            return;
        }
        assert_int_equal(rc, AUR_ENOMEM);
        assert_null(stems);
    }
}

static void names_are_safe(void **state)
{
    (void)state;
    static const char *const of[][2] = {
        {"pad", "pad"},         {"mix", "patch-mix"}, {"master", "patch-master"},  {"nul", "patch-nul"},
        {"com1", "patch-com1"}, {"comb", "comb"},     {"a/../b", "a-2f-2e-2e-2fb"}};
    char name[AUR_STEM_NAME_SIZE];
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        aur_stem_name(name, AUR_TAP_STEM, of[i][0]);
        assert_string_equal(name, of[i][1]);
    }
    aur_stem_name(name, AUR_TAP_DELAY, NULL);
    assert_string_equal(name, "return-delay");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_sum_to_the_mix),
        TEST(stems_lie_where_the_master_does),
        TEST(other_files_have_the_same_length),
        TEST(a_folder_with_sound_is_refused),
        TEST(nothing_is_left_of_a_render_that_ends_early),
        TEST(there_are_only_so_many),
        TEST(without_memory_there_is_nothing),
        cmocka_unit_test(names_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
