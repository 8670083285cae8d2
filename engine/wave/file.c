/* WAV files of single cycles. On the thread that loads a piece: a hundredth of a second for a cycle, once. */
#include "wave/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <math.h>
#include <samplerate.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/hash.h"

/* ---- opening ---- */

/* Relative, no hidden names and no dots that lead up. */
static bool is_plain(const char *path)
{
    if (!*path || strlen(path) >= AUR_TABLE_FILE_SIZE || strstr(path, "//"))
        return false;
    for (const char *at = path; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == '\\' || ((at == path || at[-1] == '/') && (*at == '.' || *at == '/')))
            return false;
    return true;
}

/* The kernel follows the path and refuses one that leads out, by links too. */
static int open_beneath(const char *folder, const char *path)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_BENEATH};
    int at = open(*folder ? folder : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return -1;
    int fd = (int)syscall(SYS_openat2, at, path, &how, sizeof how);
    int reason = errno;
    close(at);
    errno = reason;
    return fd;
}

static int cannot_open(struct aur_error *err, const struct aur_table_request *request)
{
    const char *in = *request->folder ? request->folder : ".";
    if (errno == EXDEV)
        return aur_error_set(err, AUR_EINVAL, "%s leads out of the script's folder; files are read from %s and below",
                             request->file, in);
    if (errno == ENOENT || errno == ENOTDIR)
        return aur_error_set(err, AUR_ENOTFOUND, "%s: no such file in %s", request->file, in);
    return aur_error_set(err, AUR_EIO, "%s: cannot be read: %s", request->file, strerror(errno));
}

static int open_file(int *fd, const struct aur_table_request *request, struct aur_error *err)
{
    struct stat info;
    if (!is_plain(request->file))
        return aur_error_set(err, AUR_EINVAL,
                             "%.100s is not a path; it is relative to the script's folder and stays in it, without "
                             "'..' or hidden names, up to %d bytes",
                             *request->file ? request->file : "''", AUR_TABLE_FILE_SIZE - 1);
    *fd = open_beneath(request->folder, request->file);
    if (*fd < 0)
        return cannot_open(err, request);
    if (fstat(*fd, &info) == 0 && S_ISREG(info.st_mode))
        return AUR_OK;
    close(*fd);
    return aur_error_set(err, AUR_EIO, "%s is not a file", request->file);
}

/* ---- what is in it ---- */

static int check_format(const struct aur_table_request *request, const SF_INFO *info, struct aur_error *err)
{
    const int type = info->format & SF_FORMAT_TYPEMASK;
    const uint32_t cycles = request->cycles;
    if (type != SF_FORMAT_WAV && type != SF_FORMAT_WAVEX && type != SF_FORMAT_RF64)
        return aur_error_set(err, AUR_EINVAL, "%s is not a WAV file", request->file);
    if (info->channels != 1)
        return aur_error_set(err, AUR_EINVAL, "%s has %d channels; allowed: 1 (mono)", request->file, info->channels);
    if (info->frames % cycles)
        return aur_error_set(err, AUR_EINVAL, "%s: its %lld frames do not divide into %u cycles", request->file,
                             (long long)info->frames, cycles);
    if (info->frames < (sf_count_t)cycles * AUR_TABLE_CYCLE_MIN ||
        info->frames > (sf_count_t)cycles * AUR_TABLE_CYCLE_MAX)
        return aur_error_set(err, AUR_EINVAL, "%s has %lld frames a cycle; allowed: %d to %d", request->file,
                             (long long)(info->frames / cycles), AUR_TABLE_CYCLE_MIN, AUR_TABLE_CYCLE_MAX);
    return AUR_OK;
}

static int read_frames(struct aur_wave_file *file, SNDFILE *snd, const char *name, struct aur_error *err)
{
    const size_t n = (size_t)file->cycles * file->length;
    file->frames = malloc(n * sizeof *file->frames);
    if (!file->frames)
        return aur_error_set(err, AUR_ENOMEM, "%s: out of memory", name);
    if (sf_readf_float(snd, file->frames, (sf_count_t)n) != (sf_count_t)n)
        return aur_error_set(err, AUR_EIO, "%s: cannot be read to its end: %s", name, sf_strerror(snd));
    for (size_t i = 0; i < n; i++)
        if (!isfinite(file->frames[i]))
            return aur_error_set(err, AUR_EINVAL, "%s: frame %zu is not a finite number", name, i);
    const uint32_t head[2] = {file->cycles, file->length};
    file->key = aur_hash64(file->frames, n * sizeof *file->frames, aur_hash64(head, sizeof head, AUR_HASH_START));
    return AUR_OK;
}

