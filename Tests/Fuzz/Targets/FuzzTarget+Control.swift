import Bytes
import ControlProtocol

extension FuzzTarget {
  /// A frame of any version of the control protocol. A valid frame is the same after encoding and decoding
  /// again; an invalid one gets a sentence.
  static func control(_ bytes: RawSpan) throws(Finding) {
    let stream = bytes.withUnsafeBytes { Array($0) }
    let framer = ControlFramer()
    let result = stream.withUnsafeBytes { bytes in
      Result { () throws(WireError) in try framer.first(in: bytes) }
    }
    let piece: ControlFramer.Piece
    switch result {
    case .success(let found): piece = found
    case .failure(let error): return try expectLine(error.description, of: "an error")
    }
    guard case .frame(let frame) = piece else {
      guard case .needsMore(let count) = piece else { return }
      let most = ControlFrame.headerSize + framer.maximumPayloadCount
      return try expect(
        count > stream.count && count <= most,
        "\(count) bytes are asked for after \(stream.count)"
      )
    }
    try expect(frame.count <= stream.count, "a frame of \(frame.count) bytes lies within \(stream.count)")
    let payload = Array(stream[frame.payload])
    if frame.version == 0 {
      try coinscope(type: frame.type, payload)
    } else {
      try request(type: frame.type, payload)
      for version in ControlFrame.nativeVersions { try answer(version, type: frame.type, payload) }
    }
  }

  private static func request(type: UInt8, _ payload: [UInt8]) throws(Finding) {
    let (id, result) = ControlRequest.read(type: type, payload: payload.span.bytes)
    switch result {
    case .failure(let failure): try expectLine(failure.sentence, of: "a refusal")
    case .success(let request):
      let again = request.frame(id: id)
      let (sameID, same) = ControlRequest.read(type: again[5], payload: Array(again[6...]).span.bytes)
      guard case .success(request) = same else { throw Finding("\(request) is read as \(same)") }
      try expect(sameID == id, "a request keeps its id \(id)")
    }
  }

  private static func answer(_ version: UInt8, type: UInt8, _ payload: [UInt8]) throws(Finding) {
    do throws(WireError) {
      guard let answer = try ControlAnswer(version: version, type: type, payload: payload.span.bytes) else {
        return
      }
      let again =
        switch answer {
        case .reply(let id, let reply): reply.frame(id: id, version: version)
        case .event(let id, let event): event.frame(id: id, version: version)
        }
      let same = try ControlAnswer(version: version, type: again[5], payload: Array(again[6...]).span.bytes)
      // Version 2 has only a text for the reason that a connection ended.
      guard same == answer || version == 2 && same != nil else {
        throw WireError(.invalid("is another when written"), field: "answer", offset: 0)
      }
    } catch {
      try expect("\(error.field)" != "answer", "\(error)")
      try expectLine(error.description, of: "an error")
    }
  }

  private static func coinscope(type: UInt8, _ payload: [UInt8]) throws(Finding) {
    guard let request = try? CoinscopeRequest(type: type, payload: payload.span.bytes) else { return }
    let again = request.frame
    let same = try? CoinscopeRequest(type: again[5], payload: Array(again[6...]).span.bytes)
    try expect(same == request, "\(request) is read as \(String(describing: same))")
  }
}
