/// A configuration being read, and the problems found so far.
struct ConfigurationReading {
  var configuration = Configuration.unresolved
  var problems: [ConfigurationError.Problem] = []

  private let keys: [String: Configuration.Key]
  private var groups: Set<String> = []

  /// Starts with the defaults.
  init(keys: [Configuration.Key] = Configuration.keys) {
    self.keys = Dictionary(uniqueKeysWithValues: keys.map { ($0.path, $0) })
    for key in keys {
      for count in 1..<(key.groups.count + 1) where !key.groups.isEmpty {
        groups.insert(key.groups.prefix(count).joined(separator: "."))
      }
    }
  }

  /// Reads the members of a group. `path` ends with a dot, unless it is empty.
  mutating func read(_ group: Setting, path: String) {
    guard case .group(let members) = group.value else { return }
    for member in members {
      let memberPath = path + member.name
      if let key = keys[memberPath] {
        read(member, as: key)
      } else if groups.contains(memberPath) {
        if case .group = member.value {
          read(member, path: memberPath + ".")
        } else {
          let reason = "it is a group of keys, but \(member.found) is given"
          add(.wrongType, member.origin, memberPath, reason, "write \(member.name): { … };")
        }
      } else {
        addUnknown(memberPath, member.origin)
      }
    }
  }

  /// Reads an override from the command line.
  mutating func read(_ override: Configuration.Override) {
    guard let key = keys[override.key] else {
      addUnknown(override.key, .option(override.option))
      return
    }
    do {
      read(try override.setting(of: key), as: key)
    } catch {
      problems += error.problems
    }
  }

  /// Returns the configuration. Throws if there were problems.
  mutating func finish() throws(ConfigurationError) -> Configuration {
    let bitcoin = configuration.connector.bitcoin
    if let maxVersion = bitcoin.maxVersion, bitcoin.minVersion > maxVersion {
      let key = "connector.bitcoin.min_version"
      let other = "connector.bitcoin.max_version"
      let isChosen = configuration.origins[key] != nil
      add(
        .conflict,
        configuration.origin(of: isChosen ? key : other),
        isChosen ? key : other,
        "min_version \(bitcoin.minVersion) is more than max_version \(maxVersion)",
        "make \(key) at most \(other)"
      )
    }
    checkNetwork()
    checkAccess()
    if !problems.isEmpty { throw ConfigurationError(problems) }
    configuration.resolve()
    return configuration
  }

  /// Checks that TCP endpoints beyond loopback have an access key.
  private mutating func checkAccess() {
    guard configuration.permissions.keyFile == nil else { return }
    let endpoints = [
      ("logger.publish_listen", configuration.logger.publishListen),
      ("logger.subscribe_listen", configuration.logger.subscribeListen),
      ("connector.control_tcp", configuration.connector.controlTCP),
    ]
    for case (let key, let endpoint?) in endpoints where !endpoint.address.isLoopback {
      add(
        .conflict,
        configuration.origin(of: key),
        key,
        "\(endpoint.address) can be reached from other machines, but there is no access key",
        "set permissions.key_file too, or listen on a loopback address such as 127.0.0.1:\(endpoint.port)"
      )
    }
  }

  /// Checks that the chosen network is built in or described.
  private mutating func checkNetwork() {
    let name = configuration.connector.network
    let names = Configuration.knownNetworks + configuration.networks.map(\.name)
    guard !names.contains(name), !problems.contains(where: { $0.key == "networks" }) else { return }
    let suggestion = Spelling.nearest(to: name, among: names).map { ", did you mean \(quoted($0))?" } ?? ""
    let key = "connector.network"
    add(
      .outOfRange,
      configuration.origin(of: key),
      key,
      "there is no network \(quoted(name))\(suggestion)",
      "name one of \(names.joined(separator: ", ")), or describe it in networks"
    )
  }

  private mutating func read(_ setting: Setting, as key: Configuration.Key) {
    do {
      try key.apply(setting, &configuration)
      configuration.origins[key.path] = setting.origin
    } catch {
      let place = error.element.map { "element \($0): " } ?? ""
      let reason = error.reason ?? "\(error.subject.found) is given"
      // The origin of an option is the whole option; an element in a file may be on its own line.
      let origin = error.subject.origin
      let remedy = "it has to be \(key.expectation), for example \(key.name) = \(key.exampleText);"
      add(error.kind, origin, key.path, place + reason, remedy)
    }
  }

  private mutating func add(
    _ kind: ConfigurationError.Kind,
    _ origin: ConfigurationError.Origin,
    _ key: String?,
    _ reason: String,
    _ remedy: String
  ) {
    problems.append(.init(kind, origin: origin, key: key, reason: reason, remedy: remedy))
  }

  private mutating func addUnknown(_ path: String, _ origin: ConfigurationError.Origin) {
    let remedy = suggestion(for: path).map { "did you mean \($0)?" }
    add(.unknownKey, origin, path, "there is no such key", remedy ?? "remove it; netmine.cfg lists every key")
  }

  /// The whole path of the key or group that the operator probably meant.
  private func suggestion(for path: String) -> String? {
    let known = keys.keys.sorted() + groups.sorted()
    let parts = path.split(separator: ".")
    guard let last = parts.last else { return nil }
    let parent = parts.dropLast().joined(separator: ".")
    let prefix = parent.isEmpty ? "" : parent + "."
    let siblings = known.filter { $0.hasPrefix(prefix) && !$0.dropFirst(prefix.count).contains(".") }
    let names = siblings.map { String($0.dropFirst(prefix.count)) }
    if let name = Spelling.nearest(to: String(last), among: names) { return prefix + name }
    if let elsewhere = known.first(where: { $0.hasSuffix("." + last) }) { return elsewhere }
    return Spelling.nearest(to: path, among: known)
  }
}
