// Functions for macros that Swift does not import: those of libev and of socket control messages.
#ifndef NETMINE_CLIBEV_SHIM_H
#define NETMINE_CLIBEV_SHIM_H

#include <ev.h>
#include <errno.h>
#include <linux/net_tstamp.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>

// Prefetches memory into the cache. Addresses that are not mapped are harmless.
static inline void netmine_prefetch(const void *address, int count) {
  for (int offset = 0; offset < count; offset += 64) __builtin_prefetch((const char *)address + offset, 1);
}

// Sets the allocation size from which malloc uses mmap, and the unused bytes at the end of the heap that make it
// return them. Setting either also stops glibc from adjusting both.
static inline void netmine_heap_set(int mapping, int trim) {
  mallopt(M_MMAP_THRESHOLD, mapping);
  mallopt(M_TRIM_THRESHOLD, trim);
}

// Unused bytes of the heap, resident or not.
static inline size_t netmine_heap_unused(void) { return mallinfo2().fordblks; }

// Returns whole unused pages of the heap to the system.
static inline void netmine_heap_trim(void) { malloc_trim(0); }

static inline void netmine_ev_io_init(struct ev_io *watcher,
    void (*callback)(struct ev_loop *, struct ev_io *, int), int descriptor, int events) {
  ev_io_init(watcher, callback, descriptor, events);
}

static inline void netmine_ev_timer_init(struct ev_timer *watcher,
    void (*callback)(struct ev_loop *, struct ev_timer *, int), double after, double repeat) {
  ev_timer_init(watcher, callback, after, repeat);
}

static inline void netmine_ev_periodic_init(struct ev_periodic *watcher,
    void (*callback)(struct ev_loop *, struct ev_periodic *, int), double offset, double interval) {
  ev_periodic_init(watcher, callback, offset, interval, 0);
}

static inline void netmine_ev_signal_init(struct ev_signal *watcher,
    void (*callback)(struct ev_loop *, struct ev_signal *, int), int number) {
  ev_signal_init(watcher, callback, number);
}

static inline void netmine_ev_prepare_init(struct ev_prepare *watcher,
    void (*callback)(struct ev_loop *, struct ev_prepare *, int)) {
  ev_prepare_init(watcher, callback);
}

// Sets the highest priority, which no other watcher has, so that it runs in every iteration of the loop.
static inline void netmine_ev_idle_init(struct ev_idle *watcher,
    void (*callback)(struct ev_loop *, struct ev_idle *, int)) {
  ev_idle_init(watcher, callback);
  ev_set_priority(watcher, EV_MAXPRI);
}

// Creates a timer descriptor on the monotonic clock: non-blocking, closed on exec.
static inline int netmine_timer_create(void) {
  return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

// Makes a timer descriptor readable at a time in ns, at once if the time has passed; 0 means never.
static inline int netmine_timer_set(int descriptor, uint64_t time) {
  struct itimerspec spec;
  memset(&spec, 0, sizeof spec);
  spec.it_value.tv_sec = (time_t)(time / 1000000000u);
  spec.it_value.tv_nsec = (long)(time % 1000000000u);
  return timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &spec, NULL);
}

// accept4(2), which glibc declares only for _GNU_SOURCE. The socket is non-blocking and closed on exec.
extern int accept4(int, struct sockaddr *, socklen_t *, int);
static inline int netmine_accept(int listener, struct sockaddr *address, socklen_t *length) {
  return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// Turns on software receive time stamps for a socket.
static inline int netmine_stamp_received(int descriptor) {
  int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  return setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
}

// Receives like recv(2); *stamp becomes the kernel's receive time in ns since the Unix epoch, or 0
// if the kernel reports none.
static inline ssize_t netmine_receive(int descriptor, void *bytes, size_t capacity, uint64_t *stamp) {
  union { char bytes[256]; struct cmsghdr align; } control;
  struct iovec vector = {bytes, capacity};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  *stamp = 0;
  ssize_t count = recvmsg(descriptor, &message, 0);
  if (count <= 0) return count;
  for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPING) {
      struct timespec times[3];
      memcpy(times, CMSG_DATA(part), sizeof times);
      *stamp = (uint64_t)times[0].tv_sec * 1000000000u + (uint64_t)times[0].tv_nsec;
    }
  }
  return count;
}

// Reads the state of the kernel's clock: the estimated offset and the maximum error, in ns, and whether it is
// synchronised.
static inline void netmine_clock_state(int64_t *offset, uint64_t *error_bound, int *synchronised) {
  struct timex state;
  memset(&state, 0, sizeof state);
  int status = ntp_adjtime(&state);
  *offset = (int64_t)state.offset * (state.status & STA_NANO ? 1 : 1000);
  *error_bound = state.maxerror > 0 ? (uint64_t)state.maxerror * 1000 : 0;
  *synchronised = status != -1 && status != TIME_ERROR && !(state.status & STA_UNSYNC);
}

// Creates an event counter. Its descriptor is readable while the count is above 0; reads take one, as from a semaphore,
// or the whole count.
static inline int netmine_eventfd(int is_semaphore) {
  return eventfd(0, EFD_CLOEXEC | (is_semaphore ? EFD_SEMAPHORE : 0));
}

#endif
