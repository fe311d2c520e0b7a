/* Netmine's control protocol, log stream and log files, for C11 and POSIX.
 *
 * The library allocates no memory. Bytes are kept in the caller's buffer, and results point into it until the next
 * read. Every input is checked before it is used. docs/control-protocol.md and docs/log-format.md define each name;
 * example.c uses most of them. Several threads must not use the same structure at once. */
#ifndef NETMINE_H
#define NETMINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The result of the functions that do not return bool: more than 0 on success. */
enum netmine_result {
  NETMINE_OK = 1,
  NETMINE_END = 0,      /* the other end has closed, or the file ends, between two records or frames */
  NETMINE_SYSTEM = -1,  /* a system error: see errno */
  NETMINE_FORMAT = -2,  /* the bytes are malformed; nothing more can be read */
  NETMINE_TORN = -3,    /* the bytes end in the middle of a record or frame */
  NETMINE_ROOM = -4,    /* the buffer is too small; the next record or frame can be read */
  NETMINE_TIMEOUT = -5, /* nothing arrived in time; the bytes so far are kept */
  NETMINE_REFUSED = -6  /* the log server or the connector refused; the record or answer has the reason */
};

/* A result in words; for NETMINE_SYSTEM the text of errno. */
const char *netmine_result_text(int result);

/* ---- Fields ---- */

/* A reference to bytes that belong to another buffer. */
struct netmine_bytes {
  const uint8_t *data;
  size_t count;
};

/* A read position. After bytes were missing or wrong, `bad` stays true and everything read is 0. */
struct netmine_fields {
  const uint8_t *at, *end;
  bool bad;
};

/* An address of one of BIP155's networks (1 IPv4, 2 IPv6, 4 Tor v3, 5 I2P, 6 CJDNS) and a port. */
struct netmine_endpoint {
  uint8_t network;
  struct netmine_bytes address;
  uint16_t port;
};

struct netmine_fields netmine_fields(struct netmine_bytes bytes);
/* Read big-endian numbers. */
uint8_t netmine_u8(struct netmine_fields *fields);
uint16_t netmine_u16(struct netmine_fields *fields);
uint32_t netmine_u32(struct netmine_fields *fields);
uint64_t netmine_u64(struct netmine_fields *fields);
/* Reads a byte that must be 0 or 1. */
bool netmine_flag(struct netmine_fields *fields);
/* Reads `count` bytes. */
struct netmine_bytes netmine_take(struct netmine_fields *fields, size_t count);
/* Reads bytes, or a text in UTF-8, after a 16-bit count of bytes. */
struct netmine_bytes netmine_prefixed(struct netmine_fields *fields);
struct netmine_endpoint netmine_endpoint(struct netmine_fields *fields);
/* Whether all bytes were read and none was wrong. */
bool netmine_finished(const struct netmine_fields *fields);

/* A size that every endpoint's text fits into, in bytes. */
#define NETMINE_ENDPOINT_TEXT 96

/* Writes an endpoint as `192.0.2.1:8333` or `[2001:db8::1]:8333`; for other networks as `id4-…:8333`, with the
 * address in hexadecimal. Returns `text`. */
char *netmine_endpoint_text(struct netmine_endpoint endpoint, char text[NETMINE_ENDPOINT_TEXT]);

/* ---- Sockets and files ---- */

/* Connects to a unix socket, whose path must contain a slash, or to `127.0.0.1:8340` or `[::1]:8340`. Names are not
 * resolved. Returns a descriptor, or -1 with errno (EINVAL if the address is invalid). */
int netmine_dial(const char *address);

/* Proves the key to a server on TCP that requires one, and checks the server's proof (docs/access.md). Call it before
 * anything else is sent. The purpose is "control" or "subscribe". NETMINE_REFUSED: the server has another key, or none;
 * NETMINE_FORMAT: it requires none. Waits as long as the descriptor does (SO_RCVTIMEO). */
int netmine_prove_key(int descriptor, const char *purpose, const uint8_t key[32]);

