/* Errands to other threads. The only thing that crosses is a list that they push to and the network thread takes whole, so no
 * lock is needed. */
#include "net/errand.h"

#include <stdlib.h>

void aur_errands_init(struct aur_errands *errands, void (*wake)(void *user), void *user)
{
    atomic_init(&errands->done, NULL);
    errands->wake = wake;
    errands->user = user;
}

/* On a worker: the errand is the network thread's again. */
static void come_back(struct aur_errand *errand)
{
    struct aur_errands *home = errand->home;
    errand->next = atomic_load_explicit(&home->done, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&home->done, &errand->next, errand, memory_order_release,
                                                  memory_order_relaxed))
        ;
    home->wake(home->user);
}

static void bring(void *user, struct aur_scripts_reply *reply)
{
    struct aur_errand *errand = user;
    errand->reply = *reply;
    aur_buf_init(&reply->body); /* taken */
    come_back(errand);
}

static void bring_kept(void *user, struct aur_keep_reply *reply)
{
    struct aur_errand *errand = user;
    errand->kept = *reply;
    aur_buf_init(&reply->body); /* taken, all of it */
    reply->fd = -1;
    reply->offers = NULL;
    reply->n_offers = 0;
    come_back(errand);
}

static struct aur_errand *make(struct aur_errands *errands, enum aur_errand_to to, void *asker)
{
    struct aur_errand *errand = calloc(1, sizeof *errand);
    if (errand)
        *errand = (struct aur_errand){.home = errands, .to = to, .asker = asker, .kept.fd = -1};
    return errand;
}

int aur_errand_send(struct aur_errand **out, struct aur_errands *errands, struct aur_scripts *scripts,
                    struct aur_scripts_request *request, void *asker)
{
    struct aur_errand *errand = make(errands, AUR_ERRAND_SCRIPTS, asker);
    int rc = AUR_ENOMEM;
    if (errand) {
        errand->ask = request->ask;
        *out = errand; /* before it can come back */
        rc = aur_scripts_ask(scripts, request, bring, errand);
    }
    if (rc == AUR_OK)
        return rc;
    *out = NULL;
    free(errand);
    free(request->text);
    aur_opening_free(request->opening);
    request->text = NULL;
    request->opening = NULL;
    return rc;
}

int aur_errand_send_keep(struct aur_errand **out, struct aur_errands *errands, struct aur_keep *keep,
                         struct aur_keep_request *request, void *asker)
{
    struct aur_errand *errand = make(errands, AUR_ERRAND_KEEP, asker);
    int rc = AUR_ENOMEM;
    if (errand) {
        errand->keep_ask = request->ask;
        *out = errand;
        rc = aur_keep_ask(keep, request, bring_kept, errand);
    }
    if (rc == AUR_OK)
        return rc;
    *out = NULL;
    free(errand);
    free(request->text);
    request->text = NULL;
    return rc;
}

struct aur_errand *aur_errands_take(struct aur_errands *errands)
{
    struct aur_errand *newest = atomic_exchange_explicit(&errands->done, NULL, memory_order_acquire), *list = NULL;
    while (newest) {
        struct aur_errand *next = newest->next;
        newest->next = list;
        list = newest;
        newest = next;
    }
    return list;
}

void aur_errand_free(struct aur_errand *errand)
{
    if (!errand)
        return;
    aur_buf_deinit(&errand->reply.body);
    aur_keep_reply_deinit(&errand->kept);
    free(errand);
}

void aur_errands_deinit(struct aur_errands *errands)
{
    for (struct aur_errand *errand = aur_errands_take(errands), *next; errand; errand = next) {
        next = errand->next;
        aur_errand_free(errand);
    }
}
