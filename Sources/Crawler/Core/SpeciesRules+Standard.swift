extension SpeciesRules {
  /// The built-in rules, as a text that the operator can edit.
  public static let standardText = """
    # Species of nodes. The first line whose conditions all hold gives a node its species.
    #
    #   NAME: CONDITION, CONDITION ...
    #
    #   agent PATTERN       the user agent; * matches any text, ? any character, case is ignored
    #   services A|B        offers all of these: NETWORK, BLOOM, WITNESS, COMPACT_FILTERS, NETWORK_LIMITED, P2P_V2 ...
    #   without A|B         offers none of these
    #   version FROM-TO     the protocol version, both bounds included
    #   answer none|own|full    how it answers getaddr: not at all, with two addresses at most, with more

    # Observers that listen.
    crawler: agent *crawler*
    crawler: agent *seeder*
    crawler: agent *bitnodes*
    crawler: agent *snoopy*
    crawler: agent *netmine*

    # Variants of Bitcoin Core that append a name of their own.
    Knots: agent /Satoshi:*Knots:*
    Bitcoin Core, modified: agent /Satoshi:*/*/
    TRB: agent /therealbitcoin*
    TRB: agent /Satoshi:*99999*
    TRB: agent /Satoshi:0.5.*
    Bitcoin Core: agent /Satoshi:*

    btcd: agent *btcd:*
    Utreexo: agent *utreexo*
    bcoin: agent /bcoin:*
    libbitcoin: agent /libbitcoin*
    gocoin: agent /Gocoin:*
    Floresta: agent *Floresta*
    Bitcoin ABC and other chains: agent /Bitcoin?ABC*
    Bitcoin ABC and other chains: agent /BCH*
    Bitcoin Unlimited: agent /BitcoinUnlimited*
    Bitcoin Unlimited: agent /BUCash*
    Bitcoin XT and Classic: agent /Bitcoin?XT*
    Bitcoin XT and Classic: agent /Classic:*

    # Wallets.
    wallet: agent *bitcoinj:*
    wallet: agent *breadwallet*
    wallet: agent *Neutrino*
    wallet: agent *Wasabi*
    wallet: agent *electrum*
    wallet: agent *bitcoinkit*

    # Nodes that offer no blocks and do not answer getaddr.
    mute: without NETWORK|NETWORK_LIMITED, answer none

    """
}
