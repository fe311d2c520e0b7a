/* Tests netmine.c with bytes that are cut, damaged or arrive in pieces. Compile with -fsanitize=address,undefined: each
 * input is in memory of exactly its size. Prints the number of passed checks.
 *
 * `test ADDRESS` also controls a connector that has an open connection, `test ADDRESS KEY` one that requires a key.
 * `test - < FILE` prints a summary of a log file instead. */
#define _POSIX_C_SOURCE 200809L
#include "netmine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int checks = 0;

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      exit(1); \
    } \
    checks++; \
  } while (0)

/* A growing buffer. */
struct sample {
  uint8_t data[1024];
  size_t count;
};

static void add(struct sample *sample, const void *data, size_t count) {
  memcpy(sample->data + sample->count, data, count);
  sample->count += count;
}

static void add_number(struct sample *sample, uint64_t value, int size) {
  for (int i = size - 1; i >= 0; i--) sample->data[sample->count++] = (uint8_t)(value >> (8 * i));
}

static void add_text(struct sample *sample, const char *text) {
  add_number(sample, strlen(text), 2);
  add(sample, text, strlen(text));
}

static void add_ends(struct sample *sample) {
  add(sample, "\1\0\4\177\20\0\107\110\14", 9);
  add(sample, "\2\0\20\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\234\100", 21);
}

/* Functions that read a record's body, one for each kind. */

static bool event(struct netmine_record *record) {
  struct netmine_event out;
  record->type = NETMINE_BITCOIN;
  return netmine_read_event(record, &out);
}
static bool source(struct netmine_record *record) {
  struct netmine_source out;
  return netmine_read_source(record, &out);
}
static bool left(struct netmine_record *record) {
  struct netmine_left out;
  return netmine_read_left(record, &out);
}
static bool open_connection(struct netmine_record *record) {
  struct netmine_open out;
  return netmine_read_open(record, &out);
}
static bool gap(struct netmine_record *record) {
  struct netmine_gap out;
  return netmine_read_gap(record, &out);
}
static bool clock_state(struct netmine_record *record) {
  struct netmine_clock out;
  return netmine_read_clock(record, &out);
}

/* Functions that read an answer's fields, one for each kind. */

static bool failure(struct netmine_record *record) {
  uint16_t status;
  struct netmine_bytes sentence;
  struct netmine_answer answer = {NETMINE_FAILURE, 1, netmine_fields(record->body), 2};
  return netmine_read_failure(answer, &status, &sentence);
}
/* The version of the frames that events are read from. */
static uint8_t protocol = 2;

static bool notice(struct netmine_record *record, uint8_t type) {
  struct netmine_notice out;
  struct netmine_answer answer = {type, 1, netmine_fields(record->body), protocol};
  return netmine_read_notice(answer, &out);
}
static bool connected(struct netmine_record *record) { return notice(record, NETMINE_CONNECTED); }
static bool handshake_done(struct netmine_record *record) { return notice(record, NETMINE_HANDSHAKE_DONE); }
static bool closed(struct netmine_record *record) { return notice(record, NETMINE_CLOSED); }
static bool sent_out(struct netmine_record *record) { return notice(record, NETMINE_SENT_OUT); }
static bool again(struct netmine_record *record) { return notice(record, NETMINE_AGAIN); }
static bool statistics(struct netmine_record *record) {
  struct netmine_statistics out;
  struct netmine_answer answer = {NETMINE_REPLY | NETMINE_STATISTICS, 1, netmine_fields(record->body), 2};
  return netmine_read_statistics(answer, &out);
}
static bool connection(struct netmine_record *record) {
  struct netmine_connection out;
  struct netmine_fields fields = netmine_fields(record->body);
  return netmine_read_connection(&fields, &out) && netmine_finished(&fields);
}

typedef bool reader(struct netmine_record *);

