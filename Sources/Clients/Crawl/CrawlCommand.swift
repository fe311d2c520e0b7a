import ArgumentParser

/// `netmine crawl`: finds all reachable nodes.
struct CrawlCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crawl",
    abstract: "Find all reachable nodes of the network, and store them in the node database.",
    discussion: """
      netmine crawl is short for netmine crawl run; see netmine crawl run --help. Use netmine nodes-db to \
      query the node database.
      """,
    subcommands: [CrawlRunCommand.self, CrawlStatusCommand.self],
    defaultSubcommand: CrawlRunCommand.self
  )
}
