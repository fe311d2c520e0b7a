internal import CLibConfig

extension Setting {
  /// Parses libconfig text into a tree of settings.
  ///
  /// - Parameters:
  ///   - text: the text; `@include` paths in it are relative to the working directory.
  ///   - origin: the origin of a setting on a line of the text.
  static func parse(
    _ text: String,
    origin: (_ line: Int) -> ConfigurationError.Origin
  ) throws(ConfigurationError) -> Setting {
    let text = try WideIntegers.marked(in: text, origin: origin)
    var config = config_t()
    config_init(&config)
    defer { config_destroy(&config) }
    guard config_read_string(&config, text) == CONFIG_TRUE, let root = netmine_config_root(&config) else {
      let line = Int(netmine_config_error_line(&config))
      let reason = netmine_config_error_text(&config).map { String(cString: $0) } ?? "cannot be read"
      let included = netmine_config_error_file(&config).map { String(cString: $0) }
      throw ConfigurationError(
        .syntax,
        origin: included.map { .file($0, line: line) } ?? origin(line),
        reason: reason,
        remedy: remedy(for: reason)
      )
    }
    return Setting(root, origin: origin)
  }

  private static func remedy(for reason: String) -> String {
    if reason.hasPrefix("duplicate") { return "keep one of the settings with this name" }
    if reason.contains("include") { return "check the @include line before it" }
    return "look here and on the line before for a missing quote, bracket, '=' or ';'"
  }

  /// Copies a setting and its descendants out of libconfig's memory.
  private init(_ setting: UnsafePointer<config_setting_t>, origin: (Int) -> ConfigurationError.Origin) {
    let line = Int(netmine_setting_line(setting))
    let included = netmine_setting_file(setting).map { String(cString: $0) }
    name = netmine_setting_name(setting).map { String(cString: $0) } ?? ""
    self.origin = included.map { .file($0, line: line) } ?? origin(line)
    let isHexadecimal = config_setting_get_format(setting) == CONFIG_FORMAT_HEX
    switch netmine_setting_type(setting) {
    case CONFIG_TYPE_INT:
      let number = config_setting_get_int(setting)
      value =
        isHexadecimal ? .hexadecimal(UInt64(UInt32(bitPattern: number))) : .integer(Int64(number))
    case CONFIG_TYPE_INT64:
      let number = config_setting_get_int64(setting)
      value = isHexadecimal ? .hexadecimal(UInt64(bitPattern: number)) : .integer(number)
    case CONFIG_TYPE_FLOAT: value = .float(config_setting_get_float(setting))
    case CONFIG_TYPE_BOOL: value = .boolean(config_setting_get_bool(setting) != CONFIG_FALSE)
    case CONFIG_TYPE_STRING:
      value = .text(config_setting_get_string(setting).map { String(cString: $0) } ?? "")
    case CONFIG_TYPE_ARRAY, CONFIG_TYPE_LIST: value = .list(Self.elements(of: setting, origin: origin))
    default: value = .group(Self.elements(of: setting, origin: origin))
    }
  }

  private static func elements(
    of setting: UnsafePointer<config_setting_t>,
    origin: (Int) -> ConfigurationError.Origin
  ) -> [Setting] {
    (0..<UInt32(config_setting_length(setting))).compactMap { index in
      config_setting_get_elem(setting, index).map { Setting($0, origin: origin) }
    }
  }
}