/* Reads a key from its 64 hexadecimal digits; returns false if the text is not a key. */
bool netmine_parse_key(const char *text, uint8_t key[32]);

/* A buffered reader of a socket, a pipe or a file. */
struct netmine_input {
  int descriptor;
  int timeout;     /* milliseconds that each read may wait; -1 (the default) means forever */
  uint64_t offset; /* of the next record or frame, in bytes from the first byte read */
  /* Private. */
  uint8_t *buffer;
  size_t size, start, end;
  uint64_t skip;
};

/* A buffer size in bytes for everything except long messages. */
#define NETMINE_BUFFER (256 << 10)

/* Initialises a reader. The buffer must have at least 64 bytes, and is used until the last read. */
void netmine_input(struct netmine_input *input, int descriptor, void *buffer, size_t size);

/* ---- Records ---- */

enum netmine_type {
  NETMINE_META = 0x0001,
  NETMINE_DEBUG = 0x0002,
  NETMINE_CTRL = 0x0004,
  NETMINE_ERROR = 0x0008,
  NETMINE_BITCOIN = 0x0010,     /* netmine_read_event */
  NETMINE_BITCOIN_MSG = 0x0020, /* netmine_read_message */
  NETMINE_CONNECTOR = 0x0040,
  NETMINE_CLIENT = 0x0080,
  /* From inside a node, and alerts. Each body begins with a u32 that counts the bytes that follow. */
  NETMINE_MEMPOOL = 0x0100,
  NETMINE_VALIDATION = 0x0200,
  NETMINE_NODE_CONNECTION = 0x0400,
  NETMINE_NODE_LOG = 0x0800,
  NETMINE_RPC = 0x1000,
  NETMINE_ALERT = 0x2000,
  NETMINE_EVERYTHING = 0xffff
};

enum netmine_flags {
  NETMINE_SENT = 0x01,
  NETMINE_WRONG_CHECKSUM = 0x02,
  NETMINE_ENCRYPTED = 0x04,
  NETMINE_CUT_SHORT = 0x08,
  NETMINE_UPPER_BOUND = 0x10,
  NETMINE_RESENT = 0x20
};

/* Codes of META records. */
enum netmine_meta {
  NETMINE_SOURCE_JOINED = 0x01,   /* netmine_read_source */
  NETMINE_SOURCE_LEFT = 0x02,     /* netmine_read_left */
  NETMINE_EARLY_OPEN_CONNECTION = 0x03, /* netmine_read_open; from programs before 0.2 */
  NETMINE_GAP = 0x04,             /* netmine_read_gap */
  NETMINE_CLOCK = 0x05,           /* netmine_read_clock */
  NETMINE_ROTATION = 0x06,
  NETMINE_OPEN_CONNECTION = 0x07, /* netmine_read_open */
  NETMINE_REFUSAL = 0x85,
  NETMINE_STATUS = 0x88
};

struct netmine_record {
  uint64_t offset; /* of its first byte, in bytes from the first byte read */
  uint32_t source;
  uint64_t time;     /* ns since the Unix epoch */
  uint64_t sequence; /* 0: not numbered */
  uint16_t type;
  uint8_t flags;
  uint32_t connection;       /* 0: not about a connection */
  struct netmine_bytes body; /* the part of it that the buffer holds */
  size_t full_count;         /* of the whole body, in bytes */
};

/* Reads the next record of a stream or file. NETMINE_REFUSED: the log server refused and closes; the record's text
 * has the reason. A body that is longer than the buffer is cut. */
int netmine_next_record(struct netmine_input *input, struct netmine_record *record);

/* A message as on the wire. If the record was cut short, in the log or by the buffer, so is the payload. */
struct netmine_message {
  uint8_t magic[4];
  char command[13];
  uint32_t length; /* of the payload in bytes, from the message's header */
  struct netmine_bytes payload;
};