int aur_wave_file_read(struct aur_wave_file *out, const struct aur_table_request *request, struct aur_error *err)
{
    SF_INFO info = {0};
    int fd = -1;
    memset(out, 0, sizeof *out);
    if (request->cycles < 1 || request->cycles > AUR_TABLE_CYCLES_MAX)
        return aur_error_set(err, AUR_EINVAL, "%s: %u cycles; allowed: 1 to %d", request->file, request->cycles,
                             AUR_TABLE_CYCLES_MAX);
    int rc = open_file(&fd, request, err);
    if (rc < 0)
        return rc;
    SNDFILE *snd = sf_open_fd(fd, SFM_READ, &info, SF_FALSE);
    if (!snd)
        rc = aur_error_set(err, AUR_EINVAL, "%s is not a WAV file: %s", request->file, sf_strerror(NULL));
    else
        rc = check_format(request, &info, err);
    if (rc == AUR_OK) {
        out->cycles = request->cycles;
        out->length = (uint32_t)(info.frames / request->cycles);
        rc = read_frames(out, snd, request->file, err);
    }
    if (snd)
        sf_close(snd);
    close(fd);
    if (rc < 0)
        aur_wave_file_free(out);
    return rc;
}

void aur_wave_file_free(struct aur_wave_file *file)
{
    free(file->frames);
    file->frames = NULL;
}

/* ---- resampling ---- */

#define REACH 160 /* frames on each side that the sinc sees, at the lower of the two rates; 143 in libsamplerate 0.2 */

/* Periods before and after the one that is taken: there the ends are out of sight. */
static uint32_t periods_around(uint32_t length)
{
    const uint32_t shorter = length < AUR_WAVE_FRAMES ? length : AUR_WAVE_FRAMES;
    return (REACH + shorter - 1) / shorter;
}

/* in: room for all periods of the cycle; all: for what comes of them. */
static int resample(float *out, float *in, float *all, const float *cycle, uint32_t length)
{
    const uint32_t around = periods_around(length), periods = 2 * around + 1;
    double mean = 0;
    for (uint32_t i = 0; i < length; i++)
        mean += (double)cycle[i] / length;
    for (uint32_t i = 0; i < periods * length; i++)
        in[i] = (float)((double)cycle[i % length] - mean);
    SRC_DATA data = {.data_in = in,
                     .data_out = all,
                     .input_frames = (long)periods * length,
                     .output_frames = (long)periods * AUR_WAVE_FRAMES,
                     .src_ratio = (double)AUR_WAVE_FRAMES / length};
    int code = length == AUR_WAVE_FRAMES ? 0 : src_simple(&data, SRC_SINC_BEST_QUALITY, 1);
    if (length == AUR_WAVE_FRAMES)
        memcpy(all, in, (size_t)periods * length * sizeof *all);
    memcpy(out, all + (size_t)around * AUR_WAVE_FRAMES, AUR_WAVE_FRAMES * sizeof *out);
    return code;
}

int aur_wave_file_resample(struct aur_cycles *out, const struct aur_wave_file *file, struct aur_error *err)
{
    const size_t periods = 2 * (size_t)periods_around(file->length) + 1;
    float *frames = malloc((size_t)file->cycles * AUR_WAVE_FRAMES * sizeof *frames);
    float *in = malloc(periods * file->length * sizeof *in);
    float *all = calloc(periods * AUR_WAVE_FRAMES, sizeof *all);
    int code = frames && in && all ? 0 : -1;
    for (uint32_t i = 0; code == 0 && i < file->cycles; i++)
        code = resample(frames + (size_t)i * AUR_WAVE_FRAMES, in, all, file->frames + (size_t)i * file->length,
                        file->length);
    free(in);
    free(all);
    if (code) {
        free(frames);
        return aur_error_set(err, AUR_ENOMEM, "resampling a wavetable: %s",
                             code < 0 ? "out of memory" : src_strerror(code));
    }
    *out = (struct aur_cycles){frames, file->cycles, (file->length - 1) / 2};
    return AUR_OK;
}
