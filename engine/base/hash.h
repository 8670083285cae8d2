/* 64-bit hashing and counter-based random numbers: pure functions, the same on every machine. Any thread. */
#ifndef AUR_BASE_HASH_H
#define AUR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a over len bytes, continued from seed (use AUR_HASH_START first). Not cryptographic. */
#define AUR_HASH_START 0xcbf29ce484222325u
uint64_t aur_hash64(const void *data, size_t len, uint64_t seed);

/* Hash of stereo samples, bit for bit, continued from seed (AUR_HASH_START first): hashing frames in parts gives what hashing them
 * at once does. samples: left, right interleaved. Not cryptographic; about two nanoseconds a frame. [render] */
uint64_t aur_hash_frames(const float *samples, size_t frames, uint64_t seed);

/* Hash of a list of named things, continued from seed with one more: its name, and a value that stands for what it is, its own
 * hash for one. What a piece is made of is told apart by that of (its name, 0), its files in order (name, aur_hash64 of the text)
 * and its wavetables in order (file, aur_hash_cycles). */
uint64_t aur_hash_named(const char *name, uint64_t value, uint64_t seed);

/* Hash of a wavetable's cycles, one after another. */
uint64_t aur_hash_cycles(const float *frames, size_t n_floats, uint32_t cycles, uint32_t partials);

/* A bijective mix of 64 bits (the finaliser of SplitMix64, Steele et al. 2014). */
uint64_t aur_mix64(uint64_t x);

/* Key of the random stream `name` of phrase `phrase` under `seed`. */
uint64_t aur_rand_key(uint64_t seed, uint64_t phrase, const char *name);

/* Draw number `counter` of the stream with this key: 64 uniform bits. There is no generator state. */
uint64_t aur_rand_at(uint64_t key, uint64_t counter);

/* The same as a double in [0, 1), a multiple of 2^-53. */
double aur_rand_unit(uint64_t key, uint64_t counter);

#endif
