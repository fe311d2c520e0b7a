/* Connects to a node and prints the records about this connection:
 *
 *   cc -std=c11 -o example example.c netmine.c
 *   ./example /run/netmine/control /run/netmine/subscribe 127.16.0.1:18444
 *
 * It exits when the connection ends. */
#include "netmine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t control_buffer[NETMINE_BUFFER], stream_buffer[NETMINE_BUFFER];

/* Prints a message and exits. */
static void give_up(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void check(const char *what, int result) {
  if (result != NETMINE_OK) give_up(what, netmine_result_text(result));
}

/* Prints untrusted bytes. Bytes that are not printable ASCII appear as dots. */
static void print(struct netmine_bytes bytes) {
  for (size_t i = 0; i < bytes.count; i++) putchar(bytes.data[i] >= ' ' && bytes.data[i] < 0x7f ? bytes.data[i] : '.');
}

/* Prints a record. Returns whether it is the connection's last. */
static bool show(const struct netmine_record *record) {
  struct netmine_message message;
  struct netmine_event event;
  bool is_last = false;
  printf("%" PRIu64 ".%09" PRIu64 " ", record->time / 1000000000, record->time % 1000000000);
  if (netmine_read_message(record, &message)) {
    struct netmine_bytes command = {(const uint8_t *)message.command, strlen(message.command)};
    printf("%s ", record->flags & NETMINE_SENT ? "to" : "from");
    print(command);
    printf(" %" PRIu32 " bytes", message.length);
  } else if (netmine_read_event(record, &event)) {
    char remote[NETMINE_ENDPOINT_TEXT];
    printf("event 0x%03" PRIx32 " %s ", event.code, netmine_endpoint_text(event.remote, remote));
    print(event.peer.user_agent);
    printf("%s", netmine_outcome_name(event.outcome.code));
    is_last = event.code >= 0x004 && event.code <= 0x080;
  } else {
    printf("type 0x%04x", record->type);
  }
  putchar('\n');
  fflush(stdout);
  return is_last;
}

int main(int count, char **arguments) {
  if (count != 4) give_up("usage", "example CONTROL STREAM NODE");
  int control_descriptor = netmine_dial(arguments[1]), stream_descriptor = netmine_dial(arguments[2]);
  if (control_descriptor < 0) give_up(arguments[1], netmine_result_text(NETMINE_SYSTEM));
  if (stream_descriptor < 0) give_up(arguments[2], netmine_result_text(NETMINE_SYSTEM));

  /* Subscribe first, so that no record of the connection is missed. */
  struct netmine_input stream;
  struct netmine_record record;
  netmine_input(&stream, stream_descriptor, stream_buffer, sizeof stream_buffer);
  check("subscribe", netmine_subscribe(stream_descriptor, NULL));
  do check("stream", netmine_next_record(&stream, &record));
  while (netmine_meta_code(&record) != NETMINE_STATUS);

  struct netmine_control control;
  struct netmine_hello hello;
  struct netmine_answer answer;
  struct netmine_request request;
  struct netmine_statistics statistics;
  uint8_t bytes[256];
  int result =
      netmine_control(&control, control_descriptor, "example.c", control_buffer, sizeof control_buffer, &hello);
  check("hello", result);
  netmine_begin(&request, NETMINE_STATISTICS, bytes, sizeof bytes);
  check("statistics", netmine_ask(&control, &request));
  check("statistics", netmine_reply(&control, &answer));
  if (!netmine_read_statistics(answer, &statistics)) give_up("statistics", "malformed");

  netmine_begin(&request, NETMINE_CONNECT, bytes, sizeof bytes);
  netmine_put_u32(&request, 1);
  netmine_put_endpoint(&request, arguments[3]);
  netmine_put_u8(&request, 0);
  if (request.bad) give_up(arguments[3], "not an address with a port");
  check("connect", netmine_ask(&control, &request));
  result = netmine_reply(&control, &answer);
  if (result == NETMINE_REFUSED) {
    uint16_t status;
    struct netmine_bytes sentence;
    if (netmine_read_failure(answer, &status, &sentence)) print(sentence);
    putchar('\n');
  }
  check("connect", result);
  if (netmine_u32(&answer.fields) != 1) give_up("connect", "malformed");
  uint32_t connection = netmine_u32(&answer.fields);

  for (bool is_last = false; !is_last;) {
    struct netmine_gap gap;
    check("stream", netmine_next_record(&stream, &record));
    if (netmine_read_gap(&record, &gap)) printf("missed %" PRIu64 " records\n", gap.count);
    if (record.source == statistics.source && record.connection == connection) is_last = show(&record);
  }
  close(control_descriptor);
  close(stream_descriptor);
  return 0;
}
