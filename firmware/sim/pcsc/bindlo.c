/*
 * Preloaded into the private pcscd, for three things that it and its virtual reader driver cannot be told:
 * listening sockets for any address are bound to the loopback address; the system daemon's folder, which an ordinary
 * user cannot make and a daemon activated by socket does not need, counts as present; and the daemon ends when the
 * pipe that its starter holds closes (the starter died without stopping it).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define GRACE_SECONDS 3

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    int (*next)(int, const struct sockaddr *, socklen_t) =
        (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "bind");
    if (address->sa_family == AF_INET && size >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in local = *(const struct sockaddr_in *)address;
        int yes = 1;
        local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        return next(fd, (const struct sockaddr *)&local, sizeof local);
    }
    if (address->sa_family == AF_INET6) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    return next(fd, address, size);
}

int mkdir(const char *path, mode_t mode)
{
    int (*next)(const char *, mode_t) = (int (*)(const char *, mode_t))dlsym(RTLD_NEXT, "mkdir");
    if (strcmp(path, "/run/pcscd") == 0) {
        errno = EEXIST;
        return -1;
    }
    return next(path, mode);
}

static void *wait_for_starter(void *pipe_end)
{
    char byte;
    ssize_t got;
    do
        got = read((int)(intptr_t)pipe_end, &byte, 1);
    while (got > 0 || (got < 0 && errno == EINTR));
    kill(getpid(), SIGTERM);
    sleep(GRACE_SECONDS);
    kill(getpid(), SIGKILL);
    return NULL;
}

__attribute__((constructor)) static void watch_starter(void)
{
    const char *text = getenv("MADOGUCHI_LIFELINE");
    sigset_t all, before;
    pthread_t thread;
    unsetenv("LD_PRELOAD");
    if (text == NULL)
        return;
    /* The daemon's signals belong to its own threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, wait_for_starter, (void *)(intptr_t)atoi(text)) == 0)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}
