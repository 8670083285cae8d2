/* Hashes and counter-based random numbers: integer arithmetic only, so the same everywhere. */
#include "base/hash.h"

#include <string.h>

uint64_t aur_hash64(const void *data, size_t len, uint64_t seed)
{
    const unsigned char *bytes = data;
    uint64_t h = seed;
    for (size_t i = 0; i < len; i++)
        h = (h ^ bytes[i]) * 0x100000001b3u;
    return h;
}

uint64_t aur_hash_frames(const float *samples, size_t frames, uint64_t seed)
{
    uint64_t h = seed;
    for (size_t i = 0; i < frames; i++) {
        uint32_t bits[2];
        memcpy(bits, samples + 2 * i, sizeof bits);
        h = (h ^ (bits[0] | (uint64_t)bits[1] << 32)) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32; /* the right channel reaches the low bits */
    }
    return h;
}

uint64_t aur_hash_named(const char *name, uint64_t value, uint64_t seed)
{
    uint64_t hash = aur_hash64(name, strlen(name) + 1, seed);
    return aur_hash64(&value, sizeof value, hash);
}

uint64_t aur_hash_cycles(const float *frames, size_t n_floats, uint32_t cycles, uint32_t partials)
{
    const uint32_t head[2] = {cycles, partials};
    return aur_hash64(frames, n_floats * sizeof *frames, aur_hash64(head, sizeof head, AUR_HASH_START));
}

uint64_t aur_mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t aur_rand_key(uint64_t seed, uint64_t phrase, const char *name)
{
    uint64_t h = aur_hash64(name, strlen(name), AUR_HASH_START);
    return aur_mix64(h ^ aur_mix64(phrase + 0x9e3779b97f4a7c15u * (aur_mix64(seed) | 1)));
}

uint64_t aur_rand_at(uint64_t key, uint64_t counter)
{
    /* Two rounds, so that neighbouring keys with neighbouring counters do not meet. */
    return aur_mix64(key ^ aur_mix64(counter * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u));
}

double aur_rand_unit(uint64_t key, uint64_t counter)
{
    return (double)(aur_rand_at(key, counter) >> 11) * 0x1p-53;
}
