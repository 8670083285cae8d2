/* A chord's name for people who read lead sheets. Three ways, the surer first: the script named it by a numeral, whose degree
 * gives the root; the script wrote a symbol; else the quality and root are sought that fit the chord's tones best. */
#include <stdio.h>
#include <string.h>

#include "bounce/chord_chart.h"

#define SEMITONES 12

/* ---- spelling ---- */

static const char letters[] = "CDEFGAB";
static const int naturals[] = {0, 2, 4, 5, 7, 9, 11};

/* The letter, counted from the tonic's, that a semitone above the tonic is written with: the scale's own, else lowered
 * seconds, thirds, sixths and sevenths and the raised fourth. */
static int letter_step(const struct aur_key *key, int semitone)
{
    static const int steps[SEMITONES] = {0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6};
    for (int i = 0; i < AUR_SCALE_NOTES; i++)
        if (key->scale[i] == semitone)
            return i;
    return steps[semitone];
}

static void spell(char out[4], const struct aur_key *key, int pitch_class)
{
    static const char *const plain[] = {"C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"};
    const char *tonic = strchr(letters, key->tonic[0]);
    int at = tonic && *tonic ? (int)(tonic - letters) : 0;
    int letter = (at + letter_step(key, (pitch_class - key->pitch_class + SEMITONES) % SEMITONES)) % AUR_SCALE_NOTES;
    int shift = (pitch_class - naturals[letter] + SEMITONES + 6) % SEMITONES - 6;
    if (shift < -1 || shift > 1)
        snprintf(out, 4, "%s", plain[pitch_class]);
    else
        snprintf(out, 4, "%c%s", letters[letter], shift < 0 ? "b" : shift > 0 ? "#" : "");
}

/* ---- from the script's numeral ---- */

/* Behind a numeral, and behind a root: after an upper-case and after a lower-case one. */
static const struct {
    const char *suffix, *major, *minor;
} suffixes[] = {
    {"", "", "m"},
    {"6", "6", "m6"},
    {"69", "6/9", "m6/9"},
    {"7", "7", "m7"},
    {"9", "9", "m9"},
    {"11", "11", "m11"},
    {"13", "13", "m13"},
    {"maj7", "maj7", "m(maj7)"},
    {"maj9", "maj9", "m(maj9)"},
    {"maj7#11", "maj7#11", "m(maj7#11)"},
    {"maj7sus2", "maj7sus2", "maj7sus2"},
    {"add9", "add9", "m(add9)"},
    {"add11", "add11", "m(add11)"},
    {"sus2", "sus2", "sus2"},
    {"sus4", "sus4", "sus4"},
    {"7sus4", "7sus4", "7sus4"},
    {"9sus4", "9sus4", "9sus4"},
    {"q", "7sus4", "7sus4"},
    {"5", "5", "5"},
    {"o", "dim", "dim"},
    {"o7", "dim7", "dim7"},
    {"h7", "m7b5", "m7b5"},
    {"+", "aug", "aug"},
    {"+7", "aug7", "aug7"},
    {"7b5", "7b5", "m7b5"},
    /* with figures of inversions */
    {"63", "", "m"},
    {"64", "", "m"},
    {"65", "7", "m7"},
    {"43", "7", "m7"},
    {"42", "7", "m7"},
    {"maj65", "maj7", "m(maj7)"},
    {"maj43", "maj7", "m(maj7)"},
    {"maj42", "maj7", "m(maj7)"},
    {"o65", "dim7", "dim7"},
    {"o43", "dim7", "dim7"},
    {"o42", "dim7", "dim7"},
    {"h65", "m7b5", "m7b5"},
    {"h43", "m7b5", "m7b5"},
    {"h42", "m7b5", "m7b5"},
};

struct numeral {
    int degree, shift; /* degree from 0 */
    bool minor;
    size_t len; /* of its text */
};

