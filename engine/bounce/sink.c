/* WAV, FLAC and Opus files. Runs on the thread of the render, in constant memory. Samples are quantised here, not by libsndfile,
 * so that 16 bits are those of the stream; no PEAK chunk, date or comment goes in, so that two runs give the same bytes. */
#include "bounce/sink.h"

#include <samplerate.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "bounce/flac_file.h"
#include "bounce/opus_file.h"
#include "bounce/outfile.h"
#include "wire/pcm.h"

#define BLOCK_FRAMES  AUR_SINK_FRAMES
#define WAV_BYTES_MAX 0xfffff000u /* with its header below 4 GiB; longer ones become RF64 */
#define HEADER_BYTES  4096        /* of a WAV file, at most */
#define STRETCH_BYTES 262144

struct aur_sink {
    struct aur_sink_config config;
    struct aur_outfile file;
    SNDFILE *snd; /* one of the three is not NULL */
    struct aur_flac_file *flac;
    struct aur_opus_file *opus;
    SRC_STATE *src;   /* NULL: same rate */
    uint64_t written; /* frames in the file */
    float resampled[2 * BLOCK_FRAMES];
    union {
        int16_t s16[2 * BLOCK_FRAMES];
        int32_t s32[2 * BLOCK_FRAMES];
    } ints;
};

enum container { WAV, FLAC, OPUS, UNKNOWN };

static enum container container_of(const char *path)
{
    static const char *const endings[] = {[WAV] = ".wav", [FLAC] = ".flac", [OPUS] = ".opus"};
    const size_t len = strlen(path);
    for (int i = 0; i < UNKNOWN; i++) {
        const size_t n = strlen(endings[i]);
        if (len > n && strcasecmp(path + len - n, endings[i]) == 0)
            return (enum container)i;
    }
    return UNKNOWN;
}

int aur_sink_check(const char *path, enum aur_bounce_bits bits, bool dither, struct aur_error *err)
{
    enum container container = container_of(path);
    if (container == UNKNOWN)
        return aur_error_value(err, "output", path, "a name that ends in .wav, .flac or .opus");
    if (container != WAV && bits == AUR_BITS_FLOAT)
        return aur_error_value(err, "bits", "float", container == FLAC ? "16 or 24 with .flac" : "16 or 24 with .opus");
    if (container == OPUS && dither)
        return aur_error_value(err, "dither", "with .opus", "with .wav or .flac");
    if (dither && bits != AUR_BITS_16)
        return aur_error_value(err, "dither", bits == AUR_BITS_24 ? "with 24 bits" : "with float", "only with 16 bits");
    return AUR_OK;
}

static const struct {
    int subtype;
    unsigned bytes;
} depths[] = {
    [AUR_BITS_16] = {SF_FORMAT_PCM_16, 2},
    [AUR_BITS_24] = {SF_FORMAT_PCM_24, 3},
    [AUR_BITS_FLOAT] = {SF_FORMAT_FLOAT, 4},
};

static uint64_t wav_bytes(const struct aur_sink_config *config)
{
    return config->file_frames * 2 * depths[config->bits].bytes;
}

static int format_of(const struct aur_sink_config *config)
{
    return (wav_bytes(config) > WAV_BYTES_MAX ? SF_FORMAT_RF64 : SF_FORMAT_WAV) | depths[config->bits].subtype;
}

uint32_t aur_sink_rate(const char *path)
{
    return container_of(path) == OPUS ? AUR_OPUS_FILE_RATE : 0;
}

/* The INFO chunk stands before the sound, so it is complete in a file that is being read while it is written. */
static bool add_info(SNDFILE *snd, const struct aur_tags *tags)
{
    bool ok = true;
    for (int i = 0; ok && i < AUR_TAGS; i++)
        if (tags->text[i] && aur_tag_names[i].sndfile)
            ok = sf_set_string(snd, aur_tag_names[i].sndfile, tags->text[i]) == 0;
    return ok;
}

