/* For LD_PRELOAD: while there is a file OVERRUN, ALSA tells PortAudio every so often that it has overrun. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { EVERY = 8, STATE_XRUN = 4 }; /* calls; several make a block */

static int overrun;

static void *real(const char *name)
{
    return dlsym(dlopen("libasound.so.2", RTLD_LAZY), name);
}

long snd_pcm_avail_update(void *pcm)
{
    static long (*update)(void *);
    static int calls;
    const char *path = getenv("OVERRUN");
    if (!update)
        update = (long (*)(void *))real("snd_pcm_avail_update");
    if (++calls % EVERY || !path || access(path, F_OK))
        return update(pcm);
    overrun = 1;
    return -EPIPE;
}

int snd_pcm_status_get_state(const void *status)
{
    static int (*get)(const void *);
    if (!get)
        get = (int (*)(const void *))real("snd_pcm_status_get_state");
    return overrun ? STATE_XRUN : get(status);
}

int snd_pcm_recover(void *pcm, int error, int silent)
{
    static int (*recover)(void *, int, int);
    if (!recover)
        recover = (int (*)(void *, int, int))real("snd_pcm_recover");
    if (!overrun)
        return recover(pcm, error, silent);
    overrun = 0;
    return 0;
}
