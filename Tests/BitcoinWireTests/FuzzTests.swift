import BitcoinWire
import Bytes
import Foundation
import FuzzTargets
import JSON
import Testing

/// The short form of `tools/fuzz/run`: the same seeds and promises, and the same damage in each run.
@Suite struct FuzzTests {
  @Test(arguments: FuzzTarget.all.map(\.name))
  func keepsItsPromises(_ name: String) throws {
    let target = try #require(FuzzTarget(named: name))
    let seeds = try FuzzSeeds.committed(target) + FuzzSeeds.written(target)
    #expect(!seeds.isEmpty)
    var random = SplitMix(state: 6)
    let damaged = seeds.flatMap { seed in (0..<20).map { _ in random.damaged(seed) } }
    let noise = (0..<100).map { _ in random.bytes(upTo: target.maximumLength) }
    for input in seeds + damaged + noise {
      do throws(Finding) {
        try target.run(input)
      } catch {
        Issue.record("\(name) with \(Hexadecimal.text(input)): \(error)")
        return
      }
    }
  }

  @Test func seedsOfAMessageAreMessages() throws {
    for target in FuzzTarget.all {
      guard let command = target.command else { continue }
      for seed in try FuzzSeeds.committed(target) {
        #expect(throws: Never.self, "\(command)") { try Message.decode(command, seed) }
        #expect(seed.count <= target.maximumLength)
      }
    }
  }

  @Test func reportsABrokenPromise() {
    #expect(throws: Finding.self) { try expectLine("two\nlines", of: "a text") }
    #expect(throws: Finding.self) { try expectLine("\u{202e}sdrawkcab", of: "a text") }
    #expect(throws: Finding.self) { try expectLine("long", of: "a text", maximum: 3) }
    #expect(throws: Never.self) { try expectLine("/Satoshi:29.0.0(ü 漢)/", of: "a text") }
  }

  @Test func readsTheSeedsThatItWrites() throws {
    let text = Seeds.text([("here", [[], [0, 255]]), ("there", [[7]]), ("nowhere", [])])
    #expect(text == "# here\n-\n00ff\n# there\n07\n")
    #expect(try Seeds.read(text) == [[], [0, 255], [7]])
    #expect(throws: Finding.self) { try Seeds.read("0g\n") }
  }

  /// `tools/fuzz/make-corpus` runs this.
  @Test(.enabled(if: Samples.data != nil && FuzzSeeds.destination != nil))
  func makesTheCorpus() throws {
    for target in FuzzTarget.all {
      let written = [(source: "Written by our encoder.", inputs: FuzzSeeds.written(target))]
      let path = "\(FuzzSeeds.destination!)/\(target.name).txt"
      try Seeds.text(try FuzzSeeds.captured(target) + written).write(
        toFile: path,
        atomically: true,
        encoding: .utf8
      )
    }
  }
}
