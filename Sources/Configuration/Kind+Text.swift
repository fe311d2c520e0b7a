extension Kind<String> {
  /// Text.
  ///
  /// - Parameters:
  ///   - expectation: the accepted values in words.
  ///   - bytes: the allowed length, in bytes of UTF-8.
  ///   - isAllowed: whether a byte is allowed.
  static func text(
    _ expectation: String,
    bytes: ClosedRange<Int>,
    isAllowed: @escaping @Sendable (UInt8) -> Bool = { $0 >= 0x20 && $0 != 0x7F }
  ) -> Kind {
    Kind(expectation: expectation, isText: true) { setting throws(Mismatch) in
      guard case .text(let text) = setting.value else { throw .type(setting) }
      guard bytes.contains(text.utf8.count) else { throw .range(setting, "it has \(text.utf8.count) bytes") }
      guard text.utf8.allSatisfy(isAllowed) else { throw .range(setting) }
      return text
    } render: {
      quoted($0)
    }
  }

  /// The path of a file or folder, made absolute. A folder's path gets a trailing slash.
  ///
  /// - Parameters:
  ///   - what: the kind of file, with its article.
  ///   - isFolder: whether it is a folder.
  ///   - limit: the most bytes of the absolute path; a unix socket's address holds 107.
  static func path(_ what: String, isFolder: Bool, limit: Int = 1024) -> Kind {
    let text = text("the path of \(what), of 1 to \(limit) bytes", bytes: 1...limit)
    return Kind(expectation: text.expectation, isText: true) { setting throws(Mismatch) in
      var path = StartFolder.absolute(try text.read(setting))
      if isFolder, !path.hasSuffix("/") { path += "/" }
      if !isFolder, path.hasSuffix("/") { throw .range(setting, "it ends with a slash, as a folder does") }
      let count = path.utf8.count
      guard count <= limit else { throw .range(setting, "\(path) has \(count) bytes") }
      return path
    } render: {
      quoted($0)
    }
  }
}

extension Kind<String> {
  /// A server's address: a unix socket's path, made absolute, or an address and a port.
  static var server: Kind {
    let path = path("a unix socket", isFolder: false, limit: 107)
    let expectation = "the path of a unix socket, or an address and a port, \"127.0.0.1:8342\""
    return Kind(expectation: expectation, isText: true) { setting throws(Mismatch) in
      if case .text(let text) = setting.value, TCPEndpoint(text) != nil { return text }
      return try path.read(setting)
    } render: {
      quoted($0)
    }
  }
}

extension Kind<IPAddress> {
  /// An address without a port.
  static var address: Kind {
    let expectation = "an address, \"192.0.2.7\" or \"2001:db8::7\""
    return Kind(expectation: expectation, isText: true) { setting throws(Mismatch) in
      guard case .text(let text) = setting.value else { throw .type(setting) }
      guard let address = IPAddress(text) else { throw .range(setting) }
      return address
    } render: {
      quoted($0.description)
    }
  }
}

extension Kind<TCPEndpoint> {
  /// An address and a port to connect to.
  static var endpoint: Kind {
    Kind(expectation: "an address and a port, \"127.0.0.1:9050\"", isText: true) { setting throws(Mismatch) in
      guard case .text(let text) = setting.value else { throw .type(setting) }
      guard let endpoint = TCPEndpoint(text), endpoint.port != 0 else { throw .range(setting) }
      return endpoint
    } render: {
      quoted($0.description)
    }
  }

  /// An address and a port to listen on; port 0 lets the system choose.
  static var listening: Kind {
    let expectation = "an address and a port, \"127.0.0.1:8340\" or \"[::1]:8340\""
    return Kind(expectation: expectation, isText: true) { setting throws(Mismatch) in
      guard case .text(let text) = setting.value else { throw .type(setting) }
      guard let endpoint = TCPEndpoint(text) else { throw .range(setting) }
      return endpoint
    } render: {
      quoted($0.description)
    }
  }
}

extension Kind {
  /// One of some values, by name.
  static func choice(of values: [Value], _ name: @escaping @Sendable (Value) -> String) -> Kind {
    let words = values.map { quoted(name($0)) }
    let expectation = "one of " + words.joined(separator: ", ")
    return Kind(expectation: expectation, isText: true) { setting throws(Mismatch) in
      guard case .text(let text) = setting.value else { throw .type(setting) }
      guard let value = values.first(where: { name($0) == text }) else {
        let nearest = Spelling.nearest(to: text, among: values.map(name))
        throw .range(setting, nearest.map { "did you mean \(quoted($0))?" })
      }
      return value
    } render: {
      quoted(name($0))
    }
  }
}

extension Kind where Value: RawRepresentable<String> & CaseIterable & Sendable {
  /// One of an enumeration's raw values.
  static var choice: Kind { choice(of: Array(Value.allCases)) { $0.rawValue } }
}

extension Kind<Configuration.Listener> {
  /// A tuple of family, address, port and backlog.
  static var listener: Kind {
    let port = Kind<UInt16>.whole(0...UInt16.max)
    let backlog = Kind<Int>.whole(1...65_535)
    let expectation = "(\"AF_INET\" or \"AF_INET6\", \"address\", port, backlog)"
    return Kind(expectation: expectation) { setting throws(Mismatch) in
      guard case .list(let parts) = setting.value, parts.count == 4,
        case .text(let family) = parts[0].value, case .text(let text) = parts[1].value
      else { throw .type(setting) }
      guard family == "AF_INET" || family == "AF_INET6" else {
        throw .range(parts[0], "\(quoted(family)) is neither AF_INET nor AF_INET6")
      }
      guard let address = IPAddress(text), address.isIPv4 == (family == "AF_INET") else {
        throw .range(parts[1], "\(quoted(text)) is not an address of \(family)")
      }
      let endpoint = TCPEndpoint(address: address, port: try port.read(parts[2]))
      return Configuration.Listener(endpoint: endpoint, backlog: try backlog.read(parts[3]))
    } render: { listener in
      let family = listener.endpoint.address.isIPv4 ? "AF_INET" : "AF_INET6"
      let address = listener.endpoint.address.description
      return "( \(quoted(family)), \(quoted(address)), \(listener.endpoint.port), \(listener.backlog) )"
    }
  }
}

/// A text in libconfig's syntax, in quotes.
func quoted(_ text: String) -> String {
  var result = "\""
  for character in text {
    if character == "\"" || character == "\\" { result.append("\\") }
    result.append(character)
  }
  return result + "\""
}