/* Reads a copy of the bytes in memory of exactly their size. */
static bool read_alone(reader *read, const uint8_t *data, size_t count) {
  uint8_t *copy = malloc(count > 0 ? count : 1);
  memcpy(copy, data, count);
  struct netmine_record record = {.type = NETMINE_META, .source = 7, .body = {copy, count}, .full_count = count};
  bool result = read(&record);
  free(copy);
  return result;
}

/* A sample must be readable as a whole, but not if it is cut or has more bytes behind it. Damage must do no harm. */
static void try_each(reader *read, struct sample *sample) {
  CHECK(read_alone(read, sample->data, sample->count));
  for (size_t count = 0; count < sample->count; count++) CHECK(!read_alone(read, sample->data, count));
  sample->data[sample->count] = 0;
  CHECK(!read_alone(read, sample->data, sample->count + 1));
  for (size_t i = 0; i < sample->count; i++) {
    for (int value = 0; value < 256; value += 51) {
      uint8_t before = sample->data[i];
      sample->data[i] = (uint8_t)value;
      (void)read_alone(read, sample->data, sample->count);
      sample->data[i] = before;
    }
  }
}

static void add_introduction(struct sample *sample) {
  add_number(sample, 70016, 4), add_number(sample, 9, 8);
  add_text(sample, "/Satoshi:29.0.0/");
  add_number(sample, 930000, 4), add_number(sample, 1, 1);
}

/* Checks that an event reads as `already connected` with connection 17. */
static void check_event(struct sample *sample, bool is_early) {
  struct netmine_record record = {.type = NETMINE_BITCOIN, .body = {sample->data, sample->count}};
  struct netmine_event out;
  CHECK(netmine_read_event(&record, &out));
  CHECK(out.code == 0x100 && out.direction == 0 && out.duration == 1500000 && out.evidence.count == 1);
  CHECK(out.outcome.code == NETMINE_OUTCOME_ALREADY_CONNECTED && out.outcome.error == 5);
  CHECK(strcmp(netmine_outcome_name(out.outcome.code), "already connected") == 0);
  CHECK(netmine_outcome_connection(&out.outcome) == (is_early ? 0 : 17));
  CHECK(out.peer.user_agent.count == 16 && out.peer.is_known == !is_early);
  if (!is_early) CHECK(out.peer.height == 930000 && out.peer.services == 9 && out.peer.relay);
}

