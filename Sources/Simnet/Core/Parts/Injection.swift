import BitcoinWire

/// What an observer gives to a node of a network that several processes share.
enum Injection {
  /// A transaction.
  case transaction(Transaction)
  /// Addresses that are told on.
  case addresses([KnownNode])
}
