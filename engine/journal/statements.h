/* The statements of a store, by name; for store.c only. */
#ifndef AUR_JOURNAL_STATEMENTS_H
#define AUR_JOURNAL_STATEMENTS_H

enum aur_statement {
    NEXT_KEY,
    FIND_SESSION,
    FIND_TEXT,
    PUT_TEXT,
    FIND_WAVE,
    PUT_WAVE,
    FIND_PIECE,
    FIND_SESSION_PIECE,
    PUT_PIECE,
    PUT_FILE,
    PUT_PIECE_WAVE,
    DIFFERENT_FILES,
    DIFFERENT_WAVES,
    USE_PIECE,
    PUT_SESSION,
    PUT_PHRASE,
    PUT_FACT,
    PUT_OVERVIEW,
    PUT_EVENT,
    PUT_KEYFRAME,
    PROGRESS,
    BROKEN,
    END,
    END_ALL,
    IMPORTED,
    NAME,
    OLDEST,
    OLDEST_KEYFRAMES,
    DROP_KEYFRAMES,
    PUT_TAKE,
    DROP_TAKE,
    PUT_PRESET,
    DROP_PRESET,
    N_STATEMENTS
};

extern const char *const aur_statements[N_STATEMENTS];

#endif