static bool read_numeral(struct numeral *out, const char *text)
{
    static const char *const upper[] = {"VII", "III", "IV", "VI", "II", "I", "V"};
    static const char *const lower[] = {"vii", "iii", "iv", "vi", "ii", "i", "v"};
    static const int degrees[] = {6, 2, 3, 5, 1, 0, 4};
    const int shift = *text == 'b' ? -1 : *text == '#' ? 1 : 0;
    const char *at = text + (shift != 0);
    for (int i = 0; i < AUR_SCALE_NOTES; i++) {
        const size_t n = strlen(upper[i]);
        const bool minor = strncmp(at, lower[i], n) == 0;
        if (minor || strncmp(at, upper[i], n) == 0) {
            *out = (struct numeral){degrees[i], shift, minor, (size_t)(at - text) + n};
            return true;
        }
    }
    return false;
}

static int degree_class(const struct aur_key *key, const struct numeral *numeral)
{
    return (key->pitch_class + key->scale[numeral->degree] + numeral->shift + SEMITONES) % SEMITONES;
}

static int class_of(int32_t pitch_q16)
{
    return ((pitch_q16 + AUR_Q16_ONE / 2) / AUR_Q16_ONE % SEMITONES + SEMITONES) % SEMITONES;
}

/* Pitch class of the lowest tone; -1: there is none. */
static int lowest_class(const struct aur_chord *chord)
{
    if (!chord->n_pitches)
        return -1;
    int32_t low = chord->pitches_q16[0];
    for (uint32_t i = 1; i < chord->n_pitches; i++)
        low = chord->pitches_q16[i] < low ? chord->pitches_q16[i] : low;
    return class_of(low);
}

struct named {
    int root, bass; /* pitch classes; bass -1: the root's own */
    const char *quality;
};

/* "VI9", "V7/V" (of another degree) and "ii/I" (over a bass): the lowest tone tells the last two apart. */
static bool from_numeral(struct named *out, const struct aur_chord *chord, const struct aur_key *key)
{
    struct numeral numeral, under;
    if (!read_numeral(&numeral, chord->name))
        return false;
    const char *suffix = chord->name + numeral.len, *slash = strchr(suffix, '/');
    const size_t len = slash ? (size_t)(slash - suffix) : strlen(suffix);
    *out = (struct named){degree_class(key, &numeral), -1, NULL};
    if (slash && (!read_numeral(&under, slash + 1) || slash[1 + under.len]))
        return false;
    if (slash && lowest_class(chord) == degree_class(key, &under))
        out->bass = degree_class(key, &under);
    else if (slash)
        out->root = (degree_class(key, &under) + naturals[numeral.degree] + numeral.shift + SEMITONES) % SEMITONES;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (strlen(suffixes[i].suffix) == len && strncmp(suffixes[i].suffix, suffix, len) == 0)
            out->quality = numeral.minor ? suffixes[i].minor : suffixes[i].major;
    return out->quality;
}

/* ---- from the script's symbol ---- */

static bool is_symbol(const char *text)
{
    static const char *const parts[] = {"maj", "min", "dim", "aug", "sus", "add", "m", "M",
                                        "+",   "-",   "(",   ")",   "#",   "b",   NULL};
    if (!*text || !strchr(letters, *text))
        return false;
    for (text++; *text;) {
        size_t n = strspn(text, "0123456789");
        if (*text == '/' && text[1] && strchr(letters, text[1]))
            n = 2;
        for (int i = 0; !n && parts[i]; i++)
            n = strncmp(text, parts[i], strlen(parts[i])) == 0 ? strlen(parts[i]) : 0;
        if (!n)
            return false;
        text += n;
    }
    return true;
}

/* ---- from the tones ---- */

#define TONE(n) (1u << (n))

