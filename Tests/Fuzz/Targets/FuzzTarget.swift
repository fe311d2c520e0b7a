import BitcoinWire
import Bytes

/// A part of the library that reads untrusted bytes, and its promises for any input.
///
/// The caller detects traps, reads out of bounds and excessive memory.
public struct FuzzTarget: Sendable {
  /// The name on a command line; for a message, its command.
  public let name: String

  /// The longest useful input in bytes: longer inputs cost speed and reach no other code.
  public let maximumLength: Int

  /// The command of the payload under test; nil for other targets.
  public let command: Command?

  /// Seeds besides those in `Tests/Fuzz/Seeds`: a message's samples of up to `maximumLength` bytes.
  public let seeds: [[UInt8]]

  /// Runs one input; throws if a promise is broken.
  public let run: @Sendable (RawSpan) throws(Finding) -> Void

  /// Runs one input; throws if a promise is broken.
  public func run(_ bytes: [UInt8]) throws(Finding) { try run(bytes.span.bytes) }

  private init(
    _ name: String,
    maximumLength: Int,
    command: Command? = nil,
    seeds: [[UInt8]] = [],
    _ run: @escaping @Sendable (RawSpan) throws(Finding) -> Void
  ) {
    self.name = name
    self.maximumLength = maximumLength
    self.command = command
    self.seeds = seeds.filter { $0.count <= maximumLength }
    self.run = run
  }

  /// Every target: first those that are not messages, then the messages in registry order.
  public static let all: [FuzzTarget] =
    [
      FuzzTarget("framer", maximumLength: 512, framer),
      FuzzTarget("command", maximumLength: 256, command),
      FuzzTarget("address", maximumLength: 544, address),
      FuzzTarget("text", maximumLength: 128, text),
      FuzzTarget("escape", maximumLength: 256, escape),
      FuzzTarget("control", maximumLength: 512, control),
    ]
    + MessageKind.all.map(FuzzTarget.init)

  /// The target for a message's payload.
  public init(_ kind: MessageKind) {
    self.init(
      kind.command.description,
      maximumLength: 1024,
      command: kind.command,
      seeds: kind.samples.map(\.payload)
    ) { (bytes: RawSpan) throws(Finding) in try Self.message(kind.command, kind, bytes) }
  }

  /// The target with this name; nil if there is none.
  public init?(named name: String) {
    guard let target = Self.all.first(where: { $0.name == name }) else { return nil }
    self = target
  }
}
