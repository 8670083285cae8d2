#include "fixture.h"

#include <dirent.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

static const char script[] =
    "return {\n"
    "  title = \"A \\\"test\\\"\",\n"
    "  patches = {\n"
    "    pad = { voice = \"pad\", attack = 0.3, release = 2 },\n"
    "    lead = { voice = \"lead\", attack = 0.02, release = 0.5 },\n"
    "  },\n"
    "  effects = { reverb = { decay = 2 } },\n"
    "  phrase = function(ctx)\n"
    "    local random = ctx.random(\"lead\")\n"
    "    ctx:chord { at = 0, beats = 8, name = \"i7\", pitches = { 57, 60, 64, 67 } }\n"
    "    for _, pitch in ipairs { 45, 57, 60, 64 } do\n"
    "      ctx:note { patch = \"pad\", at = 0, beats = 7, pitch = pitch, velocity = 0.6 }\n"
    "    end\n"
    "    for i = 0, 7 do\n"
    "      ctx:note { patch = \"lead\", at = i + 1 / 3 * 0.5, beats = 0.5, pitch = random:int(69, 81), velocity = 0.5, "
    "pan = -0.25 }\n"
    "    end\n"
    "    return 2\n"
    "  end,\n"
    "}\n";

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "/tmp/auralis-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->piece = fixture_piece(f, "test.lua", script);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    DIR *dir = opendir(f->dir);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (*entry->d_name != '.' || strlen(entry->d_name) > 2)
            unlink(fixture_path(f, entry->d_name));
    if (dir)
        closedir(dir);
    rmdir(f->dir);
    aur_piece_free(f->piece);
    free(f);
    return 0;
}

const char *fixture_path(const struct fixture *f, const char *name)
{
    static char paths[8][512];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%.300s", f->dir, name);
    return path;
}

struct aur_piece *fixture_piece(const struct fixture *f, const char *name, const char *text)
{
    FILE *file = fopen(fixture_path(f, name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    const struct aur_piece_source source = {.path = fixture_path(f, name),
                                            .lib_dir = AURALIS_SOURCE_DIR "/scripts/lib"};
    struct aur_piece *piece = NULL;
    struct aur_error err;
    if (aur_piece_load(&piece, &source, &err))
        fail_msg("%s", err.message);
    return piece;
}

struct aur_bounce_request fixture_request(const struct fixture *f, const char *out_path)
{
    struct aur_bounce_request request = {.piece = f->piece,
                                         .seed = 1,
                                         .synth = {.rate_hz = RATE, .isa = aur_isa_best(), .effects = true},
                                         .out_path = out_path,
                                         .bits = AUR_BITS_24,
                                         .duration_s = 2};
    aur_controls_default(&request.controls, &aur_piece_describe(f->piece)->controls);
    request.controls.bpm = 120;
    return request;
}

void fixture_render(const struct aur_bounce_request *request)
{
    struct aur_error err = {0};
    if (aur_bounce(request, &err))
        fail_msg("%s", err.message);
}

struct wav fixture_read(const char *path)
{
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    if (!file)
        fail_msg("%s: %s", path, sf_strerror(NULL));
    assert_int_equal(info.channels, 2);
    struct wav wav = {.rate = info.samplerate, .format = info.format, .frames = (size_t)info.frames};
    wav.floats = calloc(2 * wav.frames + 1, sizeof *wav.floats);
    wav.ints = calloc(2 * wav.frames + 1, sizeof *wav.ints);
    assert_true(wav.floats && wav.ints);
    assert_int_equal(sf_readf_float(file, wav.floats, info.frames), info.frames);
    assert_int_equal(sf_seek(file, 0, SEEK_SET), 0);
    assert_int_equal(sf_readf_int(file, wav.ints, info.frames), info.frames);
    assert_int_equal(sf_close(file), 0);
    return wav;
}

void fixture_drop(struct wav *wav)
{
    free(wav->floats);
    free(wav->ints);
}

int fixture_files(const struct fixture *f)
{
    DIR *dir = opendir(f->dir);
    int n = 0;
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        size_t len = strlen(entry->d_name);
        n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
             !(len > 4 && strcmp(entry->d_name + len - 4, ".lua") == 0);
    }
    closedir(dir);
    return n;
}

bool fixture_same(const char *a, const char *b)
{
    struct aur_buf x, y;
    aur_buf_init(&x);
    aur_buf_init(&y);
    assert_int_equal(aur_buf_read_file(&x, a, 1 << 28, NULL), 0);
    assert_int_equal(aur_buf_read_file(&y, b, 1 << 28, NULL), 0);
    bool same = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
    aur_buf_deinit(&x);
    aur_buf_deinit(&y);
    return same;
}
