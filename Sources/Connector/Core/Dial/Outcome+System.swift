import BitcoinWire
import Bytes
import EventLoop
import Glibc
import Observations

extension Outcome {
  /// The outcome of a direct connection that fails with a system error.
  init(_ error: IOError) {
    let code = Code(error)
    self.init(code, errorNumber: UInt32(clamping: error.code), code == .failed ? .call(error.call) : .none)
  }

  /// The outcome of a connect through a proxy that fails with a system error.
  ///
  /// - Parameter proxy: the proxy's endpoint.
  init(_ error: IOError, at proxy: Endpoint) {
    switch Code(error) {
    case .outOfDescriptors, .outOfPorts: self.init(error)
    default:
      self.init(.proxy, errorNumber: UInt32(clamping: error.code), .proxy(.unreachable(proxy)))
    }
  }

  /// The outcome of a connection whose stream the peer or the system closed.
  ///
  /// - Parameter hasVersion: whether the peer's `version` was received.
  init(_ reason: CloseReason, hasVersion: Bool) {
    switch reason {
    case .endOfStream: self.init(hasVersion ? .closedByPeer : .closedBeforeVersion)
    case .readFailed(let error), .writeFailed(let error):
      self.init(error)
      if code == .reset, !hasVersion, case .readFailed = reason { detail = .beforeVersion }
    case .closed: self.init(.failed)
    }
  }

  /// The outcome of a connect whose proxy closed the stream before the peer was connected.
  init(ofProxy reason: CloseReason) {
    switch reason {
    case .endOfStream, .closed: self.init(.proxy, .proxy(.closed))
    case .readFailed(let error), .writeFailed(let error):
      self.init(.proxy, errorNumber: UInt32(clamping: error.code), .proxy(.closed))
    }
  }

  /// The outcome of a connection that received bytes that are not a message of the network.
  init(_ violation: Framer.Violation) {
    switch violation {
    case .wrongMagic(let found, let expected):
      self.init(.wrongMagic, .magic(found: found, expected: expected))
    case .oversized(let header, let maximum):
      let detail = Detail.oversized(
        header.command,
        length: header.length,
        maximum: UInt32(clamping: maximum)
      )
      self.init(.protocolError, detail)
    }
  }

  /// The outcome of a limit that was reached.
  init(_ code: Code, _ limit: Limit, value: Int, bound: Int) {
    self.init(code, .limit(limit, value: Int64(value), bound: Int64(bound)))
  }

  /// The outcome of a time-out.
  init(_ code: Code, after seconds: Double) { self.init(code, .timeout(Connector.nanoseconds(seconds))) }
}

extension Outcome.Code {
  fileprivate init(_ error: IOError) {
    switch error.code {
    case ECONNREFUSED: self = .refused
    case ETIMEDOUT: self = .timedOut
    case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, EACCES, EPERM, EAFNOSUPPORT: self = .unreachable
    case ECONNRESET, EPIPE: self = .reset
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: self = .outOfDescriptors
    // bind(2) fails with it if the address is not ours.
    case EADDRNOTAVAIL where error.call == .bind: self = .failed
    case EADDRNOTAVAIL, EADDRINUSE, EAGAIN: self = .outOfPorts
    default: self = .failed
    }
  }
}