static const struct {
    const char *quality;
    unsigned tones; /* above the root, which is always there */
} qualities[] = {
    {"", TONE(4) | TONE(7)},
    {"m", TONE(3) | TONE(7)},
    {"7", TONE(4) | TONE(7) | TONE(10)},
    {"m7", TONE(3) | TONE(7) | TONE(10)},
    {"maj7", TONE(4) | TONE(7) | TONE(11)},
    {"sus2", TONE(2) | TONE(7)},
    {"sus4", TONE(5) | TONE(7)},
    {"add9", TONE(2) | TONE(4) | TONE(7)},
    {"m(add9)", TONE(2) | TONE(3) | TONE(7)},
    {"9", TONE(2) | TONE(4) | TONE(7) | TONE(10)},
    {"m9", TONE(2) | TONE(3) | TONE(7) | TONE(10)},
    {"maj9", TONE(2) | TONE(4) | TONE(7) | TONE(11)},
    {"6", TONE(4) | TONE(7) | TONE(9)},
    {"m6", TONE(3) | TONE(7) | TONE(9)},
    {"6/9", TONE(2) | TONE(4) | TONE(7) | TONE(9)},
    {"7sus4", TONE(5) | TONE(7) | TONE(10)},
    {"9sus4", TONE(2) | TONE(5) | TONE(7) | TONE(10)},
    {"5", TONE(7)},
    {"dim", TONE(3) | TONE(6)},
    {"m7b5", TONE(3) | TONE(6) | TONE(10)},
    {"dim7", TONE(3) | TONE(6) | TONE(9)},
    {"aug", TONE(4) | TONE(8)},
    {"m11", TONE(2) | TONE(3) | TONE(5) | TONE(7) | TONE(10)},
    {"maj7#11", TONE(4) | TONE(6) | TONE(7) | TONE(11)},
    {"13", TONE(2) | TONE(4) | TONE(7) | TONE(9) | TONE(10)},
};

/* How badly tones (above a root) are told by a quality; a fifth may be left out. */
static int misfit(unsigned tones, unsigned quality)
{
    const unsigned missing = quality & ~tones, extra = tones & ~quality & ~TONE(0);
    return 6 * __builtin_popcount(extra) + 4 * __builtin_popcount(missing) - 3 * !!(missing & TONE(7));
}

static bool from_tones(struct named *out, const struct aur_chord *chord)
{
    const int low = lowest_class(chord);
    unsigned all = 0;
    int least = INT32_MAX;
    for (uint32_t i = 0; i < chord->n_pitches; i++)
        all |= TONE(class_of(chord->pitches_q16[i]));
    for (int root = 0; root < SEMITONES; root++) {
        if (!(all & TONE(root)))
            continue;
        const unsigned above = (all >> root | all << (SEMITONES - root)) & (TONE(SEMITONES) - 1);
        for (size_t i = 0; i < sizeof qualities / sizeof *qualities; i++) {
            const int cost = misfit(above, qualities[i].tones) + 2 * (root != low);
            if (cost < least) {
                least = cost;
                *out = (struct named){root, -1, qualities[i].quality};
            }
        }
    }
    return all != 0;
}

void aur_chord_symbol(char out[AUR_CHORD_SYMBOL_SIZE], const struct aur_chord *chord, const struct aur_key *key)
{
    struct named named = {0};
    char root[4], bass[4] = "";
    const bool numeral = from_numeral(&named, chord, key);
    if (!numeral && (is_symbol(chord->name) || !from_tones(&named, chord))) {
        snprintf(out, AUR_CHORD_SYMBOL_SIZE, "%s", *chord->name ? chord->name : "?");
        for (char *at = out; *at; at++)
            *at = *at == '|' || *at == '%' || (unsigned char)*at <= ' ' ? '_' : *at;
        return;
    }
    spell(root, key, named.root);
    if (named.bass >= 0)
        spell(bass, key, named.bass);
    snprintf(out, AUR_CHORD_SYMBOL_SIZE, "%s%s%s%s", root, named.quality, *bass ? "/" : "", bass);
}
