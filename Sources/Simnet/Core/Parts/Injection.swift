import BitcoinWire

/// Data that an observer gives to a node of a network shared by several processes.
enum Injection {
  /// A transaction.
  case transaction(Transaction)
  /// Addresses to relay.
  case addresses([KnownNode])
}
