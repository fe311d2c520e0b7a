/* See netmine.h. */
#define _POSIX_C_SOURCE 200809L
#include "netmine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MAXIMUM_RECORD (16u << 20)
#define MAXIMUM_PAYLOAD (8u << 20)
#define HEADER 32
#define FRAME 6

const char *netmine_result_text(int result) {
  switch (result) {
  case NETMINE_OK: return "done";
  case NETMINE_END: return "the end";
  case NETMINE_SYSTEM: return strerror(errno);
  case NETMINE_FORMAT: return "the bytes are malformed";
  case NETMINE_TORN: return "the bytes end in the middle of a record or frame";
  case NETMINE_ROOM: return "the buffer is too small";
  case NETMINE_TIMEOUT: return "nothing arrived in time";
  case NETMINE_REFUSED: return "refused";
  default: return "no such result";
  }
}

/* ---- Fields ---- */

struct netmine_fields netmine_fields(struct netmine_bytes bytes) {
  struct netmine_fields fields = {bytes.data, bytes.data, false};
  if (bytes.count > 0) fields.end += bytes.count;
  return fields;
}

struct netmine_bytes netmine_take(struct netmine_fields *fields, size_t count) {
  struct netmine_bytes bytes = {NULL, 0};
  if (fields->bad || (size_t)(fields->end - fields->at) < count) {
    fields->bad = true;
    return bytes;
  }
  bytes.data = fields->at;
  bytes.count = count;
  if (count > 0) fields->at += count;
  return bytes;
}

static uint64_t number(struct netmine_fields *fields, size_t size) {
  struct netmine_bytes bytes = netmine_take(fields, size);
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.count; i++) value = value << 8 | bytes.data[i];
  return value;
}

uint8_t netmine_u8(struct netmine_fields *fields) { return (uint8_t)number(fields, 1); }
uint16_t netmine_u16(struct netmine_fields *fields) { return (uint16_t)number(fields, 2); }
uint32_t netmine_u32(struct netmine_fields *fields) { return (uint32_t)number(fields, 4); }
uint64_t netmine_u64(struct netmine_fields *fields) { return number(fields, 8); }

