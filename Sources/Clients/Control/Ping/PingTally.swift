import BitcoinWire
import Bytes
import ControlProtocol
import LogConsumer
import LogProtocol
import Observations

/// Matches pongs in a stream's records to our pings by their nonces.
struct PingTally {
  /// A ping and its pong.
  struct RoundTrip: Hashable {
    /// The connection's id.
    let connection: UInt32
    /// The number of the ping, from 1.
    let round: Int
    /// Time of receipt of the pong, in ns since the Unix epoch.
    let time: UInt64
    /// Time from ping to pong, in ns.
    let duration: UInt64
    /// Whether `duration` is an upper bound, because more bytes arrived together with the pong.
    let isUpperBound: Bool
  }

  private struct Key: Hashable {
    let connection: UInt32
    let round: Int
  }

  /// All round trips, in the order in which they completed.
  private(set) var roundTrips: [RoundTrip] = []

  /// The number of pings sent.
  private(set) var sentCount = 0

  /// Connections that closed.
  private(set) var closed: Set<UInt32> = []

  private var rounds: [UInt64: Int] = [:]
  private var pending: [Key: UInt64] = [:]
  private var expected: Set<Key> = []

  /// Expects pongs with a nonce from these connections. Call it before sending the ping.
  mutating func begin(nonce: UInt64, to connections: some Sequence<UInt32>) {
    let round = rounds.count + 1
    rounds[nonce] = round
    for connection in connections { expected.insert(Key(connection: connection, round: round)) }
  }

  /// The number of pongs still expected.
  var expectedCount: Int { expected.count }

  /// Whether every connection has answered the latest ping or closed.
  var isRoundComplete: Bool { expected.allSatisfy { $0.round < rounds.count } }

  /// Handles a record; returns the round trip if the record completes one.
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