/* How a connection ended (docs/log-format.md). Later programs may have more codes. */
enum netmine_outcome_code {
  NETMINE_OUTCOME_NONE = 0,
  NETMINE_OUTCOME_UNSPECIFIED = 1,
  NETMINE_OUTCOME_REFUSED = 2,
  NETMINE_OUTCOME_TIMED_OUT = 3,
  NETMINE_OUTCOME_UNREACHABLE = 4,
  NETMINE_OUTCOME_RESET = 5,
  NETMINE_OUTCOME_CLOSED_BEFORE_VERSION = 6,
  NETMINE_OUTCOME_CLOSED_BY_PEER = 7,
  NETMINE_OUTCOME_HANDSHAKE_TIMED_OUT = 8,
  NETMINE_OUTCOME_MESSAGE_TIMED_OUT = 9,
  NETMINE_OUTCOME_PING_TIMED_OUT = 10,
  NETMINE_OUTCOME_SILENT = 11,
  NETMINE_OUTCOME_WRONG_MAGIC = 12,
  NETMINE_OUTCOME_PROTOCOL_ERROR = 13,
  NETMINE_OUTCOME_VERSION_TOO_LOW = 14,
  NETMINE_OUTCOME_DOES_NOT_READ = 15,
  NETMINE_OUTCOME_TURNED_AWAY = 16,
  NETMINE_OUTCOME_OUT_OF_MEMORY = 17,
  NETMINE_OUTCOME_OURSELVES = 18,
  NETMINE_OUTCOME_BLACKLISTED = 19,
  NETMINE_OUTCOME_ALREADY_CONNECTED = 20,
  NETMINE_OUTCOME_GROUP_FULL = 21,
  NETMINE_OUTCOME_QUEUE_FULL = 22,
  NETMINE_OUTCOME_NO_ROUTE = 23,
  NETMINE_OUTCOME_PROXY = 24,
  NETMINE_OUTCOME_OUT_OF_DESCRIPTORS = 25,
  NETMINE_OUTCOME_OUT_OF_PORTS = 26,
  NETMINE_OUTCOME_COMMANDED = 27,
  NETMINE_OUTCOME_SHUT_DOWN = 28,
  NETMINE_OUTCOME_FAILED = 29
};

/* The kinds of details of an outcome that this library uses; docs/log-format.md lists all. */
enum netmine_detail { NETMINE_DETAIL_CONNECTION = 2, NETMINE_DETAIL_TEXT = 12 };

struct netmine_outcome {
  uint16_t code;
  uint32_t error; /* errno; 0 for none */
  uint8_t kind;   /* of the detail; programs before 0.2 have only text */
  struct netmine_bytes detail;
};

/* The code's name, such as "refused"; "unknown" for a code of a later version. */
const char *netmine_outcome_name(uint16_t code);

/* The id of the connection that prevents this one, if the detail has it; otherwise 0. */
uint32_t netmine_outcome_connection(const struct netmine_outcome *outcome);

/* The content of a peer's `version`. From programs before 0.2 only the user agent is known. */
struct netmine_introduction {
  bool is_known;
  int32_t protocol_version;
  uint64_t services;
  struct netmine_bytes user_agent;
  int32_t height;
  bool relay;
};

struct netmine_event {
  uint32_t code;
  uint8_t direction; /* 0 outbound, 1 inbound */
  struct netmine_endpoint remote, local;
  uint64_t duration; /* ns */
  struct netmine_outcome outcome;
  struct netmine_introduction peer;
  struct netmine_bytes evidence;
};

struct netmine_source {
  uint32_t id;
  uint64_t instance;
  uint32_t process;
  struct netmine_bytes kind, name, version;
};

struct netmine_left {
  uint32_t id;
  bool said_goodbye;
  uint64_t last_sequence;
  struct netmine_bytes reason;
};

struct netmine_open {
  uint8_t direction;
  struct netmine_endpoint remote, local;
  uint64_t since; /* ns since the Unix epoch */
  struct netmine_introduction peer;
};

struct netmine_gap {
  uint32_t source; /* the source whose records are missing */
  uint64_t first, last, count, byte_count;
  uint8_t cause;
};

