/* See host.h. */
#include "host.h"

#include "support/unit.h"
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "fake_channel.h"
#include "fake_scripts.h"

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
