/* For LD_PRELOAD: the file WALL_CLOCK_OFFSET has two numbers, seconds that the clock of the day was set by, and
   seconds that the machine slept. Both move the clock of the day; sleep the clock that counts from the boot, too.
   libfaketime bends timed waits as well, which neither does. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long offset(clockid_t clock)
{
    char text[64] = {0}, *rest;
    const char *path = getenv("WALL_CLOCK_OFFSET");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    (void)!read(file, text, sizeof text - 1);
    close(file);
    long set = strtol(text, &rest, 10), slept = strtol(rest, NULL, 10);
    return clock == CLOCK_BOOTTIME ? slept : set + slept;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int status = syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_BOOTTIME))
        now->tv_sec += offset(clock);
    return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (now)
        *now = precise.tv_sec;
    return precise.tv_sec;
}