struct netmine_clock {
  int64_t offset;       /* ns */
  uint64_t error_bound; /* ns */
  bool synchronised;
};

/* The code of a META record; 0 for other records. */
uint8_t netmine_meta_code(const struct netmine_record *record);

/* Each returns false if the record is of another kind, or its body is malformed. */
bool netmine_read_message(const struct netmine_record *record, struct netmine_message *message);
bool netmine_read_event(const struct netmine_record *record, struct netmine_event *event);
bool netmine_read_source(const struct netmine_record *record, struct netmine_source *source);
bool netmine_read_left(const struct netmine_record *record, struct netmine_left *left);
bool netmine_read_open(const struct netmine_record *record, struct netmine_open *open);
bool netmine_read_gap(const struct netmine_record *record, struct netmine_gap *gap);
bool netmine_read_clock(const struct netmine_record *record, struct netmine_clock *clock);

/* The records that a reader wants. An empty list means all. */
struct netmine_subscription {
  uint16_t types;
  bool not_received, not_sent;
  bool disconnect_when_slow; /* instead of a gap */
  const char *const *commands;
  uint16_t command_count;
  const uint32_t *sources;
  uint16_t source_count;
  const uint32_t *connections;
  uint16_t connection_count;
};

/* Subscribes on a connection to the log server; NULL means everything. A META record with the code NETMINE_STATUS
 * confirms the subscription: all later records arrive. The subscription must fit into 4 KiB (else NETMINE_ROOM). */
int netmine_subscribe(int descriptor, const struct netmine_subscription *subscription);

/* ---- Control ---- */

enum netmine_request_type {
  NETMINE_HELLO = 0x10,
  NETMINE_REGISTER = 0x11,
  NETMINE_LIST_MESSAGES = 0x12,
  NETMINE_FORGET = 0x13,
  NETMINE_CONNECT = 0x14,
  NETMINE_DISCONNECT = 0x15,
  NETMINE_SEND = 0x16,
  NETMINE_LIST = 0x17,
  NETMINE_STATISTICS = 0x18,
  NETMINE_RELOAD = 0x19,
  NETMINE_SHUT_DOWN = 0x1a
};

enum netmine_answer_type {
  NETMINE_CONNECTED = 0x40,
  NETMINE_HANDSHAKE_DONE = 0x41,
  NETMINE_CONNECT_FAILED = 0x42,
  NETMINE_CLOSED = 0x43,
  NETMINE_SENT_OUT = 0x44,
  NETMINE_AGAIN = 0x45,
  NETMINE_REPLY = 0x80, /* combined with the request's type */
  NETMINE_FAILURE = 0xff
};

/* A request that is being written into the caller's buffer. After something did not fit, `bad` stays true. */
struct netmine_request {
  uint8_t *data;
  size_t size, count;
  bool bad;
};

/* A connection to a connector. */
struct netmine_control {
  struct netmine_input input;
  uint32_t last_request;
  uint8_t version; /* of the protocol: 2 or 3 */
};

/* A reply or an event from the connector. */
struct netmine_answer {
  uint8_t type;
  uint32_t request;
  struct netmine_fields fields; /* the fields after the request's id */
  uint8_t version;              /* of the protocol: 2 or 3 */
};

/* The connector's reply to hello. */
struct netmine_hello {
  uint8_t version;
  struct netmine_bytes server, network;
  uint8_t magic[4]; /* the first bytes of the network's messages */
  uint16_t default_port;
  uint64_t instance;
};

/* The content of an event. Fields that the event does not have are 0. */
struct netmine_notice {
  uint32_t connection;
  struct netmine_endpoint local;
  struct netmine_introduction peer;
  uint32_t next;     /* the id under which a kept connection is dialled again */
  uint64_t duration; /* ns since the connect began, or until the next dial */
  struct netmine_outcome outcome;
  uint32_t count, lost;
};

