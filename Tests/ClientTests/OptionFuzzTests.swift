import Foundation
import TestSupport
import Testing

@testable import netmine

/// Every command line is either a command or an error; none crashes the parser.
@Suite struct OptionFuzzTests {
  private static let odd = [
    "", "0", "-0", "1", "-1", "3,1", "1,", ",", "4294967295", "4294967296", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "18446744073709551616", "0x", "0xffffffffffffffff",
    "1e308", "1e309",
    "-1e309", "nan", "inf", "NaN", "1.2.3.4", "1.2.3.4:99999", "[::]:0", "[::", "1.2.3.0/33", "::/129",
    "a=b=c", "=", ":",
    "\u{0}", "\\x", "é", "-1h", "now", "-99999999999999d", "9999-99-99", "2026-11-28T25:61:61Z", "..",
    "/dev/null", "1-0",
    "0-18446744073709551615", "tx:", "block:00", String(repeating: "9", count: 5000),
  ]

  private struct Option {
    let command: [String]
    /// Nil for a positional argument.
    let name: String?
  }

  /// Every option and argument of every subcommand that has a value.
  private func options() throws -> [Option] {
    let folder = TemporaryFolder()
    let program = try Program("netmine", ["--experimental-dump-help"], folder: folder.path)
    #expect(try program.wait() == 0)
    let help = try JSONSerialization.jsonObject(with: Data(program.output.utf8)) as? [String: Any]
    var found: [Option] = []
    func walk(_ command: [String: Any], _ path: [String]) {
      for argument in command["arguments"] as? [[String: Any]] ?? []
      where argument["kind"] as? String != "flag" {
        let name = (argument["preferredName"] as? [String: Any])?["name"] as? String
        found.append(Option(command: path, name: name.map { $0.count == 1 ? "-\($0)" : "--\($0)" }))
      }
      for part in command["subcommands"] as? [[String: Any]] ?? [] {
        walk(part, path + [part["commandName"] as? String ?? ""])
      }
    }
    walk(help?["command"] as? [String: Any] ?? [:], [])
    return found
  }

  /// Parsing a command line takes 0.1 s in a debug build, so each run tries a random selection.
  @Test func isACommandOrAnError() throws {
    let options = try options()
    #expect(options.count > 300)
    var random = SystemRandomNumberGenerator()
    var refused = 0
    let tries = options.shuffled(using: &random).prefix(80)
    for option in tries {
      let value = Self.odd.randomElement(using: &random)!
      let words = option.command + (option.name.map { ["\($0)=\(value)"] } ?? ["--", value])
      do { _ = try NetmineCommand.parseAsRoot(words) } catch { refused += 1 }
    }
    #expect(refused > 0 && refused < tries.count, "\(refused) of \(tries.count)")
  }
}
