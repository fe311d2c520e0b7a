#pragma once
#include <libconfig.h>

// Functions for libconfig's accessor macros, which Swift does not import.

/// The outermost group; NULL if the text could not be parsed.
static inline const config_setting_t *netmine_config_root(const config_t *config) {
  return config_root_setting(config);
}

/// One of the `CONFIG_TYPE_…` numbers.
static inline int netmine_setting_type(const config_setting_t *setting) {
  return config_setting_type(setting);
}

/// The key; NULL for the root and for elements of lists.
static inline const char *netmine_setting_name(const config_setting_t *setting) {
  return config_setting_name(setting);
}

/// Line of the setting, from 1.
static inline unsigned netmine_setting_line(const config_setting_t *setting) {
  return config_setting_source_line(setting);
}

/// The included file of the setting; NULL for the text itself.
static inline const char *netmine_setting_file(const config_setting_t *setting) {
  return config_setting_source_file(setting);
}

/// The parse error.
static inline const char *netmine_config_error_text(const config_t *config) {
  return config_error_text(config);
}

/// The included file with the error; NULL for the text itself.
static inline const char *netmine_config_error_file(const config_t *config) {
  return config_error_file(config);
}

/// The line of the error, from 1.
static inline int netmine_config_error_line(const config_t *config) {
  return config_error_line(config);
}