static void test_fields(void) {
  struct sample sample = {.count = 0};
  add_number(&sample, 2, 1), add_number(&sample, 0, 1), add_number(&sample, 0x100, 2);
  add_ends(&sample);
  add_number(&sample, 1500000, 8);
  add_number(&sample, 20, 2), add_number(&sample, 5, 4), add_number(&sample, 2, 1), add_number(&sample, 4, 2);
  add_number(&sample, 17, 4);
  add_number(&sample, 2, 1);
  add_introduction(&sample);
  add_text(&sample, "\xff");
  check_event(&sample, false);
  try_each(event, &sample);
  sample.data[1] = 2;
  CHECK(!read_alone(event, sample.data, sample.count));
  CHECK(strcmp(netmine_outcome_name(30), "unknown") == 0);

  /* The form of programs before 0.2. */
  sample.count = 0;
  add_number(&sample, 0x100, 4);
  add_number(&sample, 0, 1);
  add_ends(&sample);
  add_number(&sample, 5, 4);
  add_number(&sample, 1500000, 8);
  add_text(&sample, "already connected: connection 17");
  add_text(&sample, "/Satoshi:29.0.0/");
  add_text(&sample, "\xff");
  check_event(&sample, true);
  try_each(event, &sample);
  sample.data[4] = 2;
  CHECK(!read_alone(event, sample.data, sample.count));

  sample.count = 0;
  add_number(&sample, 1, 1), add_number(&sample, 7, 4), add_number(&sample, 99, 8), add_number(&sample, 4321, 4);
  add_text(&sample, "connector"), add_text(&sample, ""), add_text(&sample, "0.1.0");
  try_each(source, &sample);

  sample.count = 0;
  add_number(&sample, 2, 1), add_number(&sample, 7, 4), add_number(&sample, 1, 1), add_number(&sample, 41, 8);
  add_text(&sample, "goodbye");
  try_each(left, &sample);

  sample.count = 0;
  add_number(&sample, 3, 1), add_number(&sample, 1, 1), add_ends(&sample), add_number(&sample, 77, 8);
  add_text(&sample, "/x/");
  try_each(open_connection, &sample);
  sample.count = 0;
  add_number(&sample, 7, 1), add_number(&sample, 1, 1), add_ends(&sample), add_number(&sample, 77, 8);
  add_number(&sample, 2, 1), add_introduction(&sample);
  try_each(open_connection, &sample);

  sample.count = 0;
  add_number(&sample, 4, 1), add_number(&sample, 0, 4);
  add_number(&sample, 3, 8), add_number(&sample, 9, 8), add_number(&sample, 5, 8), add_number(&sample, 600, 8);
  add_number(&sample, 1, 1);
  try_each(gap, &sample);
  struct netmine_gap out;
  struct netmine_record record = {.type = NETMINE_META, .source = 7, .body = {sample.data, sample.count}};
  CHECK(netmine_read_gap(&record, &out) && out.source == 7 && out.last == 9 && out.byte_count == 600);
  record.type = NETMINE_DEBUG;
  CHECK(!netmine_read_gap(&record, &out));

  sample.count = 0;
  add_number(&sample, 5, 1), add_number(&sample, (uint64_t)-12, 8), add_number(&sample, 3400, 8);
  add_number(&sample, 1, 1);
  try_each(clock_state, &sample);
  struct netmine_clock clock;
  struct netmine_record clocked = {.type = NETMINE_META, .body = {sample.data, sample.count}};
  CHECK(netmine_read_clock(&clocked, &clock) && clock.offset == -12 && clock.synchronised);

  sample.count = 0;
  add_number(&sample, 5, 2), add_text(&sample, "no message 3");
  try_each(failure, &sample);

  sample.count = 0;
  add_number(&sample, 1, 4), add(&sample, "\1\0\4\177\20\0\107\110\14", 9), add_number(&sample, 250000, 8);
  try_each(connected, &sample);

  sample.count = 0;
  add_number(&sample, 1, 4), add_number(&sample, 70016, 4), add_number(&sample, 9, 8), add_text(&sample, "/x/");
  add_number(&sample, 101, 4), add_number(&sample, 1, 1), add_number(&sample, 1500000, 8);
  try_each(handshake_done, &sample);

  sample.count = 0;
  add_number(&sample, 1, 4), add_number(&sample, 104, 4), add_text(&sample, "reset");
  try_each(closed, &sample);
  sample.count = 0;
  add_number(&sample, 1, 4), add_number(&sample, 5, 2), add_number(&sample, 104, 4), add_number(&sample, 10, 1);
  add_number(&sample, 0, 2);
  protocol = 3;
  try_each(closed, &sample);
  protocol = 2;

  sample.count = 0;
  add_number(&sample, 3, 4), add_number(&sample, 1, 4);
  try_each(sent_out, &sample);

  sample.count = 0;
  add_number(&sample, 3, 4), add_number(&sample, 4, 4), add_number(&sample, 5, 8);
  try_each(again, &sample);

  sample.count = 0;
  add_number(&sample, 1, 8), add_number(&sample, 2, 8), add_number(&sample, 3, 4), add_text(&sample, "0.1.0");
  add_text(&sample, "simnet"), add_number(&sample, 4, 4), add_number(&sample, 5, 4), add_number(&sample, 6, 8);
  add_number(&sample, 1, 1);
  for (int i = 0; i < 18; i++) add_number(&sample, (uint64_t)i, 8);
  /* The forms of an earlier and of this connector. More fields may follow the latter. */
  try_each(statistics, &sample);
  for (int i = 0; i < 7; i++) add_number(&sample, (uint64_t)i, 8);
  CHECK(read_alone(statistics, sample.data, sample.count) && read_alone(statistics, sample.data, sample.count + 1));
  for (size_t left = 1; left < 40; left++) CHECK(!read_alone(statistics, sample.data, sample.count - left));

  /* The forms of an earlier and of this connector. Lengths between them are invalid. */
  struct sample body = {.count = 0};
  add_number(&body, 5, 4), add_number(&body, 1, 1), add_number(&body, 2, 1), add_ends(&body);
  add_number(&body, 1, 8), add_number(&body, 70016, 4), add_number(&body, 9, 8), add_text(&body, "/x/");
  add_number(&body, 101, 4), add_number(&body, 1, 1);
  for (int i = 0; i < 5; i++) add_number(&body, (uint64_t)i, 8);
  for (int part = 0; part < 2; part++) {
    sample.count = 0;
    add_number(&sample, body.count, 2), add(&sample, body.data, body.count);
    try_each(connection, &sample);
    for (int i = 0; i < 5 && part == 0; i++) add_number(&body, (uint64_t)i, 8);
    if (part == 0) add_number(&body, 0x25, 1), add_number(&body, 12, 4);
  }
}

