/* Edits that come as requests: checking, writing, restoring. On the scripts worker, so that whatever a text does, only
 * other requests wait for it. The order makes an edit all or nothing: it is rehearsed, the text that it replaces is kept,
 * the file is replaced in one step, and only then it is armed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "channel/scripts_desk.h"
#include "channel/textfile.h"
#include "wire/json.h"
#include "wire/message.h"
#include "wire/script.h"

/* ---- diagnostics ---- */

static void put_failure(const struct aur_scripts *scripts, struct aur_buf *body,
                        const struct aur_scripts_request *request, const struct aur_error *failed)
{
    struct aur_diagnostic diagnostic;
    struct aur_error err = *failed;
    aur_scripts_shorten(scripts, err.message);
    size_t n = aur_diagnostic_place(err.message, NULL);
    bool own = n == strlen(request->name) && strncmp(err.message, request->name, n) == 0;
    aur_diagnostic_read(&diagnostic, &err, own ? request->text : NULL);
    if (!diagnostic.file[0])
        snprintf(diagnostic.file, sizeof diagnostic.file, "%s", request->name);
    aur_json_key(body, "diagnostics");
    aur_msg_diagnostics_write(body, &diagnostic, 1);
}

/* Of a text that holds: warnings only. */
static void put_warnings(const struct aur_scripts *scripts, struct aur_buf *body, const struct aur_scripts_trial *trial)
{
    struct aur_scripts_warnings *warnings = malloc(sizeof *warnings);
    if (warnings)
        aur_scripts_warn(scripts, warnings, trial);
    aur_json_key(body, "diagnostics");
    aur_msg_diagnostics_write(body, warnings ? warnings->items : NULL, warnings ? warnings->n : 0);
    free(warnings);
}

/* Errors that say something about the text, not about this machine. */
static bool is_verdict(int rc)
{
    return rc == AUR_ESCRIPT || rc == AUR_ELIMIT || rc == AUR_EINVAL;
}

static int refuse_script(const struct aur_scripts *scripts, struct aur_scripts_reply *reply,
                         const struct aur_scripts_request *request, const struct aur_error *err)
{
    char message[sizeof err->message];
    snprintf(message, sizeof message, "%.*s", (int)strcspn(err->message, "\n"), err->message);
    aur_scripts_shorten(scripts, message);
    aur_buf_text(&reply->body, "{");
    aur_json_text(&reply->body, "error", "SCRIPT_REFUSED");
    aur_json_text(&reply->body, "message", message);
    aur_json_text(&reply->body, "name", request->name);
    put_failure(scripts, &reply->body, request, err);
    aur_buf_text(&reply->body, "}");
    return reply->code = AUR_ESCRIPT;
}

static int check_length(const struct aur_scripts *scripts, const struct aur_scripts_request *request,
                        struct aur_error *err)
{
    size_t max = scripts->limits.source_bytes ? scripts->limits.source_bytes : AUR_SCRIPTS_TEXT_MAX;
    if (request->len <= max)
        return AUR_OK;
    return aur_error_set(err, AUR_ELIMIT, "%s: %zu bytes; a script may have %zu", request->name, request->len, max);
}

int aur_scripts_check(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                      struct aur_scripts_reply *reply)
{
    struct aur_scripts_trial trial;
    struct aur_error err = {0};
    const char *text = request->text ? request->text : "";
    int rc = check_length(scripts, request, &err);
    if (rc != AUR_OK)
        return aur_scripts_refuse(reply, &err);
    aur_version_of(reply->version, text, request->len);
    rc = aur_scripts_try(scripts, &trial, request->name, text, request->len, &err);
    if (rc != AUR_OK && !is_verdict(rc))
        return aur_scripts_refuse(reply, &err);
    aur_buf_text(&reply->body, "{");
    aur_json_bool(&reply->body, "ok", rc == AUR_OK);
    aur_json_text(&reply->body, "name", request->name);
    aur_json_text(&reply->body, "version", reply->version);
    if (rc == AUR_OK)
        put_warnings(scripts, &reply->body, &trial);
    else
        put_failure(scripts, &reply->body, request, &err);
    aur_buf_text(&reply->body, "}");
    aur_scripts_trial_drop(&trial);
    return reply->code = AUR_OK;
}

/* ---- writing ---- */

/* What is on disk now; an empty version where there is no such file. */
static int read_former(struct aur_scripts *scripts, struct aur_script_text *former, const char *name,
                       struct aur_error *err)
{
    int rc = aur_scripts_load(scripts, former, name, err);
    if (rc == AUR_OK)
        return AUR_OK;
    former->version[0] = '\0';
    aur_buf_deinit(&former->text);
    return rc == AUR_ENOTFOUND ? AUR_OK : rc;
}

static int check_match(struct aur_scripts_reply *reply, const struct aur_scripts_request *request,
                       const struct aur_script_text *former, struct aur_error *err)
{
    if (request->ask != AUR_SCRIPTS_WRITE || !*request->version || strcmp(request->version, former->version) == 0)
        return AUR_OK;
    reply->stale = true;
    if (!*former->version)
        return aur_error_set(err, AUR_EBUSY, "%s: there is no such file on disk", request->name);
    return aur_error_set(err, AUR_EBUSY, "%s: the text on disk is %s, not %s", request->name, former->version,
                         request->version);
}

