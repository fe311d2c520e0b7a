import Foundation
import LogFiles
import LogText
import TestSupport
import Testing

@testable import LogCommands

/// Compares the results of `verify` and `check` for random archives with those of an independent program. It
/// is written in Python from the documentation of the format.
@Suite(.enabled(if: Program.python != nil, "needs Python 3")) struct ArchiveAccountTests {
  static let checker =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/archive_account.py"

  /// Missing sequence numbers as text. Adjacent ranges with the same cause are joined.
  static func text(_ missing: [MissingRange]) -> String {
    var parts: [(first: UInt64, last: UInt64, word: String)] = []
    for range in missing {
      let word = range.cause.word + (range.isBeforeArchive ? ":not lost" : "")
      if let former = parts.last, former.last + 1 == range.sequences.lowerBound, former.word == word {
        parts[parts.count - 1].last = range.sequences.upperBound
      } else {
        parts.append((range.sequences.lowerBound, range.sequences.upperBound, word))
      }
    }
    return parts.map { " \($0.first)-\($0.last):\($0.word)" }.joined()
  }

  /// The results of `verify` in the form that the Python program prints.
  static func lines(_ report: ArchiveReport) -> [String] {
    let sources = report.sources.map {
      "source \($0.id) \($0.instance) records \($0.recordCount) duplicates \($0.duplicateCount) late \($0.lateCount) "
        + "missing\(text($0.missing))"
    }
    return sources.sorted() + ["records \(report.recordCount) lost \(report.lostCount)"]
  }

  /// The findings of `check` about sequence numbers, by kind; ranges with the source's id, in order.
  static func findings(_ paths: [String]) throws -> (missing: [String], duplicates: UInt64, late: UInt64) {
    var missing: [String] = []
    var (duplicates, late): (UInt64, UInt64) = (0, 0)
    var check = LogCheck(isPartial: false) { finding in
      switch finding.kind {
      case .duplicate: duplicates += 1
      case .outOfOrder: late += 1
      case .gap, .sequenceGap:
        let range = finding.missing!
        #expect((finding.kind == .sequenceGap) == (range.cause == .unexplained))
        missing.append("\(finding.source) \(range.sequences) \(range.cause.word)")
      default: break
      }
    }
    for path in paths {
      let file = try LogFile(path, format: .native, bufferCount: 4096)
      while let piece = try file.next() {
        if case .record(let record) = piece { check.note(record, in: file) }
      }
    }
    check.finish()
    return (missing.sorted(), duplicates, late)
  }

  @Test(arguments: [UInt64(1), 2, 3]) func agreesWithAnIndependentAccount(seed: UInt64) throws {
    let folder = TemporaryFolder()
    var expected: [String] = []
    var kinds: Set<String> = []
    for number in 0..<1000 {
      let name = "\(seed * 10_000 + UInt64(number))"
      var paths: [String] = []
      var report = ArchiveReport()
      for (index, bytes) in RandomArchive(seed: seed << 32 | UInt64(number)).files.enumerated() {
        let segment = String(index + 1000)
        paths.append(folder.write(bytes, to: "\(name)-\(segment).log"))
        try report.read(LogFile(paths.last!, format: .native, bufferCount: 4096))
      }
      expected += Self.lines(report).map { "\(name) \($0)" }
      let found = try Self.findings(paths)
      let lost = report.sources.flatMap { source in
        source.missing.filter { !$0.isBeforeArchive }.map { "\(source.id) \($0.sequences) \($0.cause.word)" }
      }
      #expect(found.missing == lost.sorted(), "archive \(name)")
      #expect(found.duplicates == report.duplicateCount, "archive \(name)")
      #expect(found.late == report.lateCount, "archive \(name)")
      for source in report.sources { kinds.formUnion(source.missing.map(\.cause.word)) }
      if report.duplicateCount > 0 { kinds.insert("duplicate") }
      if report.lateCount > 0 { kinds.insert("late") }
      if report.lostCount == .max { kinds.insert("saturated") }
      if report.lostCount == 0 { kinds.insert("whole") }
    }
    // The random archives cover every kind.
    #expect(kinds.count == 10, "\(kinds)")
    let python = try Program(Program.python!, [Self.checker, folder.path], folder: folder.path)
    #expect(try python.wait(timeout: 120) == 0, "\(python.errors.suffix(3000))")
    let found = python.output.split(separator: "\n").map(String.init)
    #expect(found.count == expected.count)
    let differences = zip(expected, found).filter { $0 != $1 }
    #expect(
      differences.isEmpty,
      "\(differences.count) lines, the first: \(differences.first.map { "\($0)\n\($1)" } ?? "")"
    )
  }
}
