/* Batch scripts: Lua that describes outputs. It runs in the sandbox of scripts (script/vm.h) with these globals on top:
 *
 *     defaults { artist..., formats = { "flac", "opus" }, tags = { album = "Rain" } }   -- for what follows
 *     render { name = "01-rain", piece = "rain", seed = 3, duration = "4:00", tags = { track = 1 } }
 *     local data = read_json "seeds.json"    -- a file beside the script
 *     local stream = random "name"           -- as ctx.random in pieces; the same in every run
 *
 * docs/operating.md lists the fields. Any thread. */
#ifndef AUR_BATCH_SCRIPT_H
#define AUR_BATCH_SCRIPT_H

#include "base/log.h"
#include "batch/entry.h"

struct aur_batch_source {
    const char *path;    /* of the script */
    const char *lib_dir; /* `require` looks in the script's folder, then here */
    uint64_t instructions;
    size_t memory_bytes, source_bytes;
    struct aur_log *log; /* where print goes; NULL: nowhere */
};

/* Runs the script; its entries are appended to the list in its order. Errors: AUR_EIO, AUR_ESCRIPT ("file:line: message"),
 * AUR_ELIMIT, AUR_ENOMEM. */
AUR_MUST_USE int aur_batch_script_run(struct aur_batch_list *out, const struct aur_batch_source *source,
                                      struct aur_error *err);

#endif
