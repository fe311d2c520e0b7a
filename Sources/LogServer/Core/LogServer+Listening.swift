import Access
import Bytes
import Configuration
import EventLoop
import Glibc
import LogProtocol
import Observations

// The sockets it listens on.
extension LogServer {
  func listen(_ configuration: Configuration, _ key: AccessKey?) throws(IOError) {
    let root = configuration.logger.root
    let addSource: (Int32, SocketAddress) -> Void = { [unowned self] in add(source: $0, $1) }
    let addReader: (Int32, SocketAddress) -> Void = { [unowned self] in add(reader: $0, $1) }
    try listen(on: .unix(root + "publish"), to: addSource)
    try listen(on: .unix(root + "subscribe"), to: addReader)
    if let endpoint = configuration.logger.publishListen {
      try listen(on: SocketAddress(endpoint), to: gated(key, .publish, addSource))
    }
    if let endpoint = configuration.logger.subscribeListen {
      try listen(on: SocketAddress(endpoint), to: gated(key, .subscribe, addReader))
    }
    try listen(on: .unix(root + "servers")) { [unowned self] descriptor, _ in
      let source = CoinscopeSource(descriptor, server: self)
      coinscopeSources.append(source)
    }
    let interests: [(String, RecordType)] = [
      ("debug", .debug), ("ctrl", .control), ("error", .error), ("bitcoin", .connection),
      ("bitcoin_msg", .message),
      ("bitcoinx", [.connection, .message]), ("all", RecordType.all.subtracting(.meta)),
    ]
    for (name, types) in interests {
      coinscopeGroups.append(CoinscopeTranslator(types, pool: loop.pool))
      try listen(on: .unix(root + "clients/" + name)) { [unowned self] descriptor, _ in
        coinscopeReaders.append(CoinscopeReader(descriptor, types: types, server: self))
      }
    }
  }

  /// Wraps `accept` in an access gate if there is a key.
  private func gated(
    _ key: AccessKey?,
    _ purpose: AccessKey.Purpose,
    _ accept: @escaping (Int32, SocketAddress) -> Void
  ) -> (Int32, SocketAddress) -> Void {
    guard let key else { return accept }
    let gate = AccessGate(key, for: purpose, on: loop, accept: accept) { [unowned self] in
      logger.error("\($0)")
    }
    gates.append(gate)
    return { gate.challenge($0, from: $1) }
  }

  private func listen(
    on address: SocketAddress,
    to accept: @escaping (Int32, SocketAddress) -> Void
  ) throws(IOError) {
    let listener = try Listener(
      on: address,
      mode: socketMode,
      group: socketGroup,
      loop: loop,
      accept: accept,
      fail: { [unowned self] in logger.error("\($0)") }
    )
    listeners.append(listener)
    logger.info("listening", metadata: ["on": "\(listener.address)"])
  }

  private func add(source descriptor: Int32, _ remote: SocketAddress) {
    sourceLinks.append(SourceLink(descriptor, peer: Self.label(descriptor, remote), server: self))
  }

  private func add(reader descriptor: Int32, _ remote: SocketAddress) {
    readers.append(ReaderLink(descriptor, peer: Self.label(descriptor, remote), server: self))
  }

  private static func label(_ descriptor: Int32, _ remote: SocketAddress) -> String {
    Socket.credentials(of: descriptor).map { "of process \($0.process)" } ?? "\(remote)"
  }

  static func makeFolder(_ path: String) throws(IOError) {
    guard mkdir(path, 0o755) != 0, errno != EEXIST else { return }
    throw IOError("make the folder \(path)")
  }
}
