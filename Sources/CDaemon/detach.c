#define _GNU_SOURCE
#include "CDaemon.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

int netmine_detach(void) {
  pid_t first = fork();
  if (first < 0) return -1;
  if (first == 0) {
    if (setsid() < 0) _exit(errno);
    pid_t second = fork();
    if (second < 0) _exit(errno);
    if (second > 0) _exit(0);
    return 0;
  }
  int status = 0;
  while (waitpid(first, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 1;
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
  return -1;
}

int netmine_pipe(int ends[2]) {
  return pipe2(ends, O_CLOEXEC);
}

void netmine_close_all_but(int kept) {
  if (kept > 3) close_range(3, (unsigned)kept - 1, 0);
  close_range(kept < 3 ? 3 : (unsigned)kept + 1, ~0U, 0);
}
