import BitcoinWire
import Bytes

extension Kind<[Configuration.Network]> {
  /// A list of described networks. Their names differ from each other and from the built-in ones.
  static var networks: Kind {
    let list = Kind<Configuration.Network>.network.list()
    return Kind(expectation: list.expectation) { setting throws(Mismatch) in
      let networks = try list.read(setting)
      for (index, network) in networks.enumerated() {
        let isTaken = networks[..<index].contains { $0.name == network.name }
        if isTaken || Configuration.knownNetworks.contains(network.name) {
          guard case .list(let elements) = setting.value else { throw .type(setting) }
          let reason = "name: there is \(isTaken ? "another" : "a known") network \(quoted(network.name))"
          throw Mismatch(subject: elements[index], kind: .outOfRange, reason: reason, element: index + 1)
        }
      }
      return networks
    } render: {
      list.render($0)
    }
  }
}

extension Kind<Configuration.Network> {
  /// A group that describes a network.
  fileprivate static var network: Kind {
    let expectation = "a group { name, port, and magic or signet_challenge; }"
    return Kind(expectation: expectation) { setting throws(Mismatch) in
      let group = try DescribedNetwork(setting)
      let magic = try group.value("magic", .hexadecimal(bytes: 4...4))
      let challenge = try group.value("signet_challenge", .hexadecimal(bytes: 1...10_000))
      var network = Configuration.Network(
        name: try group.required("name", .networkName),
        identity: .magic(magic ?? []),
        port: try group.required("port", .whole(1...UInt16.max))
      )
      if let challenge { network.identity = .signetChallenge(challenge) }
      guard (magic == nil) != (challenge == nil) else {
        let given = magic == nil ? "neither magic nor signet_challenge is" : "magic and signet_challenge are"
        throw .range(setting, "\(given) given")
      }
      network.dnsSeeds = try group.value("dns_seeds", Kind<String>.hostName.list()) ?? []
      if let version = try group.value("protocol_version", .whole(0...Int32.max)) {
        network.protocolVersion = version
      }
      network.genesis = try group.value("genesis", .hexadecimal(bytes: 32...32)).map { Hexadecimal.text($0) }
      if let dialect = try group.value("dialect", Kind<Dialect>.choice(of: Dialect.all, \.name)) {
        network.dialect = dialect
      }
      return network
    } render: { network in
      var text = "{ name = \(quoted(network.name)); "
      switch network.identity {
      case .magic(let bytes): text += "magic = \(quoted(Hexadecimal.text(bytes))); "
      case .signetChallenge(let bytes): text += "signet_challenge = \(quoted(Hexadecimal.text(bytes))); "
      }
      text += "port = \(network.port); "
      if !network.dnsSeeds.isEmpty {
        text += "dns_seeds = ( \(network.dnsSeeds.map(quoted).joined(separator: ", ")) ); "
      }
      text += "protocol_version = \(network.protocolVersion); "
      if let genesis = network.genesis { text += "genesis = \(quoted(genesis)); " }
      return text + "dialect = \(quoted(network.dialect.name)); }"
    }
  }
}

/// The members of a group that describes a network.
private struct DescribedNetwork {
  static let names = [
    "name", "magic", "signet_challenge", "port", "dns_seeds", "protocol_version", "genesis", "dialect",
  ]

  let setting: Setting
  let members: [Setting]

  /// Takes a group. Throws if it has unknown members.
  init(_ setting: Setting) throws(Mismatch) {
    guard case .group(let members) = setting.value else { throw .type(setting) }
    if let other = members.first(where: { !Self.names.contains($0.name) }) {
      let nearest = Spelling.nearest(to: other.name, among: Self.names)
      let known = "known are \(Self.names.joined(separator: ", "))"
      let suggestion = nearest.map { "did you mean \($0)?" } ?? known
      throw .range(other, "a network has no \(other.name), \(suggestion)")
    }
    self.setting = setting
    self.members = members
  }

  /// Reads a member; nil if it is missing.
  func value<Value>(_ name: String, _ kind: Kind<Value>) throws(Mismatch) -> Value? {
    guard let member = members.first(where: { $0.name == name }) else { return nil }
    do throws(Mismatch) {
      return try kind.read(member)
    } catch {
      var mismatch = error
      let found = error.reason ?? "\(error.subject.found) is given"
      mismatch.reason = "\(name): \(found), not \(kind.expectation)"
      throw mismatch
    }
  }

  /// Reads a required member.
  func required<Value>(_ name: String, _ kind: Kind<Value>) throws(Mismatch) -> Value {
    guard let value = try value(name, kind) else { throw .range(setting, "\(name) is missing") }
    return value
  }
}

extension Kind<[UInt8]> {
  /// Bytes in hexadecimal.
  fileprivate static func hexadecimal(bytes: ClosedRange<Int>) -> Kind {
    let count =
      bytes.count == 1 ? "\(bytes.lowerBound)" : "\(bytes.lowerBound) to \(bytes.upperBound)"
    return Kind(expectation: "\(count) bytes in hexadecimal", isText: true) { setting throws(Mismatch) in
      guard case .text(let text) = setting.value else { throw .type(setting) }
      guard let value = Hexadecimal.bytes(text), bytes.contains(value.count) else { throw .range(setting) }
      return value
    } render: {
      quoted(Hexadecimal.text($0))
    }
  }
}

extension Kind<String> {
  /// A network's name.
  static var networkName: Kind {
    text(
      "a network's name, of 1 to 64 lower-case letters, digits, dots, hyphens and underscores",
      bytes: 1...64,
      isAllowed: { "abcdefghijklmnopqrstuvwxyz0123456789.-_".utf8.contains($0) }
    )
  }

  /// A DNS name.
  fileprivate static var hostName: Kind {
    text("a host's name, of 1 to 253 bytes", bytes: 1...253, isAllowed: { $0 > 0x20 && $0 < 0x7F })
  }
}
