import Configuration
import Foundation
import Testing

@Suite struct ConfigurationErrorTests {
  /// The problems of a text, in order.
  func problems(_ text: String, _ overrides: [String] = []) throws -> [ConfigurationError.Problem] {
    let overrides = overrides.compactMap { Configuration.Override(set: $0) }
    let error = try #require(throws: ConfigurationError.self) {
      try Configuration(text: text, file: "netmine.cfg", overrides: overrides)
    }
    return error.problems
  }

  @Test(arguments: [
    ("connector: {\n  user_agnt = \"x\";\n};", "connector.user_agnt", 2, "connector.user_agent"),
    ("\nconecctor: { relay = 1; };", "conecctor", 2, "connector"),
    ("connector: { magic = 1; };", "connector.magic", 1, "connector.bitcoin.magic"),
    ("logger: { Root = \"/tmp\"; };", "logger.Root", 1, "logger.root"),
    (
      "connector: { bitcoin: { ping_freqeuncy = 1; }; };", "connector.bitcoin.ping_freqeuncy", 1,
      "connector.bitcoin.ping_frequency"
    ),
    (
      "connector: { bitcoin: { activ_ping: { mean = 1; }; }; };", "connector.bitcoin.activ_ping", 1,
      "connector.bitcoin.active_ping"
    ),
  ])
  func namesTheNearestKey(text: String, key: String, line: Int, nearest: String) throws {
    let problem = try #require(try problems(text).first)
    #expect(problem.kind == .unknownKey)
    #expect(problem.key == key)
    #expect(problem.origin == .file("netmine.cfg", line: line))
    #expect(problem.remedy == "did you mean \(nearest)?")
  }

  @Test func suggestsNothingWhereNothingIsNear() throws {
    let problem = try #require(try problems("frobnicate = 1;").first)
    #expect(problem.remedy == "remove it; netmine.cfg lists every key")
  }

  @Test(arguments: [
    ("logger: { root = 5; };", "logger.root"),
    ("logger: { max_buffer = \"5\"; };", "logger.max_buffer"),
    ("logger: { max_buffer = 65536.0; };", "logger.max_buffer"),
    ("logger = 5;", "logger"),
    ("connector: { relay = 1; };", "connector.relay"),
    ("connector: { relay = \"true\"; };", "connector.relay"),
    ("connector: { relay: { x = 1; }; };", "connector.relay"),
    (
      "connector: { bitcoin: { listeners = ( \"AF_INET\", \"127.0.0.1\", 8333, 5 ); }; };",
      "connector.bitcoin.listeners"
    ),
    (
      "connector: { bitcoin: { listeners = ( (\"AF_INET\", \"127.0.0.1\", 8333) ); }; };",
      "connector.bitcoin.listeners"
    ),
    ("getaddr: { schedule: { hours = 5; }; };", "getaddr.schedule.hours"),
    ("version = 0.2;", "version"),
  ])
  func refusesAWrongType(text: String, key: String) throws {
    let problem = try #require(try problems("\n\n" + text).first)
    #expect(problem.kind == .wrongType)
    #expect(problem.key == key)
    #expect(problem.origin == .file("netmine.cfg", line: 3))
  }

  @Test(arguments: [
    ("version = \".3\";", "version"),
    ("logger: { root = \"\"; };", "logger.root"),
    ("logger: { root = \"/tmp/\(String(repeating: "x", count: 80))\"; };", "logger.root"),
    ("logger: { max_buffer = 4095; };", "logger.max_buffer"),
    ("logger: { max_buffer = -1; };", "logger.max_buffer"),
    ("logger: { archive_grace = -0.5; };", "logger.archive_grace"),
    ("logger: { publish_listen = \"localhost:8341\"; };", "logger.publish_listen"),
    ("logger: { publish_listen = \"127.0.0.1\"; };", "logger.publish_listen"),
    ("logger: { publish_listen = \"127.0.0.1:65536\"; };", "logger.publish_listen"),
    ("getaddr: { schedule: { hours = ( 1, 24 ); }; };", "getaddr.schedule.hours"),
    ("getaddr: { sampling_rate = 1.5; };", "getaddr.sampling_rate"),
    ("connector: { network = \"testnet\"; };", "connector.network"),
    ("connector: { contact = \"https://example.org\"; };", "connector.contact"),
    ("connector: { user_agent = \"\(String(repeating: "x", count: 257))\"; };", "connector.user_agent"),
    ("connector: { control_path = \"/tmp/control/\"; };", "connector.control_path"),
    ("connector: { bitcoin: { magic = 0x1D9B4BEF9L; }; };", "connector.bitcoin.magic"),
    ("connector: { bitcoin: { start_height = 3000000000; }; };", "connector.bitcoin.start_height"),
    (
      "connector: { bitcoin: { listeners = ( (\"AF_UNIX\", \"127.0.0.1\", 1, 1) ); }; };",
      "connector.bitcoin.listeners"
    ),
    (
      "connector: { bitcoin: { listeners = ( (\"AF_INET6\", \"127.0.0.1\", 1, 1) ); }; };",
      "connector.bitcoin.listeners"
    ),
    (
      "connector: { bitcoin: { listeners = ( (\"AF_INET\", \"127.0.0.1\", 65536, 1) ); }; };",
      "connector.bitcoin.listeners"
    ),
    ("connector: { bitcoin: { connect_timeout = 0; }; };", "connector.bitcoin.connect_timeout"),
  ])
  func refusesAValueOutOfRange(text: String, key: String) throws {
    let problem = try #require(try problems("\n\n" + text).first)
    #expect(problem.kind == .outOfRange)
    #expect(problem.key == key)
    #expect(problem.origin == .file("netmine.cfg", line: 3))
  }

  @Test(arguments: [
    ("logger: { publish_listen = \"0.0.0.0:8341\"; };", "logger.publish_listen"),
    ("logger: { subscribe_listen = \"[2001:db8::1]:8341\"; };", "logger.subscribe_listen"),
    ("connector: { control_tcp = \"10.0.0.1:8340\"; };", "connector.control_tcp"),
  ])
  func letsNobodyInFromElsewhereWithoutAKey(text: String, key: String) throws {
    let error = #expect(throws: ConfigurationError.self) { try Configuration(text: text, file: "x.cfg") }
    let problem = try #require(error?.problems.first)
    #expect(problem.kind == .conflict && problem.key == key && problem.origin == .file("x.cfg", line: 1))
    #expect(problem.remedy.contains("permissions.key_file"))
    #expect(throws: Never.self) {
      try Configuration(text: text + "permissions: { key_file = \"/etc/key\"; };", file: "x.cfg")
    }
  }

  @Test func saysWhatIsWrongWithAKeyFile() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "netmine-key-\(UInt64.random(in: 0 ... .max))"
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    let configuration = try Configuration(text: "permissions: { key_file = \"\(folder.path)\"; };", file: nil)
    func reason() -> String {
      do throws(ConfigurationError) {
        return "\(try configuration.readAccessKey()?.count ?? 0) bytes"
      } catch {
        return error.description
      }
    }
    #expect(reason().contains("there is no such key file"))
    for (text, mode, words) in [
      (String(repeating: "5", count: 63), 0o600, "64 hexadecimal digits"),
      (String(repeating: "x", count: 64), 0o600, "64 hexadecimal digits"),
      (String(repeating: "5", count: 64), 0o644, "chmod 640"),
      (String(repeating: "5f ", count: 32) + "\n", 0o640, "32 bytes"),
    ] {
      try text.write(to: folder, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
      #expect(reason().contains(words), "\(reason())")
    }
    #expect(try Configuration(text: "", file: nil).readAccessKey() == nil)
  }

  @Test func refusesNumbersBeyond64Bits() throws {
    let problem = try #require(try problems("\nlogger: { max_buffer = 99999999999999999999; };").first)
    #expect(problem.kind == .outOfRange)
    #expect(problem.origin == .file("netmine.cfg", line: 2))
  }

  @Test(arguments: [
    ("logger: {\n  root = ;\n};", 2),
    ("logger: {\n  root = \"/tmp\";\n  root = \"/var\";\n};", 3),
    ("{", 1),
    ("@include \"/does/not/exist\"", 1),
  ])
  func namesTheLineOfASyntaxError(text: String, line: Int) throws {
    let problem = try #require(try problems(text).first)
    #expect(problem.kind == .syntax)
    #expect(problem.origin == .file("netmine.cfg", line: line))
  }

  @Test func namesTheLineOfAListsElement() throws {
    let text = "getaddr: { schedule: { minutes = (\n  5,\n  61\n); }; };"
    let problem = try #require(try problems(text).first)
    #expect(problem.origin == .file("netmine.cfg", line: 3))
    #expect(problem.reason == "element 2: the number 61 is given")
  }

  @Test func tellsEveryProblemAtOnce() throws {
    let text = """
      logger: {
        rot = "/tmp";
        max_buffer = "much";
      };
      connector: { bitcoin: { min_version = 70017; max_version = 70016; ping_frequency = -1; }; };
      """
    let problems = try problems(text, ["connector.relay=maybe"])
    #expect(
      problems.map(\.key) == [
        "logger.rot", "logger.max_buffer", "connector.bitcoin.ping_frequency", "connector.relay",
        "connector.bitcoin.min_version",
      ]
    )
    #expect(problems.map(\.kind) == [.unknownKey, .wrongType, .outOfRange, .wrongType, .conflict])
  }

  @Test func readsAsASentence() throws {
    let problem = try #require(try problems("\nconnector: { relay = \"yes\"; };").first)
    #expect(
      problem.description
        == "netmine.cfg:2: connector.relay: the text \"yes\" is given; "
        + "it has to be true or false, for example relay = true;"
    )
  }

  @Test func namesAMissingFile() throws {
    let error = try #require(throws: ConfigurationError.self) {
      try Configuration(file: "/does/not/exist.cfg")
    }
    #expect(error.problems.map(\.kind) == [.missingFile])
    #expect(error.description.hasPrefix("/does/not/exist.cfg: there is no such configuration file"))
  }

  @Test(arguments: ["/", "/dev/zero"])
  func refusesWhatIsNotATextFile(path: String) throws {
    let error = try #require(throws: ConfigurationError.self) { try Configuration(file: path) }
    #expect(error.problems.map(\.kind) == [.unreadableFile])
  }
}
