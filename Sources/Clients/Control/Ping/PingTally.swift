import BitcoinWire
import Bytes
import ControlProtocol
import LogConsumer
import LogProtocol
import Observations

/// Matches the pongs of a stream's records to pings of ours, by their nonces.
struct PingTally {
  /// A round trip.
  struct RoundTrip: Hashable {
    /// Whose.
    let connection: UInt32
    /// Which of our pings it was, from 1.
    let round: Int
    /// When the pong came, in ns since the Unix epoch.
    let time: UInt64
    /// How long it took, in ns.
    let duration: UInt64
    /// Whether it took that long or a little less, because more came with the pong.
    let isUpperBound: Bool
  }

  private struct Key: Hashable {
    let connection: UInt32
    let round: Int
  }

  /// Every round trip, in the order in which they were completed.
  private(set) var roundTrips: [RoundTrip] = []

  /// How many pings went out.
  private(set) var sentCount = 0

  /// Connections that were lost.
  private(set) var closed: Set<UInt32> = []

  private var rounds: [UInt64: Int] = [:]
  private var pending: [Key: UInt64] = [:]
  private var expected: Set<Key> = []

  /// A ping with this nonce is about to be sent to these connections.
  mutating func begin(nonce: UInt64, to connections: some Sequence<UInt32>) {
    let round = rounds.count + 1
    rounds[nonce] = round
    for connection in connections { expected.insert(Key(connection: connection, round: round)) }
  }

  /// How many answers are still to come.
  var expectedCount: Int { expected.count }

  /// Whether everybody has answered the last ping, or is gone.
  var isRoundComplete: Bool { expected.allSatisfy { $0.round < rounds.count } }

  /// Takes a record in; returns the round trip that it completes.
  mutating func note(_ record: StreamRecord) -> RoundTrip? {
    let header = record.header
    if case .event(let event) = record.content {
      if event.code.endsConnection { close(header.connection) }
      return nil
    }
    if header.flags.contains(.sent) {
      guard case .ping(let ping) = record.message, let nonce = ping.nonce, let round = rounds[nonce] else {
        return nil
      }
      pending[Key(connection: header.connection, round: round)] = header.time
      sentCount += 1
      return nil
    }
    guard case .pong(let pong) = record.message, let round = rounds[pong.nonce],
      let sent = pending.removeValue(forKey: Key(connection: header.connection, round: round))
    else { return nil }
    expected.remove(Key(connection: header.connection, round: round))
    let roundTrip = RoundTrip(
      connection: header.connection,
      round: round,
      time: header.time,
      duration: header.time > sent ? header.time - sent : 0,
      isUpperBound: header.flags.contains(.upperBound)
    )
    roundTrips.append(roundTrip)
    return roundTrip
  }

  private mutating func close(_ connection: UInt32) {
    closed.insert(connection)
    for round in 1..<(rounds.count + 1) { expected.remove(Key(connection: connection, round: round)) }
  }
}
