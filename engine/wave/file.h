/* Single cycles read from a WAV file and resampled to what a wavetable has. Any thread that may read files. */
#ifndef AUR_WAVE_FILE_H
#define AUR_WAVE_FILE_H

#include "score/table.h"
#include "synth/tables.h"

/* A file's samples as they are in it, and the key of them with the number of cycles. */
struct aur_wave_file {
    float *frames; /* malloc'd: cycles x length */
    uint32_t cycles, length;
    uint64_t key;
};

/* Opens the request's file beneath its folder, however dots and links are arranged, and reads it: a WAV file of one
 * channel, any sample format, at least AUR_TABLE_CYCLE_MIN and at most AUR_TABLE_CYCLE_MAX frames a cycle, all finite.
 * Errors: those of struct aur_table_loader, each beginning with the file's name. */
AUR_MUST_USE int aur_wave_file_read(struct aur_wave_file *out, const struct aur_table_request *request,
                                    struct aur_error *err);
void aur_wave_file_free(struct aur_wave_file *file);

/* Each cycle as AUR_WAVE_FRAMES frames in out->frames, malloc'd, the caller's: what repeats with the cycle's length, seen
 * between its frames by libsamplerate's best sinc. Errors: AUR_ENOMEM. */
AUR_MUST_USE int aur_wave_file_resample(struct aur_cycles *out, const struct aur_wave_file *file,
                                        struct aur_error *err);

#endif
