#ifndef NETMINE_SPAWN_H
#define NETMINE_SPAWN_H

#include <sys/types.h>

/// Starts a program with no descriptors of ours but the standard three, and all signals as usual.
///
/// It is in C for what glibc has only there: a working folder and "close all from here on".
///
/// @param files   what descriptors 0 (read), 1 and 2 (added to) are opened on; NULL for ours
/// @param folder  its working folder; NULL for ours
/// @return 0, or an errno
int netmine_spawn(pid_t *id, const char *path, char *const arguments[], char *const environment[],
                  const char *const files[3], const char *folder);

#endif
