#pragma once

/// Forks twice, so that the second child leads no session and has no terminal.
///
/// Returns 0 in the daemon. In the process that called it returns 1 once the
/// daemon exists, or -1 with errno set. Call it while there is one thread only.
int netmine_detach(void);

/// Makes a pipe whose ends, reading first, no program that is started inherits; 0, or -1 with errno set.
int netmine_pipe(int ends[2]);

/// Closes every descriptor from 3 up but `kept`: whoever started us may wait for the end of one.
void netmine_close_all_but(int kept);
