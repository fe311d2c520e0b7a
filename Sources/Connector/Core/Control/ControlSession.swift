import BitcoinWire
import Bytes
import ControlProtocol
import EventLoop
import LogProtocol

/// One client's connection to the control socket.
final class ControlSession {
  unowned let connector: Connector
  unowned let server: ControlServer

  /// The messages that the client has registered, by id.
  var messages: [UInt32: [UInt8]] = [:]

  /// The id that coinscope's REGISTER gives; 0 before.
  var registration: UInt32 = 0

  private(set) var stream: ByteStream!
  private let framer = ControlFramer(versions: 0...ControlFrame.currentVersion)
  private let user: String
  private var name = ""

  /// Most bytes of replies and events that may wait for a client that does not read.
  private static let writeLimit = 64 << 20

  init(_ descriptor: Int32, from remote: SocketAddress, connector: Connector, server: ControlServer) {
    self.connector = connector
    self.server = server
    user = Socket.credentials(of: descriptor).map { "uid \($0.user) pid \($0.process)" } ?? "\(remote)"
    stream = ByteStream(descriptor, on: connector.loop, handler: self)
  }

  /// Tells the client what came of a request of its own.
  func tell(_ event: ControlEvent, about request: UInt32) { write(event.frame(id: request)) }

  func reply(_ reply: ControlReply, to request: UInt32) { write(reply.frame(id: request)) }

  func write(_ bytes: [UInt8]) {
    stream.write(bytes)
    if stream.unsentCount > Self.writeLimit { stream.close(.closed("client does not read")) }
  }

  func closeAfterReplies() { stream.closeAfterWriting("connector shuts down") }

  func greeted(as name: String) { self.name = name }

  /// Publishes a command: who, which request, what.
  func publish(_ command: String, request: UInt32?) {
    let who = name.isEmpty ? user : "\(EscapedText.utf8(Array(name.utf8))) \(user)"
    let number = request.map { " request \($0)" } ?? ""
    connector.publisher.publish(.control, text: "\(who)\(number): \(command)")
  }
}

extension ControlSession: ByteStreamHandler {
  func stream(_ stream: ByteStream, received slice: ChunkSlice, at time: UInt64) -> Int {
    let bytes = slice.bytes
    var offset = 0
    stream.expectedCount = 0
    do throws(WireError) {
      while stream.isOpen, offset < bytes.count {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
        guard case .frame(let frame) = try next(rest) else { break }
        handle(frame, UnsafeRawBufferPointer(rebasing: rest[frame.payload]))
        offset += frame.count
      }
    } catch {
      // Where frames begin is no longer known.
      let sentence = "malformed frame: \(error)"
      publish(sentence, request: nil)
      reply(.failure(ControlFailure(.badRequest, sentence)), to: 0)
      stream.closeAfterWriting(sentence)
    }
    return stream.isOpen ? offset : 0
  }

  func stream(_ stream: ByteStream, closedFor reason: CloseReason) { server.removed(self) }

  private func next(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> ControlFramer.Piece {
    let piece = try framer.first(in: bytes)
    if case .needsMore(let count) = piece { stream.expectedCount = count }
    return piece
  }

  private func handle(_ frame: ControlFrame, _ payload: UnsafeRawBufferPointer) {
    switch frame.version {
    case 0: handleCoinscope(type: frame.type, payload.bytes)
    case ControlFrame.currentVersion: handleNative(type: frame.type, payload.bytes)
    default:
      let sentence = "version \(frame.version) of the control protocol is not served; versions 0 and 2 are"
      reply(.failure(ControlFailure(.unsupportedVersion, sentence)), to: 0)
      stream.closeAfterWriting(sentence)
    }
  }
}
