import Foundation
import JSON

/// The result of a scenario.
struct Outcome {
  /// The seed of the run.
  var seed: UInt64 = 0
  /// The harm that was done, in words.
  var deed = ""
  /// The counts: names in JSON, values, and words in the text line.
  private(set) var figures: [(name: String, value: UInt64, words: String)] = []
  /// Measured values that are not counts, such as milliseconds.
  private(set) var measures: [(name: String, value: Double, words: String)] = []
  private var percentages: Set<String> = []
  /// A sentence for every broken promise.
  private(set) var broken: [String] = []
  /// The reason why it was skipped; nil if it was run.
  var skipped: String?

  /// Adds a count.
  mutating func count(_ name: String, _ value: UInt64, _ words: String) {
    figures.append((name, value, words))
  }

  /// Adds a measured value.
  mutating func measure(_ name: String, _ value: Double, _ words: String) {
    measures.append((name, value, words))
  }

  /// Adds a percentage. It is printed with two decimals, as most are close to 100.
  mutating func percentage(_ name: String, _ value: Double, _ words: String) {
    measures.append((name, value, words))
    percentages.insert(name)
  }

  /// Adds a sentence if a promise is broken.
  mutating func promise(_ isKept: Bool, _ sentence: @autoclosure () -> String) {
    if !isKept { broken.append(sentence()) }
  }

  /// Prints the result as a text line or a JSON object.
  func print(name: String, json: Bool) {
    let line = json ? jsonLine(name) : textLine(name)
    emit(line)
  }

  private func textLine(_ name: String) -> String {
    if let skipped { return "\(name): skipped: \(skipped)" }
    let counts = figures.map { "\(Self.grouped($0.value)) \($0.words)" }
    let others = measures.map { measure in
      percentages.contains(measure.name)
        ? String(format: "%.2f %% ", measure.value) + measure.words
        : "\(measure.words) \(Self.rounded(measure.value))"
    }
    let verdict = broken.isEmpty ? "kept" : "BROKEN"
    let sentences = broken.prefix(20).map { "  broken: \($0)" }
    let rest = broken.count > 20 ? ["  and \(broken.count - 20) more"] : []
    let line = "\(name): \(verdict): \(deed), seed \(seed): " + (counts + others).joined(separator: ", ")
    return ([line] + sentences + rest).joined(separator: "\n")
  }

  private func jsonLine(_ name: String) -> String {
    var object = JSONWriter()
    object.member("scenario", name)
    object.member("kept", broken.isEmpty)
    object.member("skipped", skipped)
    object.member("seed", seed)
    object.member("deed", deed)
    object.objects("figures", figures) { json, figure in
      json.member("name", figure.name)
      json.member("value", figure.value)
    }
    object.objects("measures", measures) { json, measure in
      json.member("name", measure.name)
      json.member("value", measure.value)
    }
    object.member("broken", broken)
    return String(decoding: object.finish(), as: UTF8.self)
  }

  private static func grouped(_ value: UInt64) -> String {
    let digits = Array(String(value))
    return digits.indices.map { index in
      (index > 0 && (digits.count - index) % 3 == 0 ? "," : "") + String(digits[index])
    }.joined()
  }

  private static func rounded(_ value: Double) -> String {
    String(format: value < 10 ? "%.2f" : "%.0f", value)
  }
}
