import ArgumentParser

/// The subcommands of `netmine` that find nodes.
public enum CrawlSubcommands {
  /// `crawl` and `getaddr`.
  public static var all: [any ParsableCommand.Type] { [CrawlCommand.self, GetaddrCommand.self] }
}