/* A connection of a list. Unknown values are 0 or empty. */
struct netmine_connection {
  uint32_t id;
  uint8_t direction, state;
  struct netmine_endpoint remote, local;
  uint64_t since;
  struct netmine_introduction peer;
  uint64_t ping, bytes_received, bytes_sent, messages_received, messages_sent;
  /* Since version 0.2. */
  uint64_t opened, last_received, last_sent, shortest_ping, fee_filter;
  uint8_t features;
  uint32_t bytes_waiting;
};

struct netmine_statistics {
  uint64_t time, since;
  uint32_t process;
  struct netmine_bytes version, network;
  uint8_t magic[4];
  uint32_t source;
  uint64_t instance;
  bool publishing;
  uint64_t connecting, handshaking, open_outbound, open_inbound, connects_begun, connects_failed, accepted,
      messages_received, messages_sent, bytes_received, bytes_sent, records_made, records_acknowledged, records_waiting,
      bytes_waiting, records_dropped, clients, registered_messages;
  /* Since version 0.2. */
  uint64_t fetches_requested, fetches_received, fetches_failed, fetches_left_out, fetches_pending,
      connects_waiting, connections_kept;
};

/* Sends a hello to a connector, with a name for the log, and reads the reply, which points into the buffer. The buffer
 * limits the length of replies: a connection of a list takes about 150 bytes, so NETMINE_BUFFER holds a page of
 * 1000. */
int netmine_control(struct netmine_control *control, int descriptor, const char *name, void *buffer, size_t size,
                    struct netmine_hello *hello);

/* Begins a request. */
void netmine_begin(struct netmine_request *request, enum netmine_request_type type, void *buffer, size_t size);
void netmine_put_u8(struct netmine_request *request, uint8_t value);
void netmine_put_u16(struct netmine_request *request, uint16_t value);
void netmine_put_u32(struct netmine_request *request, uint32_t value);
void netmine_put_u64(struct netmine_request *request, uint64_t value);
void netmine_put_bytes(struct netmine_request *request, const void *data, size_t count);
/* Write bytes or a text after a 16-bit count of bytes. */
void netmine_put_prefixed(struct netmine_request *request, const void *data, size_t count);
void netmine_put_text(struct netmine_request *request, const char *text);
/* Writes an endpoint, from `192.0.2.1:8333` or `[2001:db8::1]:8333`. */
void netmine_put_endpoint(struct netmine_request *request, const char *text);
/* Write a target: all connections, or the connections with these ids. */
void netmine_put_all(struct netmine_request *request);
void netmine_put_connections(struct netmine_request *request, const uint32_t *ids, uint32_t count);
/* Writes a whole Bitcoin message: header and payload. */
void netmine_put_message(struct netmine_request *request, const uint8_t magic[4], const char *command,
                         const void *payload, size_t count);

/* Sends the request. Its id, which the answers have too, is then `control->last_request`. NETMINE_ROOM if the request
 * is bad. */
int netmine_ask(struct netmine_control *control, struct netmine_request *request);

/* Reads the next reply or event, of any type. NETMINE_ROOM: it does not fit into the buffer; its type and request are
 * set, its fields are not. */
int netmine_next_answer(struct netmine_control *control, struct netmine_answer *answer);

/* Skips events until the reply to the last request. NETMINE_OK: the request was done. NETMINE_REFUSED: it was
 * not. For clients that do not need events. */
int netmine_reply(struct netmine_control *control, struct netmine_answer *answer);

/* Each returns false if the answer is of another kind, or is malformed. */
bool netmine_read_failure(struct netmine_answer answer, uint16_t *status, struct netmine_bytes *sentence);
bool netmine_read_notice(struct netmine_answer answer, struct netmine_notice *notice);
bool netmine_read_statistics(struct netmine_answer answer, struct netmine_statistics *statistics);

/* Reads the next connection of a reply to NETMINE_LIST. Before the first one, the fields have u32 `after` of the next
 * page and u32 count. */
bool netmine_read_connection(struct netmine_fields *fields, struct netmine_connection *connection);

#ifdef __cplusplus
}
#endif

#endif
