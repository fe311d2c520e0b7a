import Bytes
import EventLoop
import Foundation
import Glibc
import TestSupport

/// A Bitcoin Core node on a regression test network of its own, which ends with its last reference.
final class BitcoinNode {
  /// The `bitcoind` to test with; `bitcoin-cli` is beside it.
  static let program = ProcessInfo.processInfo.environment["NETMINE_BITCOIND"]

  /// Where it listens, as `netmine connect` takes it.
  let endpoint: String

  private let folder = TemporaryFolder()
  private let process: Program
  private let rpcPort: UInt16

  /// Starts a node at an address, on a free port, and waits until it answers.
  ///
  /// - Parameters:
  ///   - address: in 127.0.0.0/8.
  ///   - peer: the only one that it dials; "0" for none, whatever addresses it learns.
  ///   - options: what else is on its command line.
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

  /// Ends it in order. Does nothing the second time.
  ///
  /// By command: it inherits the signals that this process blocks.
  func stop() throws {
    guard process.isRunning else { return }
    try call("stop")
    try process.wait()
  }

  /// Calls one of its methods, and returns what it says as text.
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

  /// Calls one of its methods that answers with an object.
  func object(_ arguments: String...) throws -> [String: Any] {
    try json(run(Self.client, clientOptions + arguments)) as? [String: Any] ?? [:]
  }

  /// Calls one of its methods that answers with a list of objects.
  func objects(_ arguments: String...) throws -> [[String: Any]] {
    try json(run(Self.client, clientOptions + arguments)) as? [[String: Any]] ?? []
  }

  /// What it knows of its peers.
  func peers() throws -> [[String: Any]] { try json(call("getpeerinfo")) as? [[String: Any]] ?? [] }

  /// Mines blocks, and returns their hashes. Anyone can spend what they pay.
  func mine(_ count: Int) throws -> [String] {
    let hashes = try json(call("generatetodescriptor", "\(count)", "raw(51)"))
    return hashes as? [String] ?? []
  }

  /// Sets its clock ahead of ours, so that what it would put off for a while is due.
  func skip(seconds: Int) throws { try call("setmocktime", "\(time(nil) + seconds)") }

  /// Waits for what it brings about.
  func wait(for what: String, until condition: () throws -> Bool) throws {
    try process.wait(for: what, until: condition)
  }

  /// Its log.
  var log: [String] {
    let text = try? String(contentsOfFile: folder.path + "regtest/debug.log", encoding: .utf8)
    return (text ?? "").split(separator: "\n").map(String.init)
  }

  /// The lines of its log that find fault with a peer, or with a message whoever sent it.
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

  /// A port that nobody uses, as the system found one.
  private static func freePort(at address: String) throws -> UInt16 {
    let descriptor = try Socket.listen(on: SocketAddress("\(address):0")!)
    defer { close(descriptor) }
    return Socket.localAddress(of: descriptor).port
  }
}
