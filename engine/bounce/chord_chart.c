/* The chart's text: bars in rows of four, as wide as the widest of the phrase. Runs on the thread of the render; it grows by
 * some hundred bytes a phrase. */
#include "bounce/chord_chart.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BARS_A_ROW 4
#define CELL_SIZE  (32 * AUR_CHORD_SYMBOL_SIZE)
#define WIDTH_MIN  6

static void add_time(struct aur_buf *out, double seconds, int width, int digits)
{
    char text[32];
    const double step = digits ? 10 : 1;
    const uint64_t tenths = (uint64_t)(seconds * step + 1e-6), whole = tenths / (uint64_t)step;
    int n = whole < 3600 ? snprintf(text, sizeof text, "%d:%02d", (int)(whole / 60), (int)(whole % 60))
                         : snprintf(text, sizeof text, "%d:%02d:%02d", (int)(whole / 3600), (int)(whole / 60 % 60),
                                    (int)(whole % 60));
    if (digits)
        snprintf(text + n, sizeof text - (size_t)n, ".%d", (int)(tenths % 10));
    aur_buf_printf(out, "%*s", width, text);
}

void aur_chord_chart_init(struct aur_chord_chart *chart, const char *title, uint64_t seed)
{
    aur_buf_init(&chart->text);
    aur_buf_printf(&chart->text, "%s\nseed %" PRIu64 "\n", title, seed);
}

void aur_chord_chart_deinit(struct aur_chord_chart *chart)
{
    aur_buf_deinit(&chart->text);
}

/* The chord that begins in this beat (a little early counts too), the last of them; NULL: none. */
static const struct aur_chord *starts(const struct aur_phrase *phrase, int beat)
{
    const struct aur_chord *found = NULL;
    for (uint32_t i = 0; i < phrase->n_chords; i++)
        if ((phrase->chords[i].at_q20 + AUR_BEAT_ONE / 16) >> 20 == beat)
            found = &phrase->chords[i];
    return found;
}

/* The chord that sounds on from before this beat; NULL: none. */
static const struct aur_chord *held(const struct aur_phrase *phrase, int beat)
{
    const struct aur_chord *found = NULL;
    const int64_t at = beat * AUR_BEAT_ONE;
    for (uint32_t i = 0; i < phrase->n_chords; i++) {
        const struct aur_chord *chord = &phrase->chords[i];
        if (chord->at_q20 < at && chord->at_q20 + chord->beats_q20 > at + AUR_BEAT_ONE / 16)
            found = chord;
    }
    return found;
}

/* One bar without regard to the one before. */
static void write_bar(char out[CELL_SIZE], const struct aur_phrase *phrase, int bar)
{
    const int beats = phrase->meter[0], first = bar * beats;
    const struct aur_key *key = &phrase->controls.key;
    const struct aur_chord *chord = starts(phrase, first);
    char symbol[AUR_CHORD_SYMBOL_SIZE] = "-";
    int later = 0;
    chord = chord ? chord : held(phrase, first);
    if (chord)
        aur_chord_symbol(symbol, chord, key);
    size_t n = (size_t)snprintf(out, CELL_SIZE, "%s", symbol);
    for (int beat = 1; beat < beats; beat++)
        later += starts(phrase, first + beat) != NULL;
    for (int beat = 1; later && beat < beats && n < CELL_SIZE - AUR_CHORD_SYMBOL_SIZE - 2; beat++) {
        chord = starts(phrase, first + beat);
        if (chord)
            aur_chord_symbol(symbol, chord, key);
        n += (size_t)snprintf(out + n, CELL_SIZE - n, " %s", chord ? symbol : "/");
    }
}

/* As it is shown: a bar like the one before it is "%". */
static void write_cell(char out[CELL_SIZE], const struct aur_phrase *phrase, int bar)
{
    char before[CELL_SIZE];
    write_bar(out, phrase, bar);
    if (bar == 0 || strcmp(out, "-") == 0)
        return;
    write_bar(before, phrase, bar - 1);
    if (strcmp(out, before) == 0)
        strcpy(out, "%");
}

static int widest(const struct aur_phrase *phrase)
{
    char cell[CELL_SIZE];
    int width = WIDTH_MIN;
    for (int bar = 0; bar < phrase->bars; bar++) {
        write_cell(cell, phrase, bar);
        width = (int)strlen(cell) > width ? (int)strlen(cell) : width;
    }
    return width;
}

static double seconds_at(const struct aur_phrase *phrase, int bar)
{
    const double frame =
        (double)phrase->start_frame + (double)phrase->length_frames * bar / (phrase->bars > 0 ? phrase->bars : 1);
    return frame / phrase->rate_hz;
}

void aur_chord_chart_add(struct aur_chord_chart *chart, const struct aur_phrase *phrase)
{
    struct aur_buf *out = &chart->text;
    char cell[CELL_SIZE];
    const int width = widest(phrase);
    aur_buf_printf(out, "\nPhrase %" PRIu64 "   ", phrase->number);
    add_time(out, seconds_at(phrase, 0), 0, 1);
    aur_buf_printf(out, "   %s   %d bpm   %d/%d\n", phrase->controls.key.name, phrase->controls.bpm, phrase->meter[0],
                   phrase->meter[1]);
    for (int bar = 0; bar < phrase->bars; bar++) {
        if (bar % BARS_A_ROW == 0) {
            add_time(out, seconds_at(phrase, bar), 9, 0);
            aur_buf_text(out, "  |");
        }
        write_cell(cell, phrase, bar);
        const bool last = bar % BARS_A_ROW == BARS_A_ROW - 1 || bar == phrase->bars - 1;
        aur_buf_printf(out, " %-*s |%s", width, cell, last ? "\n" : "");
    }
}