static void test_endpoints(void) {
  static const struct {
    const char *text, *bytes;
    size_t count;
  } endpoints[] = {
      {"127.0.0.1:8333", "\1\0\4\177\0\0\1\40\215", 9},
      {"[2001:db8::1]:1", "\2\0\20\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1\0\1", 21},
      {"[fc00::1]:2", "\6\0\20\374\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\2", 21},
  };
  uint8_t buffer[64];
  char text[NETMINE_ENDPOINT_TEXT];
  for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
    struct netmine_request request = {buffer, sizeof buffer, 0, false};
    netmine_put_endpoint(&request, endpoints[i].text);
    CHECK(!request.bad && request.count == endpoints[i].count);
    CHECK(memcmp(buffer, endpoints[i].bytes, request.count) == 0);
    struct netmine_bytes bytes = {buffer, request.count};
    struct netmine_fields fields = netmine_fields(bytes);
    CHECK(strcmp(netmine_endpoint_text(netmine_endpoint(&fields), text), endpoints[i].text) == 0);
    CHECK(netmine_finished(&fields));
  }
  static const char *const wrong[] = {"", ":", ":1", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:x", "1.2.3:1",
                                      "::1:1", "[]:1", "localhost:1", "[1.2.3.4]:1",
                                      "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct netmine_request request = {buffer, sizeof buffer, 0, false};
    netmine_put_endpoint(&request, wrong[i]);
    CHECK(request.bad);
    CHECK(netmine_dial(wrong[i]) == -1 && errno == EINVAL);
  }
  uint8_t long_address[515] = {9, 2, 0};
  memset(long_address + 3, 0xab, 512);
  struct netmine_bytes bytes = {long_address, 515};
  struct netmine_fields fields = netmine_fields(bytes);
  CHECK(netmine_endpoint(&fields).address.count == 512 && fields.bad);
  struct netmine_endpoint endpoint = {9, {long_address + 3, 512}, 65535};
  CHECK(strlen(netmine_endpoint_text(endpoint, text)) == 4 + 64 + 3 + 6);
}

