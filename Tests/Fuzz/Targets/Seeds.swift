import Bytes
import Foundation

/// Inputs to begin with, kept as text: one a line, in hexadecimal; a line that starts with `#` says where the next
/// ones are from.
public enum Seeds {
  /// The inputs in a text.
  ///
  /// - Throws: `Finding` where a line is not an input.
  public static func read(_ text: String) throws -> [[UInt8]] {
    try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      // An input may be empty, a line may not.
      guard let bytes = Hexadecimal.bytes(line == "-" ? "" : line) else {
        throw Finding("not hexadecimal: \(line)")
      }
      return bytes
    }
  }

  /// The inputs of a target in a folder; none where the folder has none of it.
  public static func read(folder: String, target: FuzzTarget) throws -> [[UInt8]] {
    let path = "\(folder)/\(target.name).txt"
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try read(String(contentsOfFile: path, encoding: .utf8))
  }

  /// Writes the inputs of every target, those in the folder and its own, into a folder of its own in `destination`, a
  /// file each.
  public static func unpack(_ folder: String, into destination: String) throws {
    for target in FuzzTarget.all {
      let path = "\(destination)/\(target.name)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for (index, input) in (try read(folder: folder, target: target) + target.seeds).enumerated() {
        try Data(input).write(to: URL(fileURLWithPath: "\(path)/seed-\(index)"))
      }
    }
  }

  /// The text of inputs from several sources.
  public static func text(_ groups: [(source: String, inputs: [[UInt8]])]) -> String {
    groups.filter { !$0.inputs.isEmpty }.map { group in
      "# \(group.source)\n" + group.inputs.map { ($0.isEmpty ? "-" : Hexadecimal.text($0)) + "\n" }.joined()
    }.joined()
  }
}
