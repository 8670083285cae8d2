/* The server's configuration with its defaults. On the thread that makes the server. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"

static void set_default(uint32_t *value, uint32_t otherwise)
{
    if (!*value)
        *value = otherwise;
}

int aur_server_config_copy(struct aur_server_config *out, const struct aur_server_config *config)
{
    *out = *config;
    set_default(&out->max_clients, 10);
    set_default(&out->queue_chunks, 5);
    set_default(&out->burst_chunks, 5);
    set_default(&out->chunk_ms, 100);
    set_default(&out->ping_ms, 30000);
    set_default(&out->timeout_ms, 60000);
    set_default(&out->drain_ms, 2000);
    set_default(&out->control_rate, 20);
    set_default(&out->message_rate, 100);
    set_default(&out->max_connections, out->max_clients + 256);
    set_default(&out->header_ms, 10000);
    set_default(&out->body_ms, 30000);
    set_default(&out->reply_ms, 30000);
    set_default(&out->pace_bytes, 8192);
    if (!out->script_bytes)
        out->script_bytes = (size_t)1 << 20;
    out->host = strdup(config->host ? config->host : "127.0.0.1");
    out->client_dir = strdup(config->client_dir ? config->client_dir : "");
    out->cors_origins = strdup(config->cors_origins ? config->cors_origins : "");
    out->edit_token = strdup(config->edit_token ? config->edit_token : "");
    return out->host && out->client_dir && out->cors_origins && out->edit_token ? AUR_OK : AUR_ENOMEM;
}

void aur_server_config_free(struct aur_server_config *config)
{
    free((void *)(uintptr_t)config->host);
    free((void *)(uintptr_t)config->client_dir);
    free((void *)(uintptr_t)config->cors_origins);
    free((void *)(uintptr_t)config->edit_token);
}

/* ---- what is offered; before the server runs ---- */

void aur_server_set_scripts(struct aur_server *server, struct aur_scripts *scripts)
{
    server->hubs.scripts = scripts;
    server->hubs.edit_token = server->config.edit_token;
    server->hubs.loopback = server->sockets.loopback;
    server->hubs.script_bytes = server->config.script_bytes;
}

int aur_server_set_keep(struct aur_server *server, struct aur_keep *keep, struct aur_error *err)
{
    struct aur_keep_offer *offers = NULL;
    size_t n = 0;
    int rc = aur_keep_offers(keep, &offers, &n, err);
    for (size_t i = 0; i < n; i++)
        if (rc < 0 || (rc = aur_private_offer(&server->hubs.private, &offers[i])) < 0)
            offers[i].discard(offers[i].made);
    free(offers);
    server->hubs.keep = keep;
    return rc;
}

void aur_server_set_private(struct aur_server *server, const struct aur_private_config *config)
{
    server->hubs.private.config = *config;
}
