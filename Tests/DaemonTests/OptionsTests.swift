import ArgumentParser
import Configuration
import Daemon
import Testing

@Suite struct OptionsTests {
  @Test(arguments: [
    (["--daemonize"], DaemonOptions.Daemonize.yes), (["--daemonize", "1"], .yes),
    (["--daemonize", "0"], .no),
    (["--daemonize", "--pidfile", "/x"], .yes), (["--daemonize=0"], .no), ([], nil),
  ])
  func daemonizeNeedsNoValue(arguments: [String], expected: DaemonOptions.Daemonize?) throws {
    #expect(try DaemonOptions.parse(arguments).daemonize == expected)
  }

  @Test func overridesReachTheConfiguration() throws {
    let arguments = ["--set", "connector.relay=false", "--root", "/srv/x", "--set", "logger.root=/srv/y"]
    let options = try CommonOptions.parse(arguments)
    let configuration = try options.configuration(
      own: [.init(option: "--network signet", key: "connector.network", text: "signet")]
    )
    #expect(!configuration.connector.relay)
    #expect(configuration.logger.root == "/srv/x/")
    #expect(configuration.connector.network == "signet")
    #expect(configuration.origin(of: "logger.root") == .option("--root /srv/x"))
  }

  @Test func aNamedFileHasToExist() throws {
    let options = try CommonOptions.parse(["--configfile", "/does/not/exist.cfg"])
    let error = try #require(throws: ConfigurationError.self) { try options.configuration() }
    #expect(error.problems.map(\.kind) == [.missingFile])
  }

  @Test(arguments: [["--set", "connector.relay"], ["--log-level", "loud"], ["--daemonize", "2"]])
  func refusesWordsItDoesNotKnow(arguments: [String]) {
    #expect(throws: (any Error).self) { try DaemonOptions.parse(arguments) }
  }

  @Test func readsLogLevels() throws {
    #expect(try CommonOptions.parse([]).logLevel == .info)
    #expect(try CommonOptions.parse(["--log-level", "Debug"]).logLevel == .debug)
  }
}
