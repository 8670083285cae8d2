/* See fake_scripts.h. */
#include "fake_scripts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 64

struct waiting {
    struct aur_scripts_request request;
    void (*done)(void *user, struct aur_scripts_reply *reply);
    void *user;
};

struct aur_scripts {
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct waiting items[WAITING_MAX];
    size_t n, room;
};

static struct aur_scripts the = {.lock = PTHREAD_MUTEX_INITIALIZER, .came = PTHREAD_COND_INITIALIZER};

void fake_scripts_reset(size_t room)
{
    the.n = 0;
    the.room = room;
}

struct aur_scripts *fake_scripts(void)
{
    return &the;
}

size_t fake_scripts_waiting(void)
{
    pthread_mutex_lock(&the.lock);
    size_t n = the.n;
    pthread_mutex_unlock(&the.lock);
    return n;
}

struct aur_scripts_request fake_scripts_next(void)
{
    pthread_mutex_lock(&the.lock);
    while (the.n == 0)
        pthread_cond_wait(&the.came, &the.lock);
    struct aur_scripts_request request = the.items[0].request;
    pthread_mutex_unlock(&the.lock);
    return request;
}

static void reply_with(struct aur_scripts_reply *reply)
{
    pthread_mutex_lock(&the.lock);
    struct waiting oldest = the.items[0];
    the.n--;
    memmove(the.items, the.items + 1, the.n * sizeof *the.items);
    pthread_mutex_unlock(&the.lock);
    oldest.done(oldest.user, reply);
    aur_buf_deinit(&reply->body);
    free(oldest.request.text);
}

void fake_scripts_reply(int code, const char *body, const char *version, const char *playing)
{
    struct aur_scripts_reply reply = {.code = code};
    aur_buf_init(&reply.body);
    aur_buf_text(&reply.body, body);
    strcpy(reply.version, version);
    strcpy(reply.playing, playing);
    reply_with(&reply);
}

void fake_scripts_reply_stale(const char *body)
{
    struct aur_scripts_reply reply = {.code = AUR_EBUSY, .stale = true};
    aur_buf_init(&reply.body);
    aur_buf_text(&reply.body, body);
    reply_with(&reply);
}

void fake_scripts_end(void)
{
    while (fake_scripts_waiting()) {
        struct aur_scripts_reply reply = {.code = AUR_EBUSY};
        aur_buf_init(&reply.body);
        reply_with(&reply);
    }
}

int aur_scripts_ask(struct aur_scripts *scripts, const struct aur_scripts_request *request,
                    void (*done)(void *user, struct aur_scripts_reply *reply), void *user)
{
    pthread_mutex_lock(&scripts->lock);
    int rc = scripts->n < scripts->room ? AUR_OK : AUR_EBUSY;
    if (rc == AUR_OK) {
        scripts->items[scripts->n++] = (struct waiting){*request, done, user};
        pthread_cond_signal(&scripts->came);
    }
    pthread_mutex_unlock(&scripts->lock);
    return rc;
}
