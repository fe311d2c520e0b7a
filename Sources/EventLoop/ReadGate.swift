/// Lets streams be read from, or holds them all: closed where what is read cannot be passed on.
///
/// A stream notices when it next has something to read, so that closing costs nothing, however many streams there are.
public final class ReadGate {
  /// Whether streams may be read from.
  public private(set) var isOpen = true

  private var held: [ByteStream] = []

  /// Creates an open gate.
  public init() {}

  /// Holds every stream from its next read on.
  public func close() { isOpen = false }

  /// Has all streams read from again.
  public func open() {
    isOpen = true
    let streams = held
    held = []
    // What one of them reads may close the gate again.
    for stream in streams { stream.release() }
  }

  func hold(_ stream: ByteStream) { held.append(stream) }
}
