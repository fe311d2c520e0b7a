import Bytes
import Foundation

/// Seeds as text, one a line, in hexadecimal. A line that starts with `#` names the source of the next ones.
public enum Seeds {
  /// Parses the seeds in a text.
  ///
  /// - Throws: `Finding` if a line is not a seed.
  public static func read(_ text: String) throws -> [[UInt8]] {
    try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      // A seed may be empty, but a line may not: `-` is the empty seed.
      guard let bytes = Hexadecimal.bytes(line == "-" ? "" : line) else {
        throw Finding("not hexadecimal: \(line)")
      }
      return bytes
    }
  }

  /// The seeds of a target in a folder; none if the folder has no file for it.
  public static func read(folder: String, target: FuzzTarget) throws -> [[UInt8]] {
    let path = "\(folder)/\(target.name).txt"
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    return try read(String(contentsOfFile: path, encoding: .utf8))
  }

  /// Writes the seeds of every target, both from the folder and its own, to a subfolder of `destination`,
  /// each in a file.
  public static func unpack(_ folder: String, into destination: String) throws {
    for target in FuzzTarget.all {
      let path = "\(destination)/\(target.name)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for (index, input) in (try read(folder: folder, target: target) + target.seeds).enumerated() {
        try Data(input).write(to: URL(fileURLWithPath: "\(path)/seed-\(index)"))
      }
    }
  }

  /// The text of seeds from several sources.
  public static func text(_ groups: [(source: String, inputs: [[UInt8]])]) -> String {
    groups.filter { !$0.inputs.isEmpty }.map { group in
      "# \(group.source)\n" + group.inputs.map { ($0.isEmpty ? "-" : Hexadecimal.text($0)) + "\n" }.joined()
    }.joined()
  }
}
