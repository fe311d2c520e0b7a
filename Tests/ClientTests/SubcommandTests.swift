import ArgumentParser
import ControlProtocol
import Foundation
import JSON
import TestSupport
import Testing

@testable import Commands
@testable import Steering
@testable import netmine

/// A subcommand that `netmine` does not have.
private struct GreetCommand: ControlCommand {
  static let configuration = CommandConfiguration(
    commandName: "greet",
    abstract: "Say which connector is there."
  )

  @Flag(help: "Say it loudly.") var loud = false

  @OptionGroup var options: ClientOptions

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> Commands.ExitStatus {
    try environment.withSession { session throws(ClientFailure) in
      let name = loud ? session.hello.networkName.uppercased() : session.hello.networkName
      if environment.isJSON {
        var json = JSONWriter()
        json.member("network", name)
        environment.output.line(json)
      } else {
        environment.output.line("hello, \(name)")
      }
      return .succeeded
    }
  }
}

/// Rules that every subcommand follows, and one that exists only in this file (docs/extending.md).
@Suite struct SubcommandTests {
  private struct Subcommand {
    let words: String
    let type: any ParsableCommand.Type
    /// Whether it is the default subcommand, so that its name may be left out.
    let isDefault: Bool
  }

  private static func all(
    _ type: any ParsableCommand.Type,
    _ words: String,
    isDefault: Bool = false
  ) -> [Subcommand] {
    let configuration = type.configuration
    guard !configuration.subcommands.isEmpty else {
      return [Subcommand(words: words, type: type, isDefault: isDefault)]
    }
    return configuration.subcommands.flatMap { part in
      let isDefault = configuration.defaultSubcommand.map { $0 == part } ?? false
      return all(part, "\(words) \(part.configuration.commandName ?? "\(part)")", isDefault: isDefault)
    }
  }

  @Test func saysWhatItIsFor() {
    for command in Self.all(NetmineCommand.self, "netmine") {
      #expect(command.type.configuration.commandName != nil, "\(command.words)")
      #expect(command.type.configuration.abstract.hasSuffix("."), "\(command.words)")
    }
  }

  /// A page in docs/ contains the command, or docs/clients.md has a heading with its name.
  @Test func isDocumented() throws {
    let docs = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs")
    let pages = try FileManager.default.contentsOfDirectory(at: docs, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "md" && $0.lastPathComponent != "extending.md" }
      .map { try String(contentsOf: $0, encoding: .utf8) }
    let headings = try String(contentsOf: docs.appending(path: "clients.md"), encoding: .utf8)
      .split(separator: "\n").filter { $0.hasPrefix("## ") }.flatMap { $0.split(separator: " ") }
    for command in Self.all(NetmineCommand.self, "netmine") {
      let words = command.words.split(separator: " ").dropLast(command.isDefault ? 1 : 0)
      let isHeading = words.count == 2 && headings.contains(words[1])
      let text = words.joined(separator: " ")
      #expect(isHeading || pages.contains { $0.contains(text) }, "no page of docs/ has \"\(text)\"")
    }
  }

  @Test func isRunAsTheOthersAre() throws {
    let runner = try CommandRunner()
    let place = ["--root", runner.folder.path]
    let plain = try runner.run(GreetCommand.parse(place))
    #expect(plain.status == .succeeded)
    #expect(plain.lines == ["hello, regtest"])
    #expect(
      try runner.run(GreetCommand.parse(["--loud", "--json"] + place)).lines == [#"{"network":"REGTEST"}"#]
    )
    #expect(GreetCommand.helpMessage().contains("Say which connector is there."))
    #expect(throws: (any Error).self) { try GreetCommand.parse(["--quiet"]) }
    runner.connector.close()
    #expect(try runner.run(GreetCommand.parse(place)).status == .unreachable)
  }
}
