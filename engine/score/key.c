/* Reading keys, by table. */
#include "score/key.h"

#include <stdio.h>
#include <string.h>

const char *const aur_key_tonics[] = {"C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B", NULL};
const char *const aur_key_modes[] = {"ionian",  "dorian",  "phrygian", "lydian", "mixolydian",
                                     "aeolian", "locrian", "major",    "minor",  NULL};

/* Steps of the white keys from C; a mode is the same row begun elsewhere. */
static const int white[AUR_SCALE_NOTES] = {0, 2, 4, 5, 7, 9, 11};
static const int mode_start[] = {0, 1, 2, 3, 4, 5, 6, 0, 5}; /* in the order of aur_key_modes */

static const char allowed[] = "<tonic> <mode>: C to B with # or b; ionian, dorian, phrygian, lydian, mixolydian, "
                              "aeolian, locrian, major, minor; for example \"A minor\"";

/* Length of the tonic that text begins with, and its pitch class; 0 if there is none. */
static size_t read_tonic(int *pitch_class, const char *text)
{
    static const char letters[] = "CDEFGAB";
    const char *letter = *text ? strchr(letters, *text) : NULL;
    if (!letter)
        return 0;
    int shift = text[1] == '#' ? 1 : text[1] == 'b' ? -1 : 0;
    *pitch_class = (white[letter - letters] + shift + 12) % 12;
    return shift ? 2 : 1;
}

int aur_key_parse(struct aur_key *out, const char *text, struct aur_error *err)
{
    struct aur_key key = {0};
    size_t n = read_tonic(&key.pitch_class, text);
    int mode = -1;
    if (n && text[n] == ' ')
        for (int i = 0; aur_key_modes[i]; i++)
            if (strcmp(text + n + 1, aur_key_modes[i]) == 0)
                mode = i;
    if (mode < 0)
        return aur_error_value(err, "key", text, allowed);
    snprintf(key.tonic, sizeof key.tonic, "%.*s", (int)n, text);
    snprintf(key.mode, sizeof key.mode, "%s", aur_key_modes[mode]);
    snprintf(key.name, sizeof key.name, "%s", text);
    key.root = 57 + (key.pitch_class + 3) % 12;
    for (int i = 0; i < AUR_SCALE_NOTES; i++) {
        int from = mode_start[mode];
        key.scale[i] = (white[(from + i) % AUR_SCALE_NOTES] - white[from] + 12) % 12;
    }
    *out = key;
    return AUR_OK;
}
