/* The harmony of a render as text, like a lead sheet: phrase by phrase what the script declared with ctx:chord.
 *
 *     Phrase 2   0:27.4   A minor   70 bpm   4/4
 *         0:27  | Am9            | %              | Fmaj7 / C/E /  | %              |
 *         0:41  | Dm7            | Em7            | Am9            | %              |
 *
 * A bar holds a chord alone, "%" where the one before sounds on, "-" where none is declared, or a symbol for each beat, "/"
 * where the one before sounds on. Symbols are made from the chord's tones and spelt in the key; where the script's name is a
 * numeral ("VI9") it tells the root. Pure but for the buffer; one thread at a time. */
#ifndef AUR_BOUNCE_CHORD_CHART_H
#define AUR_BOUNCE_CHORD_CHART_H

#include "base/buf.h"
#include "score/phrase.h"

#define AUR_CHORD_SYMBOL_SIZE 32

struct aur_chord_chart {
    struct aur_buf text;
};

void aur_chord_chart_init(struct aur_chord_chart *chart, const char *title, uint64_t seed);
void aur_chord_chart_add(struct aur_chord_chart *chart, const struct aur_phrase *phrase);
void aur_chord_chart_deinit(struct aur_chord_chart *chart);

/* The chord's symbol in this key: "Am7", "F#m7b5", "C/E". */
void aur_chord_symbol(char out[AUR_CHORD_SYMBOL_SIZE], const struct aur_chord *chord, const struct aur_key *key);

#endif