/* Reads bytes that arrive in pieces into a buffer of the given size. */
static void test_records(void) {
  struct sample sample = {.count = 0};
  size_t starts[3];
  for (int i = 0; i < 3; i++) {
    add(&sample, "NMLG\0\1\0\0\0\0\0\0\0\0\0\1", 16);
    starts[i] = sample.count;
    size_t body = i == 1 ? 200 : 10;
    add_number(&sample, 28 + body, 4), add_number(&sample, 7, 4), add_number(&sample, 123, 8);
    add_number(&sample, (uint64_t)i + 1, 8), add_number(&sample, NETMINE_DEBUG, 2), add_number(&sample, 1, 1);
    add_number(&sample, 0, 1), add_number(&sample, 3, 4);
    memset(sample.data + sample.count, 'x', body);
    sample.count += body;
  }
  for (size_t size = 64; size <= 256; size += 32) {
    for (size_t end = 0; end <= sample.count; end++) {
      int ends[2];
      CHECK(pipe(ends) == 0);
      CHECK(write(ends[1], sample.data, end) == (ssize_t)end);
      uint8_t *buffer = malloc(size);
      struct netmine_input input;
      struct netmine_record record;
      netmine_input(&input, ends[0], buffer, size);
      input.timeout = 0;
      int count = 0, result;
      while ((result = netmine_next_record(&input, &record)) == NETMINE_OK) {
        CHECK(record.offset == starts[count] && record.sequence == (uint64_t)count + 1);
        CHECK(record.full_count == (count == 1 ? 200u : 10u) && record.source == 7 && record.connection == 3);
        CHECK(record.body.count == (record.full_count + 32 < size ? record.full_count : size - 32));
        CHECK(record.body.data[record.body.count - 1] == 'x');
        count++;
      }
      CHECK(result == NETMINE_TIMEOUT);
      /* The reader continues at the next record, or reports the end. */
      CHECK(write(ends[1], sample.data + end, sample.count - end) == (ssize_t)(sample.count - end));
      while ((result = netmine_next_record(&input, &record)) == NETMINE_OK) count++;
      CHECK(result == NETMINE_TIMEOUT && count == 3 && input.offset + input.skip == sample.count);
      close(ends[1]);
      CHECK(netmine_next_record(&input, &record) == NETMINE_END);
      close(ends[0]);
      free(buffer);
    }
  }
  /* Input that ends in the middle of a record, and input that is not a record. */
  static const struct {
    size_t at;
    uint8_t value;
    int result;
  } damages[] = {{5, 2, NETMINE_FORMAT},  {16, 1, NETMINE_FORMAT},  {19, 27, NETMINE_FORMAT}, {41, 0, NETMINE_FORMAT},
                 {41, 3, NETMINE_FORMAT}, {43, 1, NETMINE_FORMAT}, {0, 0, NETMINE_FORMAT},   {19, 39, NETMINE_TORN}};
  for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
    int ends[2];
    uint8_t buffer[64];
    struct netmine_input input;
    struct netmine_record record;
    uint8_t before = sample.data[damages[i].at];
    sample.data[damages[i].at] = damages[i].value;
    CHECK(pipe(ends) == 0 && write(ends[1], sample.data, 58) == 58);
    close(ends[1]);
    sample.data[damages[i].at] = before;
    netmine_input(&input, ends[0], buffer, sizeof buffer);
    CHECK(netmine_next_record(&input, &record) == damages[i].result);
    close(ends[0]);
  }
}

static void test_messages(void) {
  static const char verack[] = "\371\276\264\331verack\0\0\0\0\0\0\0\0\0\0\135\366\340\342";
  uint8_t buffer[1200];
  struct netmine_request request = {buffer, sizeof buffer, 0, false};
  netmine_put_message(&request, (const uint8_t *)"\371\276\264\331", "verack", NULL, 0);
  CHECK(!request.bad && request.count == 24 && memcmp(buffer, verack, 24) == 0);
  /* SHA-256 pads every length correctly. The checksums are from another implementation. */
  static const struct {
    size_t count;
    const char *checksum;
  } payloads[] = {{55, "\005\054\357\351"}, {56, "\116\353\222\022"}, {63, "\301\010\176\322"}, {64, "\001\311\364\144"},
                  {119, "\130\011\103\040"}, {120, "\242\170\074\342"}, {1000, "\243\247\152\052"}};
  uint8_t payload[1000];
  for (size_t i = 0; i < sizeof payload; i++) payload[i] = (uint8_t)i;
  for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
    request.count = 0;
    netmine_put_message(&request, payload, "ping", payload, payloads[i].count);
    CHECK(!request.bad && request.count == 24 + payloads[i].count);
    CHECK(memcmp(buffer + 20, payloads[i].checksum, 4) == 0);
  }
  memcpy(buffer, verack, 24);
  for (size_t count = 0; count < 24; count++) {
    struct netmine_record record = {.type = NETMINE_BITCOIN_MSG, .body = {buffer, count}};
    struct netmine_message message;
    CHECK(!netmine_read_message(&record, &message));
  }
  struct netmine_record record = {.type = NETMINE_BITCOIN_MSG, .body = {buffer, 24}};
  struct netmine_message message;
  CHECK(netmine_read_message(&record, &message) && strcmp(message.command, "verack") == 0 && message.length == 0);
  request.count = 0;
  netmine_put_message(&request, message.magic, "sendsomething", NULL, 0);
  CHECK(request.bad);
}

