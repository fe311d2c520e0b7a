import Foundation
import Glibc
import LogProtocol
import TestSupport
import Testing

/// `libraries/c`, compiled as its README says, with warnings as errors, and with sanitizers if there are any.
@Suite(.serialized, .enabled(if: Program.compiler != nil, "needs cc"))
struct CLibraryTests {
  static let library = PipelineTests.repository + "libraries/c/"

  let folder = TemporaryFolder()

  /// Compiles one of its programs, and returns the path.
  func compile(_ name: String) throws -> String {
    let options = ["-std=c11", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror"] + Self.sanitizers
    let sources = ["\(name).c", "netmine.c"].map { Self.library + $0 }
    let path = folder.path + name
    let compiler = try Program(
      Program.compiler!,
      options + ["-o", path] + sources,
      folder: folder.path
    )
    #expect(try compiler.wait(timeout: 120) == 0, "\(compiler.errors)")
    #expect(compiler.errors == "")
    return path
  }

  /// The sanitizers that the compiler has.
  static let sanitizers: [String] = {
    let options = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    let folder = TemporaryFolder()
    let source = folder.write(Array("int main(void) { return 0; }\n".utf8), to: "empty.c")
    let compiler = try? Program(
      Program.compiler!,
      options + ["-o", folder.path + "empty", source],
      folder: folder.path
    )
    return (try? compiler?.wait()) == 0 ? options : []
  }()

  @Test func itsOwnTestsPass() throws {
    let test = try Program(try compile("test"), [], folder: folder.path)
    #expect(try test.wait() == 0, "\(test.errors)")
    #expect(test.output.hasSuffix("checks passed\n"))
  }

  /// An archive from before events had codes.
  @Test func readsAnEarlyArchive() throws {
    let test = try compile("test")
    let early = PipelineTests.repository + "libraries/samples/early.log"
    let program = try Program(
      "/bin/sh",
      ["-c", "exec \"$0\" - < \"$1\"", test, early],
      folder: folder.path
    )
    #expect(try program.wait() == 0, "\(program.errors)")
    #expect(program.output.hasPrefix("54 records, "), "\(program.output)")
  }

  @Test func printsWhatANodeSaysAndCommandsTheConnector() throws {
    let deployment = Deployment()
    try deployment.startLogServer()
    try deployment.startVerbatim().wait(forError: "connected to the log server")
    let nodes = try deployment.startSimnet(nodes: 2, base: "127.84.0.1", ["--tx-rate", "20"])
    let key = try deployment.keyFile()
    let connector = try deployment.startConnector([
      "connector.control_tcp=127.0.0.1:0", "permissions.key_file=\(key)",
    ])
    try connector.wait(forError: "joined the log server")
    #expect(try deployment.netmine(["connect", nodes[1]]).status == 0)
    let path = try compile("example")
    let sockets = [deployment.root + "control", deployment.root + "subscribe"]
    let example = try Program(path, sockets + [nodes[0]], folder: folder.path)
    try example.wait(for: "announcements") {
      example.lines.filter { $0.contains(" from inv ") }.count > 5
    }
    let refused = try Program(path, sockets + ["127.84.0.1:1"], folder: folder.path)
    #expect(try refused.wait() == 0, "\(refused.errors)")
    #expect(refused.lines.last?.hasSuffix("event 0x020 127.84.0.1:1 refused") == true)
    let digits = try deployment.folder.read("key").trimmingCharacters(in: .whitespacesAndNewlines)
    for control in [[sockets[0]], [try PythonLibraryTests.port(of: connector), digits]] {
      let test = try Program(try compile("test"), control, folder: folder.path)
      #expect(try test.wait() == 0, "\(test.errors)")
    }
    #expect(try deployment.netmine(["disconnect", "--all"]).status == 0)
    #expect(try example.wait() == 0, "\(example.errors)")
    #expect(example.lines.first?.contains("event 0x001 \(nodes[0])") == true)
    #expect(example.lines.last?.contains("event 0x080 \(nodes[0])") == true)
    #expect(example.lines.contains { $0.contains(" to version ") })
    #expect(example.lines.contains { $0.contains(" from version ") })
    #expect(!example.output.contains(nodes[1]))
    try deployment.stopAll()

    // Reading a file gives the same result as reading the stream.
    let sum = try Program(
      "/bin/sh",
      ["-c", "\"$0\" - < \"$1\"", try compile("test"), deployment.archive],
      folder: folder.path
    )
    #expect(try sum.wait() == 0, "\(sum.errors)")
    let records = try deployment.records()
    let bytes = records.reduce(0) { $0 + $1.body.count }
    #expect(sum.output == "\(records.count) records, \(bytes) bytes, the end\n")
  }
}
