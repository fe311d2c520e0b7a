import BitcoinWire
import Bytes

/// A part of the library that is given a stranger's bytes, and what it promises whatever they are.
///
/// What traps, reads outside its bytes or takes memory for nothing is found by who runs it.
public struct FuzzTarget: Sendable {
  /// What it is called on a command line; that of a message is its command.
  public let name: String

  /// The longest input worth trying, in bytes: longer ones cost speed and reach nothing else.
  public let maximumLength: Int

  /// The command whose payload is tried; nil where it is something else.
  public let command: Command?

  /// Inputs to begin with besides those in `Tests/Fuzz/Seeds`: of a message, its samples that are no longer than
  /// `maximumLength`.
  public let seeds: [[UInt8]]

  /// Tries one input; throws where a promise does not hold.
  public let run: @Sendable (RawSpan) throws(Finding) -> Void

  /// Tries one input; throws where a promise does not hold.
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

  /// Every target: what is not a message first, then the messages in the order of their table.
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

  /// The target that tries a message's payload.
  public init(_ kind: MessageKind) {
    self.init(
      kind.command.description,
      maximumLength: 1024,
      command: kind.command,
      seeds: kind.samples.map(\.payload)
    ) { (bytes: RawSpan) throws(Finding) in try Self.message(kind.command, kind, bytes) }
  }

  /// The target of this name; nil where there is none.
  public init?(named name: String) {
    guard let target = Self.all.first(where: { $0.name == name }) else { return nil }
    self = target
  }
}