static void test_keys(void) {
  uint8_t key[32];
  const char *digits = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
  CHECK(netmine_parse_key(digits, key) && key[0] == 0 && key[31] == 31);
  CHECK(!netmine_parse_key(digits + 1, key) && !netmine_parse_key("", key));
  CHECK(!netmine_parse_key("000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1g", key));
  /* Servers that require no key, close, or do not know the key. */
  static const struct {
    const char *opening;
    size_t count;
    int result;
  } servers[] = {{"NMKEY\0\0\1", 8, NETMINE_REFUSED}, {"NMKEY\0\0\2", 8, NETMINE_FORMAT}, {"", 0, NETMINE_FORMAT}};
  for (int i = 0; i < 3; i++) {
    uint8_t said[8 + 32 + 32] = {0};
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    memcpy(said, servers[i].opening, servers[i].count);
    ssize_t count = servers[i].count > 0 ? (ssize_t)sizeof said : 0;
    CHECK(write(ends[1], said, (size_t)count) == count && shutdown(ends[1], SHUT_WR) == 0);
    CHECK(netmine_prove_key(ends[0], "control", key) == servers[i].result);
    close(ends[0]);
    close(ends[1]);
  }
}

static void test_control(void) {
  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  struct sample sample = {.count = 0};
  /* An event before the reply, which must be skipped. */
  add(&sample, "\2\0\0\0\14\104\0\0\0\1\0\0\0\3\0\0\0\1", 18);
  add_number(&sample, 2, 1), add_number(&sample, 37, 4), add_number(&sample, 0x90, 1), add_number(&sample, 1, 4);
  add_number(&sample, 2, 1), add_text(&sample, "fake 1.0"), add_text(&sample, "simnet");
  add_number(&sample, 0xd34d4ee6, 4), add_number(&sample, 28555, 2), add_number(&sample, 0x0102030405060708, 8);
  CHECK(write(ends[1], sample.data, sample.count) == (ssize_t)sample.count);
  uint8_t buffer[64], bytes[64];
  struct netmine_control control;
  struct netmine_hello hello;
  struct netmine_answer answer;
  struct netmine_request request;
  CHECK(netmine_control(&control, ends[0], "test.c", buffer, sizeof buffer, &hello) == NETMINE_OK);
  CHECK(hello.version == 2 && hello.server.count == 8 && memcmp(hello.magic, "\346\116\115\323", 4) == 0);
  CHECK(hello.default_port == 28555 && hello.instance == 0x0102030405060708);
  CHECK(read(ends[1], bytes, sizeof bytes) == 20 && memcmp(bytes, "\2\0\0\0\16\20\0\0\0\1\2\3\0\6test.c", 20) == 0);

  /* An answer that does not fit, then a refusal. */
  sample.count = 0;
  add_number(&sample, 2, 1), add_number(&sample, 104, 4), add_number(&sample, 0x97, 1), add_number(&sample, 2, 4);
  memset(sample.data + sample.count, 0, 100);
  sample.count += 100;
  add_number(&sample, 2, 1), add_number(&sample, 8, 4), add_number(&sample, 0xff, 1), add_number(&sample, 3, 4);
  add_number(&sample, 5, 2), add_number(&sample, 0, 2);
  CHECK(write(ends[1], sample.data, sample.count) == (ssize_t)sample.count);
  uint32_t ids[] = {1, 2};
  netmine_begin(&request, NETMINE_DISCONNECT, bytes, sizeof bytes);
  netmine_put_connections(&request, ids, 2);
  CHECK(netmine_ask(&control, &request) == NETMINE_OK && control.last_request == 2);
  CHECK(netmine_reply(&control, &answer) == NETMINE_ROOM && answer.type == 0x97 && answer.request == 2);
  CHECK(netmine_u8(&answer.fields) == 0 && answer.fields.bad);
  CHECK(read(ends[1], bytes, sizeof bytes) == 23);
  CHECK(memcmp(bytes, "\2\0\0\0\21\25\0\0\0\2\1\0\0\0\2\0\0\0\1\0\0\0\2", 23) == 0);
  netmine_begin(&request, NETMINE_DISCONNECT, bytes, sizeof bytes);
  netmine_put_all(&request);
  CHECK(netmine_ask(&control, &request) == NETMINE_OK);
  CHECK(netmine_reply(&control, &answer) == NETMINE_REFUSED);

  /* A request that does not fit is not sent. */
  for (size_t size = 0; size < 23; size++) {
    netmine_begin(&request, NETMINE_DISCONNECT, bytes, size);
    netmine_put_connections(&request, ids, 2);
    CHECK(request.bad && netmine_ask(&control, &request) == NETMINE_ROOM);
  }
  CHECK(read(ends[1], bytes, sizeof bytes) == 11);

  /* A torn frame, and invalid frames. */
  CHECK(write(ends[1], "\2\0\0\0\4\223\0\0", 8) == 8);
  control.input.timeout = 0;
  CHECK(netmine_next_answer(&control, &answer) == NETMINE_TIMEOUT);
  CHECK(write(ends[1], "\0\4", 2) == 2);
  CHECK(netmine_next_answer(&control, &answer) == NETMINE_OK && answer.type == 0x93 && answer.request == 4);
  CHECK(netmine_finished(&answer.fields));
  CHECK(write(ends[1], "\2\0\0\0\4\223\0\0", 8) == 8);
  close(ends[1]);
  CHECK(netmine_next_answer(&control, &answer) == NETMINE_TORN);
  netmine_begin(&request, NETMINE_RELOAD, bytes, sizeof bytes);
  CHECK(netmine_ask(&control, &request) == NETMINE_SYSTEM && errno == EPIPE);
  close(ends[0]);
  static const char *const wrong[] = {"\4\0\0\0\4\223\0\0\0\1", "\2\0\0\0\3\223\0\0\0\1", "\2\377\0\0\4\223\0\0\0\1"};
  for (int i = 0; i < 3; i++) {
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && write(ends[1], wrong[i], 10) == 10);
    netmine_input(&control.input, ends[0], buffer, sizeof buffer);
    CHECK(netmine_next_answer(&control, &answer) == NETMINE_FORMAT);
    close(ends[0]);
    close(ends[1]);
  }
}

