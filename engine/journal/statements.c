/* SQL of what is put into a journal's database and taken out of it. Immutable; any thread. */
#include "journal/statements.h"

/* What of a session that was killed is known to have sounded: a phrase is composed a second before it begins. */
#define KNOWN                                                                                                          \
    "max(frames, ifnull((SELECT max(frame) FROM events WHERE session = key), 0), "                                     \
    "ifnull((SELECT max(frame) FROM facts WHERE session = key AND type = 3), 0), "                                     \
    "ifnull((SELECT max(start_frame) FROM phrases WHERE session = key), 0) - 2 * rate_hz)"

const char *const aur_statements[N_STATEMENTS] = {
    [NEXT_KEY] = "SELECT ifnull(max(key), 0) + 1 FROM sessions",
    [FIND_SESSION] = "SELECT key FROM sessions WHERE id = ?",
    [FIND_TEXT] = "SELECT key FROM texts WHERE hash = ? AND text = ?",
    [PUT_TEXT] = "INSERT INTO texts(hash, text) VALUES(?, ?)",
    [FIND_WAVE] = "SELECT key FROM waves WHERE hash = ? AND cycles = ? AND partials = ? AND frames = ?",
    [PUT_WAVE] = "INSERT INTO waves(hash, cycles, partials, frames) VALUES(?, ?, ?, ?)",
    [FIND_PIECE] = "SELECT key FROM pieces WHERE hash = ?",
    [FIND_SESSION_PIECE] = ("SELECT piece FROM session_pieces WHERE session = ?1 AND "
                            "piece = (SELECT key FROM pieces WHERE hash = ?2)"),
    [PUT_PIECE] = "INSERT INTO pieces(hash, name) VALUES(?, ?)",
    [PUT_FILE] = "INSERT INTO piece_files VALUES(?, ?, ?, ?)",
    [PUT_PIECE_WAVE] = "INSERT INTO piece_waves VALUES(?, ?, ?, ?)",
    [DIFFERENT_FILES] = "SELECT 1 FROM piece_files WHERE piece = ?1 AND place = ?2 AND name = ?3 AND text = ?4",
    [DIFFERENT_WAVES] = "SELECT 1 FROM piece_waves WHERE piece = ?1 AND place = ?2 AND file = ?3 AND wave = ?4",
    [USE_PIECE] = "INSERT OR IGNORE INTO session_pieces VALUES(?, ?)",
    [PUT_SESSION] = ("INSERT INTO sessions(key, id, channel, title, unlisted, seed, rate_hz, chunk_frames, max_voices, "
                     "effects, device, "
                     "engine, sound_revision, settings, resumed_from, started_at, seen_at) VALUES(?, ?, ?, ?, ?, ?, ?, "
                     "?, ?, ?, ?, ?, "
                     "?, ?, ?, ?16, ?16)"),
    [PUT_PHRASE] = "INSERT INTO phrases VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [PUT_FACT] = "INSERT OR REPLACE INTO facts VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
    [PUT_OVERVIEW] = "INSERT OR REPLACE INTO overviews VALUES(?, ?, ?)",
    [PUT_EVENT] = "INSERT INTO events(session, frame, at, kind, detail) VALUES(?, ?, ?, ?, ?)",
    [PUT_KEYFRAME] =
        "INSERT OR REPLACE INTO keyframes(session, frame, layout, number, size, bytes) VALUES(?, ?, ?, ?, ?, ?)",
    [PROGRESS] = "UPDATE sessions SET frames = max(frames, ?2), seen_at = ?3 WHERE key = ?1",
    [BROKEN] =
        "UPDATE sessions SET broken_at = ?2, broken_why = ?3 WHERE key = ?1 AND (broken_at IS NULL OR broken_at > ?2)",
    [END] = "UPDATE sessions SET frames = ?2, seen_at = ?3, ended_at = ?3 WHERE key = ?1",
    [END_ALL] = ("UPDATE sessions SET ended_at = seen_at, frames = " KNOWN " WHERE ended_at IS NULL"),
    [IMPORTED] = "UPDATE sessions SET imported_at = ?2 WHERE key = ?1",
    [NAME] = "UPDATE sessions SET name = ?2 WHERE key = ?1",
    [OLDEST] = ("SELECT key FROM sessions WHERE ended_at IS NOT NULL AND ifnull(imported_at, ended_at) < ? AND "
                "key NOT IN (SELECT session FROM takes) ORDER BY ifnull(imported_at, started_at), key LIMIT 1"),
    [OLDEST_KEYFRAMES] = ("SELECT key FROM sessions s WHERE (SELECT count(*) FROM keyframes WHERE session = s.key) > "
                          "(ended_at IS NULL) ORDER BY ended_at IS NULL, started_at, key LIMIT 1"),
    [DROP_KEYFRAMES] = ("DELETE FROM keyframes WHERE session = ?1 AND (frame < (SELECT max(frame) FROM keyframes WHERE "
                        "session = ?1) OR (SELECT ended_at FROM sessions WHERE key = ?1) IS NOT NULL)"),
    [PUT_TAKE] =
        ("INSERT INTO takes VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET session = "
         "excluded.session, name = excluded.name, channel = excluded.channel, from_frame = excluded.from_frame, "
         "to_frame = excluded.to_frame, rate_hz = excluded.rate_hz, kept_at = excluded.kept_at, state = "
         "excluded.state, error = excluded.error, wanted = excluded.wanted"),
    [DROP_TAKE] = "DELETE FROM takes WHERE id = ?",
    [PUT_PRESET] = "INSERT INTO presets VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET json = excluded.json",
    [DROP_PRESET] = "DELETE FROM presets WHERE name = ?",
};
