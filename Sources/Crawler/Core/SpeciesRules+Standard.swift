extension SpeciesRules {
  /// The built-in rules, as a file that people can edit.
  public static let standardText = """
    # Species of nodes, by what they say and do. The first line that holds names a node.
    #
    #   NAME: CONDITION, CONDITION ...
    #
    #   agent PATTERN       the user agent; * is anything, ? any character, whatever the case
    #   services A|B        offers all of these: NETWORK, BLOOM, WITNESS, COMPACT_FILTERS, NETWORK_LIMITED, P2P_V2 ...
    #   without A|B         offers none of these
    #   version FROM-TO     the protocol version
    #   answer none|own|full    how it answers getaddr: not at all, with two addresses at most, with more

    # Observers that listen.
    crawler: agent *crawler*
    crawler: agent *seeder*
    crawler: agent *bitnodes*
    crawler: agent *snoopy*
    crawler: agent *netmine*

    # Lines of Bitcoin Core that name themselves behind its name.
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

    # Says it serves nothing, and tells nothing.
    mute: without NETWORK|NETWORK_LIMITED, answer none

    """
}
