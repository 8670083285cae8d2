/* Controls: what a listener or musician may turn while the music plays. Plain data; any thread, caller's copy.
 *
 * key, bpm, intensity, melody_complexity and the piece's own act at the next phrase boundary that is not yet composed;
 * level, brightness and the continuous half of intensity act at once, smoothed by the synth. */
#ifndef AUR_SCORE_CONTROL_H
#define AUR_SCORE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "score/key.h"

#define AUR_PIECE_CONTROLS_MAX 24
#define AUR_CONTROL_NAME_SIZE  32
#define AUR_CONTROL_LABEL_SIZE 64

struct aur_control_spec {
    char name[AUR_CONTROL_NAME_SIZE];   /* [a-z][a-z0-9_]*, none of the built-in names */
    char label[AUR_CONTROL_LABEL_SIZE]; /* for people */
    double min, max, def;
};

struct aur_control_specs { /* a piece's own controls, sorted by name */
    struct aur_control_spec items[AUR_PIECE_CONTROLS_MAX];
    size_t n;
};

struct aur_controls {
    struct aur_key key;
    int bpm;                              /* 40 to 200 */
    double intensity;                     /* 0 to 1 */
    double melody_complexity;             /* 0 to 1 */
    double level;                         /* 0 to 1, live; 1 is as composed */
    double brightness;                    /* 0 to 1, live; 0.5 is as composed */
    double piece[AUR_PIECE_CONTROLS_MAX]; /* in the order of the specs */
};

/* "A minor", 70 BPM, intensity 0.5, complexity 0.5, level 1, brightness 0.5, the piece's defaults. */
void aur_controls_default(struct aur_controls *out, const struct aur_control_specs *specs);

/* The built-in controls that are numbers: name, label, min, max, default; `integer` for bpm. NULL name ends it. */
struct aur_control_builtin {
    const char *name, *label;
    double min, max, def;
    bool integer;
    bool live;     /* acts at once (intensity: both) */
    size_t offset; /* of the double (int if integer) in struct aur_controls */
};
extern const struct aur_control_builtin aur_control_builtins[];

/* Sets one numeric control, built-in or the piece's. `field` names it; NaN, out of range, a fraction where an integer is
 * needed: AUR_EINVAL with field, value, allowed. Unknown name: AUR_EINVAL whose allowed lists the names. */
AUR_MUST_USE int aur_controls_set(struct aur_controls *controls, const struct aur_control_specs *specs,
                                  const char *field, double value, struct aur_error *err);

/* Values of one piece for another: the built-in controls of `from` as they are, the piece's own by name, into the new range.
 * What `from` does not have stays as it is in out. */
void aur_controls_carry(struct aur_controls *out, const struct aur_control_specs *specs,
                        const struct aur_controls *from, const struct aur_control_specs *from_specs);

/* All controls as text, "name=value\n" each, sorted by name, lossless: "bpm=70\nbrightness=0.5\n...key=A minor\n...". specs: the
 * piece's; NULL: without its own. */
void aur_controls_print(struct aur_buf *out, const struct aur_controls *controls,
                        const struct aur_control_specs *specs);
/* The reverse: what the text does not name is at its default, names that the piece does not have are passed over, values of its
 * own that are out of range now go to the nearer end. Errors: AUR_EINVAL (a line without a value, a built-in control out of
 * range) with field, value, allowed; then out is not what it was. */
AUR_MUST_USE int aur_controls_parse(struct aur_controls *out, const struct aur_control_specs *specs, const char *text,
                                    struct aur_error *err);

#endif
