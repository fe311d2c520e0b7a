import Foundation
import FuzzTargets

/// LLVM's fuzzer, linked in by `-sanitize=fuzzer`. It parses its own arguments, calls `body` with one input
/// after another, and returns its result as an exit status.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The command line of the fuzzer; `tools/fuzz/run` builds and runs it.
///
///     fuzzer                                      prints the target names
///     fuzzer --unpack SEEDS FOLDER                writes each target's seeds to FOLDER/TARGET, one a file
///     fuzzer TARGET [-OPTION=VALUE…] [FOLDER…]    runs libFuzzer; given files instead of folders, runs these
@main struct Fuzzer {
  /// The target to run. It is global because libFuzzer calls a C function, which cannot capture it.
  nonisolated(unsafe) private static var target = FuzzTarget.all[0]

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 1 else {
      for target in FuzzTarget.all { print(target.name) }
      return
    }
    if arguments[1] == "--unpack", arguments.count == 4 {
      try Seeds.unpack(arguments[2], into: arguments[3])
      return
    }
    guard let target = FuzzTarget(named: arguments[1]) else {
      FileHandle.standardError.write(
        Data("fuzzer: no target is called \(arguments[1]); without arguments it names them\n".utf8)
      )
      exit(2)
    }
    Self.target = target
    run(Array(arguments[2...]))
  }

  private static func run(_ options: [String]) -> Never {
    let all = [CommandLine.arguments[0], "-max_len=\(target.maximumLength)"] + options
    let copies: [UnsafeMutablePointer<CChar>?] = all.map { strdup($0) } + [nil]
    let buffer = UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: copies.count)
    _ = buffer.initialize(from: copies)
    var count = CInt(all.count)
    var arguments = buffer.baseAddress!
    exit(
      runFuzzer(&count, &arguments) { data, size in
        do throws(Finding) {
          try Fuzzer.target.run(UnsafeRawBufferPointer(start: data, count: size).bytes)
        } catch {
          fatalError("finding: \(error)")
        }
        return 0
      }
    )
  }
}