/* Sends requests to a connector that has an open connection. */
static void test_connector(const char *address, const char *digits) {
  static uint8_t buffer[NETMINE_BUFFER];
  uint8_t bytes[256];
  struct netmine_control control;
  struct netmine_hello hello;
  struct netmine_answer answer;
  struct netmine_request request;
  struct netmine_notice notice;
  int descriptor = netmine_dial(address);
  CHECK(descriptor >= 0);
  if (digits != NULL) {
    uint8_t key[32];
    CHECK(netmine_parse_key(digits, key));
    key[31] ^= 1;
    CHECK(netmine_prove_key(descriptor, "control", key) == NETMINE_REFUSED);
    close(descriptor);
    key[31] ^= 1;
    CHECK((descriptor = netmine_dial(address)) >= 0);
    CHECK(netmine_prove_key(descriptor, "subscribe", key) == NETMINE_REFUSED);
    close(descriptor);
    CHECK((descriptor = netmine_dial(address)) >= 0);
    CHECK(netmine_prove_key(descriptor, "control", key) == NETMINE_OK);
  }
  CHECK(netmine_control(&control, descriptor, "test.c", buffer, sizeof buffer, &hello) == NETMINE_OK);
  uint8_t magic[4];
  memcpy(magic, hello.magic, 4);

  netmine_begin(&request, NETMINE_SEND, bytes, sizeof bytes);
  netmine_put_u8(&request, 0);
  netmine_put_u8(&request, 1);
  netmine_put_u32(&request, 24 + 8);
  netmine_put_message(&request, magic, "ping", "12345678", 8);
  netmine_put_all(&request);
  CHECK(netmine_ask(&control, &request) == NETMINE_OK && netmine_reply(&control, &answer) == NETMINE_OK);
  uint32_t count = netmine_u32(&answer.fields);
  CHECK(count > 0 && netmine_u32(&answer.fields) == 0 && netmine_finished(&answer.fields));
  CHECK(netmine_next_answer(&control, &answer) == NETMINE_OK && netmine_read_notice(answer, &notice));
  CHECK(answer.type == NETMINE_SENT_OUT && answer.request == control.last_request && notice.count == count);

  netmine_begin(&request, NETMINE_LIST, bytes, sizeof bytes);
  netmine_put_u32(&request, 0);
  netmine_put_u32(&request, 0);
  CHECK(netmine_ask(&control, &request) == NETMINE_OK && netmine_reply(&control, &answer) == NETMINE_OK);
  CHECK(netmine_u32(&answer.fields) == 0 && netmine_u32(&answer.fields) == count);
  for (uint32_t i = 0; i < count; i++) {
    struct netmine_connection connection;
    CHECK(netmine_read_connection(&answer.fields, &connection));
    CHECK(connection.state == 2 && connection.peer.protocol_version > 70000 && connection.opened > connection.since);
  }
  CHECK(netmine_finished(&answer.fields));

  /* The checksum must match the payload, or else the connector refuses the message. */
  netmine_begin(&request, NETMINE_REGISTER, bytes, sizeof bytes);
  netmine_put_message(&request, magic, "ping", "12345678", 8);
  bytes[request.count - 1] ^= 1;
  uint16_t status;
  struct netmine_bytes sentence;
  CHECK(netmine_ask(&control, &request) == NETMINE_OK && netmine_reply(&control, &answer) == NETMINE_REFUSED);
  CHECK(netmine_read_failure(answer, &status, &sentence) && status == 11 && sentence.count > 0);
  bytes[request.count - 1] ^= 1;
  CHECK(netmine_ask(&control, &request) == NETMINE_OK && netmine_reply(&control, &answer) == NETMINE_OK);
  close(descriptor);
}

