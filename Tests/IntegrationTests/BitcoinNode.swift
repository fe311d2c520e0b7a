import Bytes
import EventLoop
import Foundation
import Glibc
import TestSupport

/// A Bitcoin Core node on a regression test network of its own. It ends with its last reference.
final class BitcoinNode {
  /// The `bitcoind` to test with; `bitcoin-cli` is next to it.
  static let program = ProcessInfo.processInfo.environment["NETMINE_BITCOIND"]

  /// The endpoint that it listens at, as `netmine connect` accepts it.
  let endpoint: String

  private let folder = TemporaryFolder()
  private let process: Program
  private let rpcPort: UInt16

  /// Starts a node at an address, on a free port, and waits until it answers.
  ///
  /// - Parameters:
  ///   - address: an address in 127.0.0.0/8.
  ///   - peer: the only peer to dial; "0" to dial none, whatever addresses it learns.
  ///   - options: more command-line options.
  init(at address: String, dialling peer: String = "0", _ options: [String] = []) throws {
    endpoint = "\(address):\(try Self.freePort(at: address))"
    rpcPort = try Self.freePort(at: "127.0.0.1")
    process = try Program(
      Self.program!,
      [
        "-regtest", "-datadir=\(folder.path)", "-bind=\(endpoint)", "-listen=1", "-rpcport=\(rpcPort)",
        "-listenonion=0", "-discover=0", "-dnsseed=0", "-fixedseeds=0", "-natpmp=0", "-debug=net",
        "-disablewallet", "-acceptnonstdtxn=1", "-printtoconsole=0", "-connect=\(peer)",
      ] + options,
      folder: folder.path
    )
    try call("-rpcwait", "-rpcwaittimeout=60", "getblockcount")
  }

  deinit { try? stop() }

  /// Shuts the node down. Does nothing the second time.
  ///
  /// Uses a command, because the node inherits the signal mask of this process, which blocks signals.
  func stop() throws {
    guard process.isRunning else { return }
    try call("stop")
    try process.wait()
  }

  /// Calls an RPC method, and returns the answer as text.
  @discardableResult
  func call(_ arguments: String...) throws -> String { try run(Self.client, clientOptions + arguments) }

  /// Calls a method once for each list of arguments.
  func call(_ method: String, forEach lists: [[String]]) throws {
    let lines = folder.path + "arguments.txt"
    try lists.map { $0.joined(separator: " ") }.joined(separator: "\n").write(
      toFile: lines,
      atomically: true,
      encoding: .utf8
    )
    try run("/usr/bin/xargs", ["-a", lines, "-P", "4", "-L", "1", Self.client] + clientOptions + [method])
  }

  /// Calls a method that answers with an object.
  func object(_ arguments: String...) throws -> [String: Any] {
    try json(run(Self.client, clientOptions + arguments)) as? [String: Any] ?? [:]
  }

  /// Calls a method that answers with a list of objects.
  func objects(_ arguments: String...) throws -> [[String: Any]] {
    try json(run(Self.client, clientOptions + arguments)) as? [[String: Any]] ?? []
  }

  /// The node's view of its peers.
  func peers() throws -> [[String: Any]] { try json(call("getpeerinfo")) as? [[String: Any]] ?? [] }

  /// Mines blocks, and returns their hashes. Anyone can spend their coinbases.
  func mine(_ count: Int) throws -> [String] {
    let hashes = try json(call("generatetodescriptor", "\(count)", "raw(51)"))
    return hashes as? [String] ?? []
  }

  /// Sets the node's clock ahead of ours, so that delayed actions become due.
  func skip(seconds: Int) throws { try call("setmocktime", "\(time(nil) + seconds)") }

  /// Waits for an effect of the node.
  func wait(for what: String, until condition: () throws -> Bool) throws {
    try process.wait(for: what, until: condition)
  }

  /// The lines of its log.
  var log: [String] {
    let text = try? String(contentsOfFile: folder.path + "regtest/debug.log", encoding: .utf8)
    return (text ?? "").split(separator: "\n").map(String.init)
  }

  /// The log lines that complain about a peer, or about a message.
  var complaints: [String] {
    let words = [
      "misbehav", "disconnecting", "exception", "malformed", "oversize", "header error", "checksum",
      "unknown", "invalid", "violat", "ignoring", "timeout", "punish", "bad-", "unrequested", "unexpected",
      "redundant",
    ]
    return log.filter { line in
      let line = line.lowercased()
      return (line.contains("peer") || line.contains("processmessages("))
        && words.contains { line.contains($0) }
    }
  }

  private static var client: String {
    URL(fileURLWithPath: program!).deletingLastPathComponent().path + "/bitcoin-cli"
  }

  private var clientOptions: [String] { ["-regtest", "-datadir=\(folder.path)", "-rpcport=\(rpcPort)"] }

  @discardableResult
  private func run(_ name: String, _ arguments: [String]) throws -> String {
    let client = try Program(name, arguments, folder: folder.path)
    guard try client.wait(timeout: 90) == 0 else {
      throw Program.Failure(description: "\(arguments): \(client.errors)\(process.errors)")
    }
    return client.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func json(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8)) }

  /// A free port, as chosen by the system.
  private static func freePort(at address: String) throws -> UInt16 {
    let descriptor = try Socket.listen(on: SocketAddress("\(address):0")!)
    defer { close(descriptor) }
    return Socket.localAddress(of: descriptor).port
  }
}
