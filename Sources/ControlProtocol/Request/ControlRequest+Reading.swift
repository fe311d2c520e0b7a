import Bytes

extension ControlRequest {
  /// Reads the payload of a frame of version 2 or 3. Returns the request's id (0 if it cannot be read) and
  /// the request, or the failure for the client.
  public static func read(
    type: UInt8,
    payload: RawSpan
  ) -> (id: UInt32, request: Result<ControlRequest, ControlFailure>) {
    var reader = ByteReader(payload)
    var identifier: UInt32 = 0
    do throws(WireError) {
      identifier = try reader.big("request id")
      guard let request = try ControlRequest(type: type, &reader) else {
        let sentence = "This version knows no request of type \(type)."
        return (identifier, .failure(ControlFailure(.unknownRequest, sentence)))
      }
      try reader.finish("request")
      return (identifier, .success(request))
    } catch {
      return (identifier, .failure(ControlFailure(.badRequest, "The request is malformed: \(error).")))
    }
  }

  /// Reads the fields after the request's id; nil if no request has this type.
  @_lifetime(reader: copy reader)
  private init?(type: UInt8, _ reader: inout ByteReader) throws(WireError) {
    switch type {
    case 0x10:
      let lowest = try reader.big(UInt8.self, "lowest version")
      let highest = try reader.big(UInt8.self, "highest version")
      guard lowest <= highest else {
        throw WireError(
          .invalid("is \(highest), less than the lowest"),
          field: "highest version",
          offset: reader.offset - 1
        )
      }
      self = .hello(versions: lowest...highest, client: try reader.text("client name"))
    case 0x11: self = .registerMessage(try reader.array(reader.remaining, "message"))
    case 0x12: self = .listMessages
    case 0x13: self = .forgetMessage(try reader.big("message id"))
    case 0x14:
      let count = try reader.elementCount(size: ConnectTarget.minimumSize, "connect targets")
      var targets: [ConnectTarget] = []
      targets.reserveCapacity(count)
      for _ in 0..<count { targets.append(try ConnectTarget(&reader)) }
      self = .connect(targets)
    case 0x15: self = .disconnect(try ControlTarget(&reader))
    case 0x16: self = .send(try SendRequest(&reader))
    case 0x17:
      let after = try reader.big(UInt32.self, "after")
      let limit = try reader.big(UInt32.self, "limit")
      let target = reader.remaining > 0 ? try ControlTarget(&reader) : .all
      self = .listConnections(after: after, limit: limit, of: target)
    case 0x18: self = .statistics
    case 0x19: self = .reload
    case 0x1a: self = .shutDown
    default: return nil
    }
  }
}
