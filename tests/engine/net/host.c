/* See host.h. */
#include "host.h"

#include "support/unit.h"

#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "fake_channel.h"
#include "fake_scripts.h"
#include "net/net.h"

static void *run(void *server)
{
    return (void *)(intptr_t)aur_server_run(server);
}

void host_start(struct host *host, const struct aur_server_config *config)
{
    struct aur_error err = {0};
    struct aur_server_config own = config ? *config : (struct aur_server_config){0};
    own.host = "127.0.0.1";
    own.port = 0;
    if (aur_server_new(&host->server, &own, &err) != AUR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(aur_server_add_channel(host->server, fake_channel(), &err), AUR_OK);
    aur_server_set_scripts(host->server, fake_scripts());
    host->port = aur_server_port(host->server);
    host->thread = malloc(sizeof(pthread_t));
    assert_int_equal(pthread_create(host->thread, NULL, run, host->server), 0);
}

void host_notify(struct host *host)
{
    aur_server_notify(host->server);
}

uint64_t host_counted(const struct host *host, enum aur_count which)
{
    return aur_counted(&host->server->counts, which);
}

void host_counts(const struct host *host, enum aur_count which, uint64_t n)
{
    for (int i = 0; host_counted(host, which) < n && i < 1000; i++)
        poll(NULL, 0, 10);
    if (host_counted(host, which) != n)
        fail_msg("%s %s: %d, not %d", aur_count_table[which].family, aur_count_table[which].value,
                 (int)host_counted(host, which), (int)n);
}

void host_stop(struct host *host)
{
    void *result;
    aur_server_stop(host->server);
    pthread_join(*(pthread_t *)host->thread, &result);
    assert_int_equal((intptr_t)result, AUR_OK);
    free(host->thread);
    fake_scripts_end();
    aur_server_free(host->server);
}