static int open_wav(struct aur_sink *sink, struct aur_error *err)
{
    const struct aur_sink_config *config = &sink->config;
    SF_INFO info = {.samplerate = (int)config->file_rate_hz, .channels = 2, .format = format_of(config)};
    sink->snd = sf_open_fd(sink->file.fd, SFM_WRITE, &info, SF_FALSE);
    if (!sink->snd)
        return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", config->path, sf_strerror(NULL));
    sf_command(sink->snd, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    if (config->tags && !add_info(sink->snd, config->tags))
        return aur_error_set(err, AUR_EIO, "%s: its tags cannot be written: %s", config->path, sf_strerror(sink->snd));
    return AUR_OK;
}

static int open_flac(struct aur_sink *sink, struct aur_error *err)
{
    const struct aur_sink_config *config = &sink->config;
    const struct aur_flac_config flac = {config->file_rate_hz, 8 * depths[config->bits].bytes, config->file_frames,
                                         config->tags};
    return aur_flac_file_open(&sink->flac, &sink->file, &flac, err);
}

static int open_container(struct aur_sink *sink, struct aur_error *err)
{
    const struct aur_sink_config *config = &sink->config;
    switch (container_of(config->path)) {
    case OPUS:
        return aur_opus_file_open(&sink->opus, &sink->file, config->serial, config->tags, err);
    case FLAC:
        return open_flac(sink, err);
    default:
        return open_wav(sink, err);
    }
}

static int open_audio(struct aur_sink *sink, struct aur_error *err)
{
    const struct aur_sink_config *config = &sink->config;
    int rc = open_container(sink, err);
    if (rc)
        return rc;
    if (config->file_rate_hz == config->in_rate_hz)
        return AUR_OK;
    int code;
    sink->src = src_new(SRC_SINC_BEST_QUALITY, 2, &code);
    if (!sink->src)
        return aur_error_set(err, AUR_ENOMEM, "resampler: %s", src_strerror(code));
    return AUR_OK;
}

int aur_sink_open(struct aur_sink **out, const struct aur_sink_config *config, struct aur_error *err)
{
    int rc = aur_sink_check(config->path, config->bits, config->dither, err);
    if (rc)
        return rc;
    struct aur_sink *sink = calloc(1, sizeof *sink);
    if (!sink)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", config->path);
    sink->config = *config;
    rc = aur_outfile_open(&sink->file, config->path, config->force, err);
    if (!rc && container_of(config->path) == WAV)
        rc = aur_outfile_reserve(&sink->file, wav_bytes(config) + HEADER_BYTES, err);
    if (!rc)
        rc = open_audio(sink, err);
    if (rc) {
        aur_sink_free(sink);
        return rc;
    }
    *out = sink;
    return AUR_OK;
}

static void quantise_s16(struct aur_sink *sink, const float *in, size_t n)
{
    if (sink->config.dither)
        aur_pcm_s16_dither(sink->ints.s16, in, 2 * n, sink->config.dither_key, 2 * sink->written);
    else
        aur_pcm_s16(sink->ints.s16, in, 2 * n);
}

/* n frames, at most BLOCK_FRAMES, as they go into the file. */
static sf_count_t write_wav(struct aur_sink *sink, const float *in, size_t n)
{
    switch (sink->config.bits) {
    case AUR_BITS_16:
        quantise_s16(sink, in, n);
        return sf_writef_short(sink->snd, sink->ints.s16, (sf_count_t)n);
    case AUR_BITS_24:
        aur_pcm_s24(sink->ints.s32, in, 2 * n);
        for (size_t i = 0; i < 2 * n; i++) /* libsndfile takes the upper 24 of 32 bits */
            sink->ints.s32[i] *= 256;
        return sf_writef_int(sink->snd, sink->ints.s32, (sf_count_t)n);
    default:
        return sf_writef_float(sink->snd, in, (sf_count_t)n);
    }
}

static int write_flac(struct aur_sink *sink, const float *in, size_t n, struct aur_error *err)
{
    if (sink->config.bits == AUR_BITS_24) {
        aur_pcm_s24(sink->ints.s32, in, 2 * n);
    } else {
        quantise_s16(sink, in, n);
        for (size_t i = 2 * n; i-- > 0;) /* from the end: both lie in the same place */
            sink->ints.s32[i] = sink->ints.s16[i];
    }
    return aur_flac_file_write(sink->flac, sink->ints.s32, n, err);
}

static int write_block(struct aur_sink *sink, const float *in, size_t n, struct aur_error *err)
{
    if (sink->opus)
        return aur_opus_file_write(sink->opus, in, n, err);
    if (sink->flac)
        return write_flac(sink, in, n, err);
    if (write_wav(sink, in, n) == (sf_count_t)n)
        return AUR_OK;
    return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", sink->config.path, sf_strerror(sink->snd));
}

/* Writes frames at the file's rate, none beyond its length. */
static int write_frames(struct aur_sink *sink, const float *in, size_t frames, struct aur_error *err)
{
    const uint64_t room = sink->config.file_frames - sink->written;
    frames = frames < room ? frames : (size_t)room;
    while (frames) {
        size_t n = frames < BLOCK_FRAMES ? frames : BLOCK_FRAMES;
        int rc = write_block(sink, in, n, err);
        if (rc)
            return rc;
        sink->written += n;
        in += 2 * n;
        frames -= n;
    }
    return AUR_OK;
}

static int resample(struct aur_sink *sink, const float *in, size_t frames, bool last, struct aur_error *err)
{
    SRC_DATA data = {.data_in = in,
                     .input_frames = (long)frames,
                     .data_out = sink->resampled,
                     .output_frames = BLOCK_FRAMES,
                     .end_of_input = last,
                     .src_ratio = (double)sink->config.file_rate_hz / sink->config.in_rate_hz};
    for (;;) {
        int code = src_process(sink->src, &data);
        if (code)
            return aur_error_set(err, AUR_EIO, "%s: resampler: %s", sink->config.path, src_strerror(code));
        int rc = write_frames(sink, sink->resampled, (size_t)data.output_frames_gen, err);
        if (rc)
            return rc;
        data.data_in += 2 * data.input_frames_used;
        data.input_frames -= data.input_frames_used;
        if (!data.output_frames_gen && (!data.input_frames || !data.input_frames_used))
            return AUR_OK;
    }
}

int aur_sink_write(struct aur_sink *sink, const float *in, size_t frames, struct aur_error *err)
{
    return sink->src ? resample(sink, in, frames, false, err) : write_frames(sink, in, frames, err);
}

size_t aur_sink_frames(const struct aur_sink *sink)
{
    if (!sink->snd || sink->src)
        return AUR_SINK_FRAMES;
    const off_t at = lseek(sink->file.fd, 0, SEEK_CUR);
    const size_t left = at < 0 ? STRETCH_BYTES : STRETCH_BYTES - (size_t)(at % STRETCH_BYTES);
    const size_t frames = left / (2 * depths[sink->config.bits].bytes);
    return frames > 0 && frames < AUR_SINK_FRAMES ? frames : AUR_SINK_FRAMES;
}

static int close_audio(struct aur_sink *sink, struct aur_error *err)
{
    if (sink->opus)
        return aur_opus_file_finish(sink->opus, err);
    if (sink->flac)
        return aur_flac_file_finish(sink->flac, err);
    int code = sf_close(sink->snd);
    sink->snd = NULL;
    if (code)
        return aur_error_set(err, AUR_EIO, "%s: cannot be written: %s", sink->config.path, sf_error_number(code));
    aur_outfile_trim(&sink->file);
    return AUR_OK;
}

int aur_sink_finish(struct aur_sink *sink, struct aur_error *err)
{
    static const float nothing[2];
    int rc = sink->src ? resample(sink, nothing, 0, true, err) : AUR_OK;
    if (sink->written < sink->config.file_frames)
        memset(sink->resampled, 0, sizeof sink->resampled);
    while (!rc && sink->written < sink->config.file_frames)
        rc = write_frames(sink, sink->resampled, BLOCK_FRAMES, err);
    return rc ? rc : close_audio(sink, err);
}

int aur_sink_publish(struct aur_sink *sink, struct aur_error *err)
{
    return aur_outfile_publish(&sink->file, err);
}

void aur_sink_free(struct aur_sink *sink)
{
    if (!sink)
        return;
    if (sink->snd)
        sf_close(sink->snd);
    aur_flac_file_free(sink->flac);
    aur_opus_file_free(sink->opus);
    if (sink->src)
        src_delete(sink->src);
    aur_outfile_deinit(&sink->file);
    free(sink);
}
