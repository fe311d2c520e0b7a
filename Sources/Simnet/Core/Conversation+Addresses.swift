import BitcoinWire

extension Conversation {
  /// The message that tells of nodes in the form agreed upon; nil where nothing is left that it can express: the old
  /// form knows only IPv4 and IPv6.
  func tell(_ nodes: [KnownNode]) -> Message? {
    let nodes = usesAddrV2 ? nodes : nodes.filter(\.endpoint.address.hasLegacyForm)
    guard !nodes.isEmpty else { return nil }
    return usesAddrV2 ? .addrv2(AddrV2Message(nodes: nodes)) : .addr(AddrMessage(nodes: nodes))
  }
}