static int store(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                 const struct aur_script_text *former, const char *version, struct aur_error *err)
{
    const char *text = request->text ? request->text : "";
    if (strcmp(former->version, version) == 0)
        return AUR_OK;
    int rc = AUR_OK;
    if (*former->version)
        rc = aur_versions_keep(scripts->desk->versions, request->name, former->text.data ? former->text.data : "",
                               former->text.len, former->saved_us, version, err);
    if (rc == AUR_OK)
        rc = aur_textfile_replace(scripts->desk->folder_fd, scripts->folder, request->name, text, request->len, err);
    return rc;
}

/* first: of the trial, armed at armed_ns; NULL if nobody plays it. Looking for warnings takes its time. */
static void put_taken(const struct aur_scripts *scripts, struct aur_scripts_reply *reply,
                      const struct aur_scripts_trial *trial, const struct aur_msg_phrase *first)
{
    uint64_t armed_ns = aur_clock_mono_ns();
    struct aur_buf warnings;
    aur_buf_init(&warnings);
    put_warnings(scripts, &warnings, trial);
    double passed_ms = (double)(aur_clock_mono_ns() - armed_ns) / 1e6;
    aur_buf_text(&reply->body, "{");
    aur_json_text(&reply->body, "status", first ? "armed" : "saved");
    aur_json_text(&reply->body, "name", trial->name);
    aur_json_text(&reply->body, "version", reply->version);
    if (first) {
        char id[40];
        snprintf(id, sizeof id, "phrase_%llu", (unsigned long long)first->phrase);
        aur_json_text(&reply->body, "phrase_id", id);
        aur_json_ms(&reply->body, "sounds_in_ms", first->sounds_in_ms > passed_ms ? first->sounds_in_ms - passed_ms : 0,
                    1);
    }
    aur_buf_add(&reply->body, warnings.data, warnings.len);
    aur_buf_text(&reply->body, "}");
    aur_buf_deinit(&warnings);
    reply->code = AUR_OK;
}

/* The rehearsed text onto the disk and into the channels. */
static int take(struct aur_scripts *scripts, const struct aur_scripts_request *request, struct aur_scripts_reply *reply,
                const struct aur_script_text *former, const struct aur_scripts_trial *trial)
{
    struct aur_script_text now;
    struct aur_msg_phrase first;
    struct aur_error err = {0};
    if (store(scripts, request, former, reply->version, &err) != AUR_OK)
        return aur_scripts_refuse(reply, &err);
    if (aur_scripts_load(scripts, &now, request->name, &err) == AUR_OK)
        aur_scripts_remember(scripts, request->name, now.text.data ? now.text.data : "", now.text.len, now.saved_us);
    aur_buf_deinit(&now.text);
    bool armed = aur_scripts_arm(scripts, &first, trial);
    put_taken(scripts, reply, trial, armed ? &first : NULL);
    aur_log(scripts->log, AUR_LOG_INFO, "scripts", "%s: %s saved over the network", request->name, reply->version);
    return reply->code;
}

int aur_scripts_write(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                      struct aur_scripts_reply *reply)
{
    struct aur_script_text former = {.version = ""};
    struct aur_scripts_trial trial;
    struct aur_error err = {0};
    const char *text = request->text ? request->text : "";
    aur_buf_init(&former.text);
    aur_version_of(reply->version, text, request->len);
    int rc = check_length(scripts, request, &err);
    if (rc == AUR_OK && aur_scripts_is_library(scripts, request->name))
        rc = aur_error_set(&err, AUR_ENOTSUP, "%s: belongs to the library, which cannot be written", request->name);
    if (rc == AUR_OK)
        rc = read_former(scripts, &former, request->name, &err);
    if (rc == AUR_OK)
        rc = check_match(reply, request, &former, &err);
    if (rc != AUR_OK) {
        aur_scripts_refuse(reply, &err);
    } else {
        rc = aur_scripts_try(scripts, &trial, request->name, text, request->len, &err);
        if (rc == AUR_OK)
            take(scripts, request, reply, &former, &trial);
        else if (is_verdict(rc))
            refuse_script(scripts, reply, request, &err);
        else
            aur_scripts_refuse(reply, &err);
        aur_scripts_trial_drop(&trial);
    }
    aur_buf_deinit(&former.text);
    return reply->code;
}

int aur_scripts_restore(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                        struct aur_scripts_reply *reply)
{
    struct aur_scripts_request wanted = *request;
    struct aur_script_text now;
    struct aur_buf kept;
    struct aur_error err = {0};
    aur_buf_init(&kept);
    int rc = aur_scripts_load(scripts, &now, request->name, &err);
    if (rc == AUR_OK && strcmp(now.version, request->version) == 0)
        aur_buf_add(&kept, now.text.data ? now.text.data : "", now.text.len);
    else
        rc = aur_versions_read(scripts->desk->versions, &kept, request->name, request->version, &err);
    aur_buf_deinit(&now.text);
    wanted.text = kept.data;
    wanted.len = kept.len;
    if (rc != AUR_OK)
        aur_scripts_refuse(reply, &err);
    else
        aur_scripts_write(scripts, &wanted, reply);
    aur_buf_deinit(&kept);
    return reply->code;
}
