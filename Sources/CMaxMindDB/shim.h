// libmaxminddb: databases of IP addresses. Its values are a union and its look-ups are variadic, which Swift does not
// import.
#ifndef NETMINE_CMAXMINDDB_SHIM_H
#define NETMINE_CMAXMINDDB_SHIM_H

#include <maxminddb.h>
#include <string.h>

/// A value of an entry.
typedef struct {
  /// One of the `MMDB_DATA_TYPE_…` numbers; 0 if there is no such value.
  uint32_t type;
  /// The UTF-8 bytes of a text, inside the database, without a terminating zero.
  const char *text;
  /// Number of these bytes.
  uint32_t size;
  /// A floating-point number.
  double real;
  /// An unsigned integer.
  uint64_t whole;
} netmine_mmdb_value;

/// Looks up the value under up to three nested keys; unused keys are NULL.
///
/// Returns MMDB_SUCCESS even if there is no value.
static inline int netmine_mmdb_get(MMDB_entry_s *entry, const char *first, const char *second, const char *third,
                                   netmine_mmdb_value *value) {
  const char *const path[] = {first, second, third, NULL};
  MMDB_entry_data_s data;
  memset(value, 0, sizeof *value);
  int status = MMDB_aget_value(entry, &data, path);
  if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR) return MMDB_SUCCESS;
  if (status != MMDB_SUCCESS || !data.has_data) return status;
  value->type = data.type;
  switch (data.type) {
    case MMDB_DATA_TYPE_UTF8_STRING:
      value->text = data.utf8_string;
      value->size = data.data_size;
      break;
    case MMDB_DATA_TYPE_DOUBLE: value->real = data.double_value; break;
    case MMDB_DATA_TYPE_FLOAT: value->real = data.float_value; break;
    case MMDB_DATA_TYPE_UINT16: value->whole = data.uint16; break;
    case MMDB_DATA_TYPE_UINT32: value->whole = data.uint32; break;
    case MMDB_DATA_TYPE_UINT64: value->whole = data.uint64; break;
  }
  return MMDB_SUCCESS;
}

/// Whether the 16 zero bytes follow the search tree, as in every whole database. If not, its node count is wrong, or the
/// file is truncated.
static inline bool netmine_mmdb_is_whole(const MMDB_s *database) {
  static const uint8_t separator[16];
  uint64_t size = (uint64_t)database->metadata.node_count * database->full_record_byte_size;
  return size + sizeof separator <= (uint64_t)database->file_size &&
         memcmp(database->file_content + size, separator, sizeof separator) == 0;
}

#endif