/* Counts the records on standard input and the bytes of their bodies. */
static void sum_up(void) {
  static uint8_t buffer[NETMINE_BUFFER];
  struct netmine_input input;
  struct netmine_record record;
  int result, count = 0;
  size_t bytes = 0;
  netmine_input(&input, 0, buffer, sizeof buffer);
  while ((result = netmine_next_record(&input, &record)) == NETMINE_OK) {
    struct netmine_event event;
    struct netmine_message message;
    struct netmine_source source;
    struct netmine_open open;
    if (record.type == NETMINE_BITCOIN) CHECK(netmine_read_event(&record, &event));
    if (record.type == NETMINE_BITCOIN_MSG) CHECK(netmine_read_message(&record, &message));
    if (netmine_meta_code(&record) == NETMINE_SOURCE_JOINED) CHECK(netmine_read_source(&record, &source));
    uint8_t code = netmine_meta_code(&record);
    if (code == NETMINE_OPEN_CONNECTION || code == NETMINE_EARLY_OPEN_CONNECTION) CHECK(netmine_read_open(&record, &open));
    count++;
    bytes += record.full_count;
  }
  printf("%d records, %zu bytes, %s\n", count, bytes, netmine_result_text(result));
}

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "-") == 0) {
    sum_up();
    return 0;
  }
  test_fields();
  test_endpoints();
  test_records();
  test_messages();
  test_keys();
  test_control();
  if (count > 1) test_connector(arguments[1], count > 2 ? arguments[2] : NULL);
  printf("%d checks passed\n", checks);
  return 0;
}
