/* Who reads a piece's wavetables: WAV files into the session's store. */
#ifndef AUR_WAVE_LOAD_H
#define AUR_WAVE_LOAD_H

#include "score/table.h"
#include "synth/tables.h"

/* For struct aur_piece_source; the store must outlive the loader's use. A file whose samples are in the store already is
 * read, but not worked on again. */
struct aur_table_loader aur_wave_loader(struct aur_tables *tables);

#endif
