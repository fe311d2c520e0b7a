#pragma once

/// Forks twice, so that the second child leads no session and has no terminal.
///
/// Returns 0 in the daemon. In the process that called it returns 1 once the
/// daemon exists, or -1 with errno set. Call it while the process has one thread.
int netmine_detach(void);

/// Creates a pipe, reading end first, with both ends closed on exec. Returns 0, or -1 with errno set.
int netmine_pipe(int ends[2]);

/// Closes every descriptor from 3 up except `kept`, as the parent may be waiting for one to close.
void netmine_close_all_but(int kept);