/* The same bits as a signed number in two's complement. */
static int32_t i32(struct netmine_fields *fields) {
  uint32_t bits = netmine_u32(fields);
  int32_t value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static int64_t i64(struct netmine_fields *fields) {
  uint64_t bits = netmine_u64(fields);
  int64_t value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

bool netmine_flag(struct netmine_fields *fields) {
  uint8_t value = netmine_u8(fields);
  if (value > 1) fields->bad = true;
  return value == 1;
}

/* Reads a byte that must not exceed the maximum. */
static uint8_t choice(struct netmine_fields *fields, uint8_t most) {
  uint8_t value = netmine_u8(fields);
  if (value > most) fields->bad = true;
  return value;
}

struct netmine_bytes netmine_prefixed(struct netmine_fields *fields) {
  return netmine_take(fields, netmine_u16(fields));
}

struct netmine_endpoint netmine_endpoint(struct netmine_fields *fields) {
  static const uint8_t sizes[] = {0, 4, 16, 10, 32, 32, 16};
  struct netmine_endpoint endpoint = {0, {NULL, 0}, 0};
  endpoint.network = netmine_u8(fields);
  endpoint.address = netmine_prefixed(fields);
  endpoint.port = netmine_u16(fields);
  size_t count = endpoint.address.count;
  bool known = endpoint.network > 0 && endpoint.network < sizeof sizes;
  if (known ? count != sizes[endpoint.network] : count > 512) fields->bad = true;
  return endpoint;
}

bool netmine_finished(const struct netmine_fields *fields) { return !fields->bad && fields->at == fields->end; }

char *netmine_endpoint_text(struct netmine_endpoint endpoint, char text[NETMINE_ENDPOINT_TEXT]) {
  char host[INET6_ADDRSTRLEN];
  bool is_ipv4 = endpoint.network == 1 && endpoint.address.count == 4;
  bool is_ipv6 = (endpoint.network == 2 || endpoint.network == 6) && endpoint.address.count == 16;
  if (is_ipv4 && inet_ntop(AF_INET, endpoint.address.data, host, sizeof host)) {
    snprintf(text, NETMINE_ENDPOINT_TEXT, "%s:%u", host, endpoint.port);
  } else if (is_ipv6 && inet_ntop(AF_INET6, endpoint.address.data, host, sizeof host)) {
    snprintf(text, NETMINE_ENDPOINT_TEXT, "[%s]:%u", host, endpoint.port);
  } else {
    /* Addresses of known networks have at most 32 bytes. Of longer ones the first 32 are shown. */
    int length = snprintf(text, NETMINE_ENDPOINT_TEXT, "id%u-", endpoint.network);
    for (size_t i = 0; i < endpoint.address.count && i < 32; i++) {
      length += snprintf(text + length, NETMINE_ENDPOINT_TEXT - (size_t)length, "%02x", endpoint.address.data[i]);
    }
    snprintf(text + length, NETMINE_ENDPOINT_TEXT - (size_t)length, "%s:%u", endpoint.address.count > 32 ? "…" : "",
             endpoint.port);
  }
  return text;
}

/* ---- Sockets and files ---- */

/* Reads `host:port` or `[host]:port`: the family, the address's bytes and the port. Returns false if it is neither. */
static bool parse(const char *text, int *family, uint8_t address[16], uint16_t *port) {
  const char *colon = strrchr(text, ':');
  char host[INET6_ADDRSTRLEN];
  if (colon == NULL) return false;
  size_t count = (size_t)(colon - text);
  bool bracketed = count >= 2 && text[0] == '[' && text[count - 1] == ']';
  if (bracketed) {
    text += 1;
    count -= 2;
  }
  if (count == 0 || count >= sizeof host) return false;
  memcpy(host, text, count);
  host[count] = 0;
  unsigned long value = 0;
  const char *digit = colon + 1;
  if (*digit == 0) return false;
  for (; *digit != 0; digit++) {
    if (*digit < '0' || *digit > '9') return false;
    value = value * 10 + (unsigned long)(*digit - '0');
    if (value > 65535) return false;
  }
  *port = (uint16_t)value;
  *family = bracketed ? AF_INET6 : AF_INET;
  return inet_pton(*family, host, address) == 1;
}

/* Closes a descriptor and keeps errno. */
static int fail(int descriptor) {
  int reason = errno;
  close(descriptor);
  errno = reason;
  return -1;
}

int netmine_dial(const char *address) {
  union {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
  } where;
  socklen_t size;
  memset(&where, 0, sizeof where);
  if (strchr(address, '/') != NULL) {
    size_t count = strlen(address);
    if (count >= sizeof where.local.sun_path) {
      errno = ENAMETOOLONG;
      return -1;
    }
    where.local.sun_family = AF_UNIX;
    memcpy(where.local.sun_path, address, count);
    size = sizeof where.local;
  } else {
    int family;
    uint8_t bytes[16];
    uint16_t port;
    if (!parse(address, &family, bytes, &port)) {
      errno = EINVAL;
      return -1;
    }
    if (family == AF_INET) {
      where.ipv4.sin_family = AF_INET;
      where.ipv4.sin_port = htons(port);
      memcpy(&where.ipv4.sin_addr, bytes, 4);
      size = sizeof where.ipv4;
    } else {
      where.ipv6.sin6_family = AF_INET6;
      where.ipv6.sin6_port = htons(port);
      memcpy(&where.ipv6.sin6_addr, bytes, 16);
      size = sizeof where.ipv6;
    }
  }
  int descriptor = socket(where.any.sa_family, SOCK_STREAM, 0);
  if (descriptor < 0) return -1;
  if (connect(descriptor, &where.any, size) != 0) return fail(descriptor);
  return descriptor;
}

void netmine_input(struct netmine_input *input, int descriptor, void *buffer, size_t size) {
  memset(input, 0, sizeof *input);
  input->descriptor = descriptor;
  input->timeout = -1;
  input->buffer = buffer;
  input->size = size;
}

/* Reads the available bytes once and appends them to the kept ones. The buffer must have room. */
static int receive(struct netmine_input *input) {
  for (;;) {
    if (input->timeout >= 0) {
      struct pollfd ready = {input->descriptor, POLLIN, 0};
      int count = poll(&ready, 1, input->timeout);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return NETMINE_SYSTEM;
      if (count == 0) return NETMINE_TIMEOUT;
    }
    ssize_t count = read(input->descriptor, input->buffer + input->end, input->size - input->end);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return NETMINE_SYSTEM;
    input->end += (size_t)count;
    return count > 0 ? NETMINE_OK : NETMINE_END;
  }
}

/* Makes sure that `count` bytes are available from `start` on. They must fit into the buffer. */
static int fill(struct netmine_input *input, size_t count) {
  while (input->end - input->start < count) {
    if (input->size - input->start < count || input->end == input->size) {
      memmove(input->buffer, input->buffer + input->start, input->end - input->start);
      input->end -= input->start;
      input->start = 0;
    }
    int result = receive(input);
    if (result == NETMINE_END && input->end > input->start) return NETMINE_TORN;
    if (result != NETMINE_OK) return result;
  }
  return NETMINE_OK;
}

static void advance(struct netmine_input *input, size_t count) {
  input->start += count;
  input->offset += count;
}

/* Skips the rest of the last record or frame that did not fit into the buffer. */
static int skip(struct netmine_input *input) {
  while (input->skip > 0) {
    int result = fill(input, 1);
    if (result == NETMINE_END) return NETMINE_TORN;
    if (result != NETMINE_OK) return result;
    size_t count = input->end - input->start;
    if (count > input->skip) count = (size_t)input->skip;
    advance(input, count);
    input->skip -= count;
  }
  return NETMINE_OK;
}

static int send_all(int descriptor, const uint8_t *data, size_t count) {
  while (count > 0) {
    /* If the other end has closed, this must be an error, not a signal. */
    ssize_t sent = send(descriptor, data, count, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return NETMINE_SYSTEM;
    data += sent;
    count -= (size_t)sent;
  }
  return NETMINE_OK;
}

/* ---- Records ---- */

int netmine_next_record(struct netmine_input *input, struct netmine_record *record) {
  memset(record, 0, sizeof *record);
  int result = skip(input);
  if (result != NETMINE_OK) return result;
  for (;;) {
    if ((result = fill(input, 4)) != NETMINE_OK) return result;
    if (memcmp(input->buffer + input->start, "NMLG", 4) != 0) break;
    if ((result = fill(input, 16)) != NETMINE_OK) return result;
    if (memcmp(input->buffer + input->start + 4, "\0\1", 2) != 0) return NETMINE_FORMAT;
    advance(input, 16);
  }
  struct netmine_bytes start = {input->buffer + input->start, 4};
  struct netmine_fields fields = netmine_fields(start);
  uint32_t length = netmine_u32(&fields);
  if (length < HEADER - 4 || length > MAXIMUM_RECORD) return NETMINE_FORMAT;
  if ((result = fill(input, HEADER)) != NETMINE_OK) return result;
  struct netmine_bytes header = {input->buffer + input->start + 4, HEADER - 4};
  fields = netmine_fields(header);
  record->offset = input->offset;
  record->source = netmine_u32(&fields);
  record->time = netmine_u64(&fields);
  record->sequence = netmine_u64(&fields);
  record->type = netmine_u16(&fields);
  record->flags = netmine_u8(&fields);
  uint8_t reserved = netmine_u8(&fields);
  record->connection = netmine_u32(&fields);
  if (reserved != 0 || record->type == 0 || (record->type & (record->type - 1)) != 0) return NETMINE_FORMAT;
  size_t whole = (size_t)length + 4;
  size_t held = whole < input->size ? whole : input->size;
  if ((result = fill(input, held)) != NETMINE_OK) return result;
  record->body.data = input->buffer + input->start + HEADER;
  record->body.count = held - HEADER;
  record->full_count = whole - HEADER;
  advance(input, held);
  input->skip = whole - held;
  return netmine_meta_code(record) == NETMINE_REFUSAL ? NETMINE_REFUSED : NETMINE_OK;
}

uint8_t netmine_meta_code(const struct netmine_record *record) {
  return record->type == NETMINE_META && record->body.count > 0 ? record->body.data[0] : 0;
}

bool netmine_read_message(const struct netmine_record *record, struct netmine_message *message) {
  memset(message, 0, sizeof *message);
  if (record->type != NETMINE_BITCOIN_MSG || record->body.count < 24) return false;
  const uint8_t *header = record->body.data;
  memcpy(message->magic, header, 4);
  memcpy(message->command, header + 4, 12);
  for (int i = 0; i < 4; i++) message->length |= (uint32_t)header[16 + i] << (8 * i);
  message->payload.data = header + 24;
  message->payload.count = record->body.count - 24;
  return true;
}

/* The names of outcomes, by code. */
static const char *const outcomes[] = {
    "", "unspecified", "refused", "timed out", "unreachable", "reset", "closed before version", "closed by peer",
    "handshake timed out", "message timed out", "ping timed out", "silent", "wrong magic", "protocol error",
    "protocol version too low", "peer does not read", "turned away", "out of memory", "connected to ourselves",
    "blacklisted", "already connected", "group full", "queue full", "no route", "proxy", "out of descriptors",
    "out of ports", "disconnected by command", "connector shuts down", "failed"};
enum { OUTCOMES = sizeof outcomes / sizeof *outcomes };

const char *netmine_outcome_name(uint16_t code) { return code < OUTCOMES ? outcomes[code] : "unknown"; }

uint32_t netmine_outcome_connection(const struct netmine_outcome *outcome) {
  struct netmine_fields fields = netmine_fields(outcome->detail);
  uint32_t id = netmine_u32(&fields);
  return outcome->kind == NETMINE_DETAIL_CONNECTION && netmine_finished(&fields) ? id : 0;
}

static struct netmine_outcome read_outcome(struct netmine_fields *fields) {
  struct netmine_outcome outcome = {0};
  outcome.code = netmine_u16(fields);
  if (outcome.code == 0) return outcome;
  outcome.error = netmine_u32(fields);
  outcome.kind = netmine_u8(fields);
  outcome.detail = netmine_prefixed(fields);
  return outcome;
}

/* Programs before 0.2 have no code, but errno, then a reason that begins with the code's name. */
static struct netmine_outcome early_outcome(struct netmine_bytes reason, uint32_t error) {
  struct netmine_outcome outcome = {0};
  outcome.error = error;
  if (reason.count == 0) {
    if (error != 0) outcome.code = NETMINE_OUTCOME_UNSPECIFIED;
    return outcome;
  }
  for (uint16_t code = NETMINE_OUTCOME_UNSPECIFIED + 1; code < OUTCOMES; code++) {
    size_t count = strlen(outcomes[code]);
    if (reason.count < count || memcmp(reason.data, outcomes[code], count) != 0) continue;
    if (reason.count > count && (reason.count < count + 2 || memcmp(reason.data + count, ": ", 2) != 0)) continue;
    outcome.code = code;
    if (reason.count == count) return outcome;
    reason.data += count + 2;
    reason.count -= count + 2;
    break;
  }
  if (outcome.code == 0) outcome.code = NETMINE_OUTCOME_UNSPECIFIED;
  outcome.kind = NETMINE_DETAIL_TEXT;
  outcome.detail = reason;
  return outcome;
}

static void read_introduction(struct netmine_fields *fields, struct netmine_introduction *introduction) {
  introduction->is_known = true;
  introduction->protocol_version = i32(fields);
  introduction->services = netmine_u64(fields);
  introduction->user_agent = netmine_prefixed(fields);
  introduction->height = i32(fields);
  introduction->relay = netmine_flag(fields);
}

/* Reads the known part of a peer: nothing, its user agent, or the content of its `version`. */
static void read_peer(struct netmine_fields *fields, struct netmine_introduction *introduction) {
  uint8_t kind = choice(fields, 2);
  if (kind == 1) introduction->user_agent = netmine_prefixed(fields);
  if (kind == 2) read_introduction(fields, introduction);
}

bool netmine_read_event(const struct netmine_record *record, struct netmine_event *event) {
  struct netmine_fields fields = netmine_fields(record->body);
  memset(event, 0, sizeof *event);
  if (record->type != NETMINE_BITCOIN) return false;
  bool is_early = record->body.count > 0 && record->body.data[0] == 0;
  if (is_early) {
    event->code = netmine_u32(&fields);
    event->direction = choice(&fields, 1);
  } else {
    if (netmine_u8(&fields) != 2) return false;
    event->direction = choice(&fields, 1);
    event->code = netmine_u16(&fields);
  }
  event->remote = netmine_endpoint(&fields);
  event->local = netmine_endpoint(&fields);
  if (is_early) {
    uint32_t error = netmine_u32(&fields);
    event->duration = netmine_u64(&fields);
    event->outcome = early_outcome(netmine_prefixed(&fields), error);
    event->peer.user_agent = netmine_prefixed(&fields);
  } else {
    event->duration = netmine_u64(&fields);
    event->outcome = read_outcome(&fields);
    read_peer(&fields, &event->peer);
  }
  event->evidence = netmine_prefixed(&fields);
  return netmine_finished(&fields);
}

/* The fields after a META record's code; bad if the record has another code. */
static struct netmine_fields meta(const struct netmine_record *record, uint8_t code) {
  struct netmine_fields fields = netmine_fields(record->body);
  if (record->type != NETMINE_META || netmine_u8(&fields) != code) fields.bad = true;
  return fields;
}

bool netmine_read_source(const struct netmine_record *record, struct netmine_source *source) {
  struct netmine_fields fields = meta(record, NETMINE_SOURCE_JOINED);
  memset(source, 0, sizeof *source);
  source->id = netmine_u32(&fields);
  source->instance = netmine_u64(&fields);
  source->process = netmine_u32(&fields);
  source->kind = netmine_prefixed(&fields);
  source->name = netmine_prefixed(&fields);
  source->version = netmine_prefixed(&fields);
  return netmine_finished(&fields);
}

bool netmine_read_left(const struct netmine_record *record, struct netmine_left *left) {
  struct netmine_fields fields = meta(record, NETMINE_SOURCE_LEFT);
  memset(left, 0, sizeof *left);
  left->id = netmine_u32(&fields);
  left->said_goodbye = netmine_u8(&fields) != 0;
  left->last_sequence = netmine_u64(&fields);
  left->reason = netmine_prefixed(&fields);
  return netmine_finished(&fields);
}

bool netmine_read_open(const struct netmine_record *record, struct netmine_open *open) {
  bool is_early = netmine_meta_code(record) == NETMINE_EARLY_OPEN_CONNECTION;
  struct netmine_fields fields = meta(record, is_early ? NETMINE_EARLY_OPEN_CONNECTION : NETMINE_OPEN_CONNECTION);
  memset(open, 0, sizeof *open);
  open->direction = choice(&fields, 1);
  open->remote = netmine_endpoint(&fields);
  open->local = netmine_endpoint(&fields);
  open->since = netmine_u64(&fields);
  if (is_early) open->peer.user_agent = netmine_prefixed(&fields);
  else read_peer(&fields, &open->peer);
  return netmine_finished(&fields);
}

bool netmine_read_gap(const struct netmine_record *record, struct netmine_gap *gap) {
  struct netmine_fields fields = meta(record, NETMINE_GAP);
  memset(gap, 0, sizeof *gap);
  gap->source = netmine_u32(&fields);
  if (gap->source == 0) gap->source = record->source;
  gap->first = netmine_u64(&fields);
  gap->last = netmine_u64(&fields);
  gap->count = netmine_u64(&fields);
  gap->byte_count = netmine_u64(&fields);
  gap->cause = netmine_u8(&fields);
  return netmine_finished(&fields) && gap->first <= gap->last;
}

bool netmine_read_clock(const struct netmine_record *record, struct netmine_clock *clock) {
  struct netmine_fields fields = meta(record, NETMINE_CLOCK);
  memset(clock, 0, sizeof *clock);
  clock->offset = i64(&fields);
  clock->error_bound = netmine_u64(&fields);
  clock->synchronised = netmine_u8(&fields) != 0;
  return netmine_finished(&fields);
}

/* ---- Writing ---- */

void netmine_put_bytes(struct netmine_request *request, const void *data, size_t count) {
  if (request->bad || request->size - request->count < count) {
    request->bad = true;
    return;
  }
  if (count > 0) memcpy(request->data + request->count, data, count);
  request->count += count;
}

static void put_number(struct netmine_request *request, uint64_t value, size_t size) {
  uint8_t bytes[8];
  for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
  netmine_put_bytes(request, bytes, size);
}

void netmine_put_u8(struct netmine_request *request, uint8_t value) { put_number(request, value, 1); }
void netmine_put_u16(struct netmine_request *request, uint16_t value) { put_number(request, value, 2); }
void netmine_put_u32(struct netmine_request *request, uint32_t value) { put_number(request, value, 4); }
void netmine_put_u64(struct netmine_request *request, uint64_t value) { put_number(request, value, 8); }

void netmine_put_prefixed(struct netmine_request *request, const void *data, size_t count) {
  if (count > UINT16_MAX) request->bad = true;
  netmine_put_u16(request, (uint16_t)count);
  netmine_put_bytes(request, data, count);
}

void netmine_put_text(struct netmine_request *request, const char *text) {
  netmine_put_prefixed(request, text, strlen(text));
}

void netmine_put_endpoint(struct netmine_request *request, const char *text) {
  int family;
  uint8_t address[16];
  uint16_t port;
  if (!parse(text, &family, address, &port)) {
    request->bad = true;
    return;
  }
  /* Addresses in fc00::/8 belong to CJDNS. */
  netmine_put_u8(request, family == AF_INET ? 1 : address[0] == 0xfc ? 6 : 2);
  netmine_put_prefixed(request, address, family == AF_INET ? 4 : 16);
  netmine_put_u16(request, port);
}

void netmine_put_all(struct netmine_request *request) { netmine_put_u8(request, 0); }

void netmine_put_connections(struct netmine_request *request, const uint32_t *ids, uint32_t count) {
  netmine_put_u8(request, 1);
  netmine_put_u32(request, count);
  for (uint32_t i = 0; i < count && !request->bad; i++) netmine_put_u32(request, ids[i]);
}

/* A command, padded with zeros. */
static void put_command(struct netmine_request *request, const char *command) {
  static const uint8_t zeros[12] = {0};
  size_t count = strlen(command);
  if (count == 0 || count > 12) request->bad = true;
  netmine_put_bytes(request, command, count);
  if (!request->bad) netmine_put_bytes(request, zeros, 12 - count);
}

int netmine_subscribe(int descriptor, const struct netmine_subscription *subscription) {
  static const struct netmine_subscription everything = {.types = NETMINE_EVERYTHING};
  const struct netmine_subscription *wanted = subscription != NULL ? subscription : &everything;
  uint8_t buffer[4096];
  struct netmine_request out = {buffer, sizeof buffer, 0, false};
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  uint64_t time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  netmine_put_bytes(&out, "NMLG\0\1\0\0", 8);
  netmine_put_u64(&out, time);
  /* The subscription, then a status request: its answer confirms that the subscription is in force. */
  for (int part = 0; part < 2; part++) {
    size_t start = out.count;
    netmine_put_u32(&out, 0);
    netmine_put_u32(&out, 0);
    netmine_put_u64(&out, time);
    netmine_put_u64(&out, 0);
    netmine_put_u16(&out, NETMINE_META);
    netmine_put_u16(&out, 0);
    netmine_put_u32(&out, 0);
    if (part == 0) {
      netmine_put_u8(&out, 0x83);
      netmine_put_u16(&out, wanted->types);
      netmine_put_u8(&out, (uint8_t)((wanted->not_received ? 0 : 1) | (wanted->not_sent ? 0 : 2)));
      netmine_put_u8(&out, wanted->disconnect_when_slow ? 2 : 0);
      netmine_put_u16(&out, wanted->command_count);
      for (uint16_t i = 0; i < wanted->command_count; i++) put_command(&out, wanted->commands[i]);
      netmine_put_u16(&out, wanted->source_count);
      for (uint16_t i = 0; i < wanted->source_count; i++) netmine_put_u32(&out, wanted->sources[i]);
      netmine_put_u16(&out, wanted->connection_count);
      for (uint16_t i = 0; i < wanted->connection_count; i++) netmine_put_u32(&out, wanted->connections[i]);
      netmine_put_u32(&out, 0);
    } else {
      netmine_put_u8(&out, 0x87);
    }
    if (out.bad) return NETMINE_ROOM;
    size_t end = out.count;
    out.count = start;
    netmine_put_u32(&out, (uint32_t)(end - start - 4));
    out.count = end;
  }
  return send_all(descriptor, buffer, out.count);
}

/* ---- SHA-256 (FIPS 180-4), for the checksums of messages and for the key ---- */

struct sha256 {
  uint32_t state[8];
  uint8_t block[64];
  size_t used;
  uint64_t count;
};

static uint32_t rotated(uint32_t value, int bits) { return value >> bits | value << (32 - bits); }

static void sha256_block(struct sha256 *sha) {
  static const uint32_t constants[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  uint32_t words[64], s[8];
  for (int i = 0; i < 16; i++) {
    const uint8_t *at = sha->block + 4 * i;
    words[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
  }
  for (int i = 16; i < 64; i++) {
    uint32_t a = words[i - 15], b = words[i - 2];
    a = rotated(a, 7) ^ rotated(a, 18) ^ a >> 3;
    b = rotated(b, 17) ^ rotated(b, 19) ^ b >> 10;
    words[i] = words[i - 16] + a + words[i - 7] + b;
  }
  memcpy(s, sha->state, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t e = rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25);
    uint32_t a = rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22);
    uint32_t first = s[7] + e + ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[i] + words[i];
    uint32_t second = a + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    memmove(s + 1, s, 7 * sizeof *s);
    s[4] += first;
    s[0] = first + second;
  }
  for (int i = 0; i < 8; i++) sha->state[i] += s[i];
  sha->used = 0;
}

static void sha256(const uint8_t *data, size_t count, uint8_t digest[32]) {
  struct sha256 sha = {{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19},
                       {0}, 0, (uint64_t)count * 8};
  for (size_t i = 0; i < count; i++) {
    sha.block[sha.used++] = data[i];
    if (sha.used == 64) sha256_block(&sha);
  }
  sha.block[sha.used++] = 0x80;
  if (sha.used > 56) {
    memset(sha.block + sha.used, 0, 64 - sha.used);
    sha256_block(&sha);
  }
  memset(sha.block + sha.used, 0, 56 - sha.used);
  for (int i = 0; i < 8; i++) sha.block[56 + i] = (uint8_t)(sha.count >> (8 * (7 - i)));
  sha256_block(&sha);
  for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(sha.state[i / 4] >> (8 * (3 - i % 4)));
}

void netmine_put_message(struct netmine_request *request, const uint8_t magic[4], const char *command,
                         const void *payload, size_t count) {
  uint8_t digest[32], length[4];
  if (count > MAXIMUM_PAYLOAD) {
    request->bad = true;
    return;
  }
  sha256(payload, count, digest);
  sha256(digest, sizeof digest, digest);
  for (int i = 0; i < 4; i++) length[i] = (uint8_t)(count >> (8 * i));
  netmine_put_bytes(request, magic, 4);
  put_command(request, command);
  netmine_put_bytes(request, length, 4);
  netmine_put_bytes(request, digest, 4);
  netmine_put_bytes(request, payload, count);
}

/* ---- The key ---- */

#define KEY 32

/* HMAC-SHA-256 (RFC 2104) of `netmine WHO PURPOSE`, a zero byte, and both random numbers. */
static bool authenticate(const uint8_t key[KEY], const char *who, const char *purpose, const uint8_t numbers[2 * KEY],
                         uint8_t proof[KEY]) {
  uint8_t inner[64 + 64 + 2 * KEY], outer[64 + KEY];
  int length = snprintf((char *)inner + 64, 64, "netmine %s %s", who, purpose);
  if (length < 0 || length > 63) return false;
  size_t text = (size_t)length + 1;
  for (size_t i = 0; i < 64; i++) {
    uint8_t byte = i < KEY ? key[i] : 0;
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  memcpy(inner + 64 + text, numbers, 2 * KEY);
  sha256(inner, 64 + text + 2 * KEY, outer + 64);
  sha256(outer, sizeof outer, proof);
  return true;
}

/* Reads exactly `count` bytes, because the following bytes belong to another reader. */
static int receive_all(int descriptor, uint8_t *data, size_t count) {
  while (count > 0) {
    ssize_t got = read(descriptor, data, count);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return NETMINE_SYSTEM;
    if (got == 0) return NETMINE_END;
    data += got;
    count -= (size_t)got;
  }
  return NETMINE_OK;
}

int netmine_prove_key(int descriptor, const char *purpose, const uint8_t key[KEY]) {
  uint8_t opening[8 + KEY], numbers[2 * KEY], answer[2 * KEY], proof[KEY];
  int result = receive_all(descriptor, opening, sizeof opening);
  if (result == NETMINE_END) return NETMINE_FORMAT;
  if (result != NETMINE_OK) return result;
  if (memcmp(opening, "NMKEY\0\0\1", 8) != 0) return NETMINE_FORMAT;
  memcpy(numbers, opening + 8, KEY);
  int source = open("/dev/urandom", O_RDONLY);
  if (source < 0) return NETMINE_SYSTEM;
  result = receive_all(source, numbers + KEY, KEY);
  close(source);
  if (result != NETMINE_OK) return NETMINE_SYSTEM;
  memcpy(answer, numbers + KEY, KEY);
  if (!authenticate(key, "client", purpose, numbers, answer + KEY)) return NETMINE_ROOM;
  if ((result = send_all(descriptor, answer, sizeof answer)) != NETMINE_OK) return result;
  if (!authenticate(key, "server", purpose, numbers, proof)) return NETMINE_ROOM;
  result = receive_all(descriptor, answer, KEY);
  if (result == NETMINE_END) return NETMINE_REFUSED;
  if (result != NETMINE_OK) return result;
  /* Compares in a time that does not depend on the place of a difference. */
  uint8_t difference = 0;
  for (size_t i = 0; i < KEY; i++) difference |= answer[i] ^ proof[i];
  return difference == 0 ? NETMINE_OK : NETMINE_REFUSED;
}

bool netmine_parse_key(const char *text, uint8_t key[KEY]) {
  if (strlen(text) != 2 * KEY) return false;
  memset(key, 0, KEY);
  for (size_t i = 0; i < 2 * KEY; i++) {
    char digit = text[i];
    int value = digit >= '0' && digit <= '9'   ? digit - '0'
                : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                               : -1;
    if (value < 0) return false;
    key[i / 2] = (uint8_t)(key[i / 2] << 4 | value);
  }
  return true;
}

/* ---- Control ---- */

void netmine_begin(struct netmine_request *request, enum netmine_request_type type, void *buffer, size_t size) {
  request->data = buffer;
  request->size = size;
  request->count = 0;
  request->bad = false;
  netmine_put_u8(request, 2);
  /* The length and the request's id are filled in when the request is sent. */
  netmine_put_u32(request, 0);
  netmine_put_u8(request, (uint8_t)type);
  netmine_put_u32(request, 0);
}

int netmine_ask(struct netmine_control *control, struct netmine_request *request) {
  if (request->bad || request->count - FRAME > MAXIMUM_PAYLOAD) return NETMINE_ROOM;
  size_t count = request->count;
  request->data[0] = control->version;
  control->last_request = control->last_request == UINT32_MAX ? 1 : control->last_request + 1;
  request->count = 1;
  netmine_put_u32(request, (uint32_t)(count - FRAME));
  request->count = FRAME;
  netmine_put_u32(request, control->last_request);
  request->count = count;
  return send_all(control->input.descriptor, request->data, count);
}

int netmine_next_answer(struct netmine_control *control, struct netmine_answer *answer) {
  struct netmine_input *input = &control->input;
  memset(answer, 0, sizeof *answer);
  answer->fields.bad = true;
  int result = skip(input);
  if (result != NETMINE_OK) return result;
  /* Every frame of versions 2 and 3 has a request id. */
  if ((result = fill(input, FRAME)) != NETMINE_OK) return result;
  struct netmine_bytes start = {input->buffer + input->start, FRAME};
  struct netmine_fields fields = netmine_fields(start);
  uint8_t version = netmine_u8(&fields);
  uint32_t length = netmine_u32(&fields);
  uint8_t type = netmine_u8(&fields);
  if (version < 2 || version > 3 || length < 4 || length > MAXIMUM_PAYLOAD) return NETMINE_FORMAT;
  size_t whole = FRAME + (size_t)length;
  bool fits = whole <= input->size;
  if ((result = fill(input, fits ? whole : FRAME + 4)) != NETMINE_OK) return result;
  struct netmine_bytes payload = {input->buffer + input->start + FRAME, fits ? length : 4};
  answer->version = version;
  answer->type = type;
  answer->fields = netmine_fields(payload);
  answer->request = netmine_u32(&answer->fields);
  if (fits) {
    advance(input, whole);
    return NETMINE_OK;
  }
  answer->fields.bad = true;
  input->skip = whole;
  return NETMINE_ROOM;
}

int netmine_reply(struct netmine_control *control, struct netmine_answer *answer) {
  for (;;) {
    int result = netmine_next_answer(control, answer);
    bool is_reply = (answer->type & NETMINE_REPLY) != 0;
    /* An event that does not fit is skipped like any other. */
    if (result == NETMINE_ROOM && !is_reply) continue;
    if (result != NETMINE_OK) return result;
    if (answer->type == NETMINE_FAILURE) return NETMINE_REFUSED;
    if (is_reply) return answer->request == control->last_request ? NETMINE_OK : NETMINE_FORMAT;
  }
}

/* Converts a network's magic from a number to the bytes at the start of messages. */
static void read_magic(struct netmine_fields *fields, uint8_t magic[4]) {
  uint32_t value = netmine_u32(fields);
  for (int i = 0; i < 4; i++) magic[i] = (uint8_t)(value >> (8 * i));
}

int netmine_control(struct netmine_control *control, int descriptor, const char *name, void *buffer, size_t size,
                    struct netmine_hello *hello) {
  uint8_t bytes[512];
  struct netmine_request request;
  struct netmine_answer answer;
  netmine_input(&control->input, descriptor, buffer, size);
  control->last_request = 0;
  control->version = 2;
  memset(hello, 0, sizeof *hello);
  netmine_begin(&request, NETMINE_HELLO, bytes, sizeof bytes);
  netmine_put_u8(&request, 2);
  netmine_put_u8(&request, 3);
  netmine_put_text(&request, name);
  int result = netmine_ask(control, &request);
  if (result != NETMINE_OK) return result;
  if ((result = netmine_reply(control, &answer)) != NETMINE_OK) return result;
  if (answer.type != (NETMINE_REPLY | NETMINE_HELLO)) return NETMINE_FORMAT;
  hello->version = netmine_u8(&answer.fields);
  hello->server = netmine_prefixed(&answer.fields);
  hello->network = netmine_prefixed(&answer.fields);
  read_magic(&answer.fields, hello->magic);
  hello->default_port = netmine_u16(&answer.fields);
  hello->instance = netmine_u64(&answer.fields);
  if (answer.fields.bad || hello->version < 2 || hello->version > 3) return NETMINE_FORMAT;
  control->version = hello->version;
  return NETMINE_OK;
}

bool netmine_read_failure(struct netmine_answer answer, uint16_t *status, struct netmine_bytes *sentence) {
  *status = netmine_u16(&answer.fields);
  *sentence = netmine_prefixed(&answer.fields);
  return answer.type == NETMINE_FAILURE && netmine_finished(&answer.fields);
}

bool netmine_read_notice(struct netmine_answer answer, struct netmine_notice *notice) {
  struct netmine_fields *fields = &answer.fields;
  memset(notice, 0, sizeof *notice);
  switch (answer.type) {
  case NETMINE_CONNECTED:
    notice->connection = netmine_u32(fields);
    notice->local = netmine_endpoint(fields);
    notice->duration = netmine_u64(fields);
    break;
  case NETMINE_HANDSHAKE_DONE:
    notice->connection = netmine_u32(fields);
    read_introduction(fields, &notice->peer);
    notice->duration = netmine_u64(fields);
    break;
  case NETMINE_CONNECT_FAILED:
  case NETMINE_CLOSED:
    notice->connection = netmine_u32(fields);
    if (answer.version < 3) {
      uint32_t error = netmine_u32(fields);
      notice->outcome = early_outcome(netmine_prefixed(fields), error);
    } else {
      notice->outcome = read_outcome(fields);
    }
    break;
  case NETMINE_SENT_OUT:
    notice->count = netmine_u32(fields);
    notice->lost = netmine_u32(fields);
    break;
  case NETMINE_AGAIN:
    notice->connection = netmine_u32(fields);
    notice->next = netmine_u32(fields);
    notice->duration = netmine_u64(fields);
    break;
  default: return false;
  }
  return netmine_finished(fields);
}

bool netmine_read_connection(struct netmine_fields *outer, struct netmine_connection *connection) {
  struct netmine_fields inner = netmine_fields(netmine_prefixed(outer));
  struct netmine_fields *fields = &inner;
  memset(connection, 0, sizeof *connection);
  if (outer->bad) return false;
  connection->id = netmine_u32(fields);
  connection->direction = choice(fields, 1);
  connection->state = choice(fields, 3);
  connection->remote = netmine_endpoint(fields);
  connection->local = netmine_endpoint(fields);
  connection->since = netmine_u64(fields);
  read_introduction(fields, &connection->peer);
  connection->peer.is_known = connection->peer.protocol_version != 0;
  connection->ping = netmine_u64(fields);
  connection->bytes_received = netmine_u64(fields);
  connection->bytes_sent = netmine_u64(fields);
  connection->messages_received = netmine_u64(fields);
  connection->messages_sent = netmine_u64(fields);
  if (!netmine_finished(fields)) {
    connection->opened = netmine_u64(fields);
    connection->last_received = netmine_u64(fields);
    connection->last_sent = netmine_u64(fields);
    connection->shortest_ping = netmine_u64(fields);
    connection->fee_filter = netmine_u64(fields);
    connection->features = netmine_u8(fields);
    connection->bytes_waiting = netmine_u32(fields);
  }
  outer->bad = fields->bad;
  return !fields->bad;
}

bool netmine_read_statistics(struct netmine_answer answer, struct netmine_statistics *statistics) {
  struct netmine_fields *fields = &answer.fields;
  memset(statistics, 0, sizeof *statistics);
  if (answer.type != (NETMINE_REPLY | NETMINE_STATISTICS)) return false;
  statistics->time = netmine_u64(fields);
  statistics->since = netmine_u64(fields);
  statistics->process = netmine_u32(fields);
  statistics->version = netmine_prefixed(fields);
  statistics->network = netmine_prefixed(fields);
  read_magic(fields, statistics->magic);
  statistics->source = netmine_u32(fields);
  statistics->instance = netmine_u64(fields);
  statistics->publishing = netmine_flag(fields);
  uint64_t *counts[] = {
      &statistics->connecting, &statistics->handshaking, &statistics->open_outbound, &statistics->open_inbound,
      &statistics->connects_begun, &statistics->connects_failed, &statistics->accepted,
      &statistics->messages_received, &statistics->messages_sent, &statistics->bytes_received, &statistics->bytes_sent,
      &statistics->records_made, &statistics->records_acknowledged, &statistics->records_waiting,
      &statistics->bytes_waiting, &statistics->records_dropped, &statistics->clients,
      &statistics->registered_messages};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) *counts[i] = netmine_u64(fields);
  if (!netmine_finished(fields)) {
    uint64_t *later[] = {&statistics->fetches_requested, &statistics->fetches_received, &statistics->fetches_failed,
                         &statistics->fetches_left_out,  &statistics->fetches_pending,  &statistics->connects_waiting,
                         &statistics->connections_kept};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) *later[i] = netmine_u64(fields);
  }
  return !fields->bad;
}
