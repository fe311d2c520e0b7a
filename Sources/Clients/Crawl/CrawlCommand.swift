import ArgumentParser

/// `netmine crawl`: finds every reachable node.
struct CrawlCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crawl",
    abstract: "Find every reachable node of the network, and keep what is found.",
    discussion: """
      netmine crawl is short for netmine crawl run; see netmine crawl run --help. What is found is kept in the database \
      of nodes, which netmine nodes-db asks.
      """,
    subcommands: [CrawlRunCommand.self, CrawlStatusCommand.self],
    defaultSubcommand: CrawlRunCommand.self
  )
}
