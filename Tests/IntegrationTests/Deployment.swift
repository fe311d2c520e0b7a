import Bytes
import Foundation
import Glibc
import LogProtocol
import Observations
import TestSupport

/// Netmine's programs on a folder of their own, as an operator would run them.
final class Deployment {
  let folder = TemporaryFolder()
  private(set) var logserver: Program?
  private(set) var connector: Program?
  private(set) var verbatim: Program?
  private(set) var simnet: Program?

  var root: String { folder.path }
  var archive: String { root + "archive/verbatim.log" }

  deinit {
    // In an order in which none waits for another.
    for program in [simnet, connector, verbatim, logserver] { program?.signal(SIGKILL) }
  }

  func run(_ name: String, _ arguments: [String]) throws -> Program {
    try Program(name, arguments + ["--root", root], folder: root)
  }

  @discardableResult
  func startLogServer(_ settings: [String] = []) throws -> Program {
    let program = try run("logserver", settings.flatMap { ["--set", $0] })
    try program.wait(forError: "clients/all")
    logserver = program
    return program
  }

  @discardableResult
  func startVerbatim() throws -> Program {
    let program = try run("verbatim", [])
    verbatim = program
    return program
  }

  @discardableResult
  func startConnector(
    network: String = "simnet",
    file: String? = nil,
    _ settings: [String] = []
  ) throws -> Program {
    let program = try run(
      "connector",
      ["--network", network] + settings.flatMap { ["--set", $0] } + (file.map { ["--configfile", $0] } ?? [])
    )
    try program.wait(forError: "listening for clients")
    connector = program
    return program
  }

  /// Starts a simulated network at addresses of its own, and returns its endpoints.
  @discardableResult
  func startSimnet(nodes: Int, base: String, _ options: [String] = []) throws -> [String] {
    let list = root + "nodes.txt"
    let program = try run(
      "simnet",
      ["--nodes", "\(nodes)", "--base", base, "--port", "0", "--list", list] + options
    )
    func endpoints() -> [String] {
      ((try? String(contentsOfFile: list, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }
    try program.wait(for: "the list of nodes") { endpoints().count == nodes }
    simnet = program
    return endpoints()
  }

  /// Runs a client command to its end.
  func netmine(_ arguments: [String], timeout: Double = 60) throws -> (
    status: Int32, output: String, errors: String
  ) {
    let program = try run("netmine", arguments)
    let status = try program.wait(timeout: timeout)
    return (status, program.output, program.errors)
  }

  /// Waits until about 200 more records are in the archive.
  func awaitTraffic() throws {
    // Uses the size of the archive, because many more records would come while the records are read.
    let before = try archiveSize()
    try verbatim!.wait(for: "traffic in the archive") { try archiveSize() > before + 100_000 }
  }

  private func archiveSize() throws -> Int {
    try archiveFiles().reduce(0) { sum, path in
      sum + (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
    }
  }

  /// Stops a program with SIGTERM, and expects exit status 0.
  func stop(_ program: Program?) throws {
    program?.signal(SIGTERM)
    guard let program, try program.wait() != 0 else { return }
    throw Program.Failure(description: "\(program.name) ended badly: \(program.errors.suffix(2000))")
  }

  /// Stops all programs: connector, then verbatim, then log server, then simnet.
  func stopAll() throws {
    for program in [connector, verbatim, logserver, simnet] { try stop(program) }
  }

  /// The archive's files in the order in which they were written.
  func archiveFiles() throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: root + "archive").filter {
      // Leave out saved tails of a killed verbatim, and indexes.
      $0.hasPrefix("verbatim.log") && !$0.contains(".torn-") && !$0.contains(".index")
    }
    return names.sorted { Self.age($0) > Self.age($1) }.map { root + "archive/" + $0 }
  }

  /// logrotate's numbers: verbatim.log.2 is older than verbatim.log.1, and that is older than verbatim.log.
  private static func age(_ name: String) -> Int { Int(name.split(separator: ".").last!) ?? 0 }

  /// All records of the archive.
  func records() throws -> [ArchivedRecord] {
    var records: [ArchivedRecord] = []
    for path in try archiveFiles() {
      _ = try ArchiveFile(path).forEachRecord { header, body, _ in
        records.append(ArchivedRecord(header: header, body: [UInt8](body)))
        return true
      }
    }
    return records
  }
}

/// A record read back from the archive.
struct ArchivedRecord {
  let header: RecordHeader
  let body: [UInt8]

  var event: ConnectionEvent? { header.type == .connection ? try? ConnectionEvent(body.span.bytes) : nil }
  var meta: MetaBody? { header.type == .meta ? try? MetaBody(body.span.bytes) : nil }
  var text: String { String(decoding: body, as: UTF8.self) }
}

extension [ArchivedRecord] {
  /// The sequence numbers of the source of a kind, in the order of the archive.
  func sequences(ofKind kind: String) -> [UInt64] {
    var ids: Set<UInt32> = []
    var sequences: [UInt64] = []
    for record in self {
      if case .sourceJoined(let source, let description) = record.meta, description.kind == kind {
        ids.insert(source)
      }
      if record.header.sequence > 0, ids.contains(record.header.source) {
        sequences.append(record.header.sequence)
      }
    }
    return sequences
  }

  /// The messages.
  var messages: [ArchivedRecord] { filter { $0.header.type == .message } }
}
