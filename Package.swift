// swift-tools-version: 6.1
import PackageDescription

/// Lifetime checks for span-based readers: a view of borrowed bytes cannot outlive them.
let spans: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

/// Scripts that run other implementations of the protocol, beside the tests that use them.
let python = ["crosscheck.py", "crosscheck_buidl.py", "crosscheck_core.py", "crosscheck_netmine.py"]

/// The command-line parser.
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// The programs' own log.
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

/// Dependencies of every main file, besides its library.
let command: [Target.Dependency] = ["Configuration", "Daemon", arguments]

/// Dependencies of every program.
let base: [Target.Dependency] = [
  "Bytes", "EventLoop", "Access", "BitcoinWire", "Observations", "Configuration", "Daemon", arguments,
  logging,
]

/// Dependencies of tests that run programs.
let hands: [Target.Dependency] = base + ["Wording", "LogProtocol", "ControlProtocol", "TestSupport"]

let package = Package(
  name: "netmine",
  products: [
    .library(name: "BitcoinWire", targets: ["BitcoinWire"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    // C libraries.
    .systemLibrary(name: "CLibEV", providers: [.apt(["libev-dev"])]),
    .systemLibrary(name: "CLibConfig", pkgConfig: "libconfig", providers: [.apt(["libconfig-dev"])]),
    .systemLibrary(name: "CNettle", pkgConfig: "nettle", providers: [.apt(["nettle-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CCares", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
    .systemLibrary(name: "CMaxMindDB", pkgConfig: "libmaxminddb", providers: [.apt(["libmaxminddb-dev"])]),
    .target(name: "CDaemon"),

    // Libraries, lowest first. `tools/check-imports` rejects any other import.
    .target(name: "Bytes", swiftSettings: spans),
    .target(name: "EventLoop", dependencies: ["CLibEV", "Bytes"], swiftSettings: spans),
    .target(name: "Access", dependencies: ["Bytes", "EventLoop", "CNettle"]),
    .target(name: "Names", dependencies: ["EventLoop", "CCares"]),
    .target(name: "JSON", dependencies: ["Bytes"]),
    .target(name: "Pacing"),
    .target(name: "Store", dependencies: ["Bytes", "CSQLite", "CPostgreSQL"]),
    .target(name: "Zstandard", dependencies: ["Bytes", "CZstd"]),
    .target(name: "BitcoinWire", dependencies: ["Bytes", "JSON", "CNettle"], swiftSettings: spans),
    .target(name: "Observations", dependencies: ["Bytes", "BitcoinWire"], swiftSettings: spans),
    .target(name: "Wording", dependencies: ["Bytes", "BitcoinWire", "Observations"]),
    .target(
      name: "LogProtocol",
      dependencies: [
        "Bytes", "EventLoop", "Pacing", "Access", "BitcoinWire", "Observations", "Wording", "Zstandard",
      ],
      swiftSettings: spans
    ),
    .target(
      name: "LogFiles",
      dependencies: ["Bytes", "EventLoop", "BitcoinWire", "Observations", "LogProtocol", "Zstandard"],
      swiftSettings: spans
    ),
    .target(
      name: "LogConsumer",
      dependencies: [
        "Access", "Bytes", "EventLoop", "BitcoinWire", "Observations", "LogProtocol", "LogFiles",
      ],
      swiftSettings: spans
    ),
    .target(
      name: "NodeDatabase",
      dependencies: ["BitcoinWire", "Observations", "Wording", "JSON", "Store"]
    ),
    .target(
      name: "Enrichment",
      dependencies: ["BitcoinWire", "Observations", "EventLoop", "Names", "NodeDatabase", "CMaxMindDB"]
    ),
    .target(
      name: "ControlProtocol",
      dependencies: ["Bytes", "EventLoop", "Access", "BitcoinWire", "Observations", "Wording"],
      swiftSettings: spans
    ),
    .target(
      name: "Crawler",
      dependencies: ["BitcoinWire", "Observations", "Pacing"],
      path: "Sources/Crawler/Core"
    ),
    .target(name: "Configuration", dependencies: ["Bytes", "BitcoinWire", "CLibConfig"]),
    .target(name: "Daemon", dependencies: ["Bytes", "Configuration", "CDaemon", arguments, logging]),
    .target(
      name: "LogServerCore",
      dependencies: base + ["LogProtocol"],
      path: "Sources/LogServer/Core",
      swiftSettings: spans
    ),
    .target(
      name: "ConnectorCore",
      dependencies: base + ["Pacing", "Wording", "LogProtocol", "ControlProtocol"],
      path: "Sources/Connector/Core",
      swiftSettings: spans
    ),
    .target(name: "SimnetCore", dependencies: base + ["JSON", "LogProtocol"], path: "Sources/Simnet/Core"),
    .target(
      name: "LogText",
      dependencies: [
        "Bytes", "JSON", "BitcoinWire", "Observations", "Wording", "LogProtocol", "LogFiles", "LogConsumer",
      ]
    ),
    .target(
      name: "LogOptions",
      dependencies: ["BitcoinWire", "Observations", "LogProtocol", "LogConsumer", "LogText", arguments]
    ),
    .target(
      name: "LogClientCore",
      dependencies: base + ["LogProtocol", "LogFiles", "LogConsumer", "LogText", "LogOptions", "Zstandard"],
      path: "Sources/LogClients/Core"
    ),
    .target(
      name: "Commands",
      dependencies: [
        "Access", "Bytes", "EventLoop", "JSON", "Configuration", "Daemon", "LogText", arguments,
      ],
      path: "Sources/Clients/Commands"
    ),
    .target(
      name: "Steering",
      dependencies: base + [
        "Commands", "Names", "LogProtocol", "LogConsumer", "LogOptions", "ControlProtocol",
      ],
      path: "Sources/Clients/Steering"
    ),
    .target(
      name: "ControlCommands",
      dependencies: base + [
        "Commands", "Steering", "JSON", "Names", "Wording", "LogProtocol", "LogConsumer", "LogText",
        "LogOptions", "ControlProtocol",
      ],
      path: "Sources/Clients/Control",
      swiftSettings: spans
    ),
    .target(
      name: "LogCommands",
      dependencies: base + [
        "Commands", "JSON", "Wording", "LogProtocol", "LogFiles", "LogConsumer", "LogText", "LogOptions",
        "Store",
      ],
      path: "Sources/Clients/Log",
      swiftSettings: spans
    ),
    .target(
      name: "NodesCommands",
      dependencies: base + [
        "Commands", "JSON", "Names", "LogOptions", "LogText", "Store", "NodeDatabase", "Enrichment",
      ],
      path: "Sources/Clients/Nodes"
    ),
    .target(
      name: "CrawlCommands",
      dependencies: base + [
        "Commands", "Steering", "JSON", "Names", "LogProtocol", "LogConsumer", "LogText", "LogOptions",
        "ControlProtocol", "Crawler", "NodeDatabase", "NodesCommands", "Enrichment",
      ],
      path: "Sources/Clients/Crawl"
    ),

    // Programs.
    .executableTarget(
      name: "connector",
      dependencies: ["ConnectorCore"] + command,
      path: "Sources/Connector/Main"
    ),
    .executableTarget(
      name: "netmine",
      dependencies: ["ControlCommands", "LogCommands", "CrawlCommands", "NodesCommands"] + command,
      path: "Sources/Clients/Netmine"
    ),
    .executableTarget(
      name: "logserver",
      dependencies: ["LogServerCore"] + command,
      path: "Sources/LogServer/Main"
    ),
    .executableTarget(name: "simnet", dependencies: ["SimnetCore"] + command, path: "Sources/Simnet/Main"),
    .executableTarget(
      name: "verbatim",
      dependencies: ["LogClientCore"] + command,
      path: "Sources/LogClients/Verbatim"
    ),
    .executableTarget(
      name: "console",
      dependencies: ["LogClientCore"] + command,
      path: "Sources/LogClients/Console"
    ),

    // The example of docs/extending.md. The tests build and run it.
    .executableTarget(
      name: "BlockWatch",
      dependencies: ["BitcoinWire", "Bytes", "EventLoop", "LogConsumer", "LogProtocol", "Observations"],
      path: "Examples/BlockWatch"
    ),

    // Tests.
    .testTarget(
      name: "IntegrationTests",
      dependencies: hands + [
        "Captures", "bench", "chaos", "connector", "console", "logserver", "netmine", "simnet", "verbatim",
      ],
      swiftSettings: spans
    ),
    .target(
      name: "TestSupport",
      dependencies: base + ["CSpawn", "Wording", "ControlProtocol", "LogProtocol", "Store"],
      path: "Tests/Support"
    ),
    .target(name: "CSpawn", path: "Tests/CSpawn"),
    .testTarget(
      name: "ConnectorTests",
      dependencies: hands + ["ConnectorCore", "LogServerCore"],
      swiftSettings: spans
    ),
    .testTarget(
      name: "LogServerTests",
      dependencies: hands + ["LogServerCore"],
      swiftSettings: spans
    ),
    .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: spans),
    .testTarget(name: "PacingTests", dependencies: ["Pacing"]),
    .testTarget(name: "JSONTests", dependencies: ["JSON"]),
    .testTarget(name: "ZstandardTests", dependencies: ["Bytes", "Zstandard", "TestSupport"]),
    .testTarget(name: "StoreTests", dependencies: ["Store", "TestSupport"]),
    .testTarget(name: "EventLoopTests", dependencies: ["Bytes", "EventLoop"], swiftSettings: spans),
    .testTarget(name: "NamesTests", dependencies: ["EventLoop", "Names", "TestSupport"]),
    .testTarget(
      name: "NodeDatabaseTests",
      dependencies: [
        "BitcoinWire", "Observations", "EventLoop", "NodeDatabase", "NodeDatabaseWriter", "Store",
        "TestSupport",
      ]
    ),
    .testTarget(
      name: "EnrichmentTests",
      dependencies: ["BitcoinWire", "Observations", "EventLoop", "NodeDatabase", "Enrichment", "TestSupport"]
    ),
    .executableTarget(
      name: "NodeDatabaseWriter",
      dependencies: ["BitcoinWire", "Observations", "NodeDatabase"],
      path: "Tests/NodeDatabaseWriter"
    ),
    .testTarget(
      name: "ObservationsTests",
      dependencies: ["Bytes", "BitcoinWire", "Observations", "Wording"],
      swiftSettings: spans
    ),
    .testTarget(name: "AccessTests", dependencies: ["Bytes", "EventLoop", "Access", "TestSupport"]),
    .testTarget(
      name: "LogProtocolTests",
      dependencies: hands + ["Zstandard"],
      swiftSettings: spans
    ),
    .testTarget(
      name: "LogFilesTests",
      dependencies: hands + ["LogFiles", "Zstandard"],
      swiftSettings: spans
    ),
    .testTarget(
      name: "LogConsumerTests",
      dependencies: hands + ["LogConsumer", "LogFiles", "LogServerCore", "BlockWatch"]
    ),
    .testTarget(name: "ControlProtocolTests", dependencies: hands),
    .testTarget(name: "CrawlerTests", dependencies: ["BitcoinWire", "Observations", "Crawler"]),
    .testTarget(
      name: "ClientTests",
      dependencies: hands + [
        "Commands", "Steering", "ControlCommands", "LogCommands", "CrawlCommands", "NodesCommands", "JSON",
        "LogFiles", "LogConsumer", "LogText", "LogOptions", "LogServerCore", "Crawler",
        "NodeDatabase", "Enrichment", "Store", "Zstandard", "netmine",
      ],
      exclude: ["archive_account.py"]
    ),
    .executableTarget(
      name: "bench",
      dependencies: [
        "Bytes", "BitcoinWire", "Observations", "EventLoop", "JSON", "LogProtocol", "ControlProtocol",
        "Captures",
        "Crawler", "Daemon", "NodeDatabase", "CAllocations", "CLibEV", arguments,
      ],
      path: "Tests/Bench",
      exclude: ["Crawl/crawler.py"],
      swiftSettings: spans
    ),
    .executableTarget(
      name: "chaos",
      dependencies: [
        "Bytes", "BitcoinWire", "Observations", "Daemon", "EventLoop", "JSON", "LogProtocol", "LogFiles",
        "TestSupport",
        arguments,
      ],
      path: "Tests/Chaos",
      swiftSettings: spans
    ),
    .target(
      name: "Captures",
      dependencies: ["Bytes", "BitcoinWire"],
      path: "Tests/Captures",
      swiftSettings: spans
    ),
    .target(
      name: "FuzzTargets",
      dependencies: ["Bytes", "BitcoinWire", "Observations", "ControlProtocol", "JSON"],
      path: "Tests/Fuzz/Targets"
    ),
    .target(name: "CAllocations", path: "Tests/CAllocations"),
    .testTarget(
      name: "BitcoinWireTests",
      dependencies: [
        "Bytes", "BitcoinWire", "Observations", "ControlProtocol", "JSON", "CAllocations", "Captures",
        "FuzzTargets",
        "TestSupport",
      ],
      exclude: python,
      swiftSettings: spans
    ),
    .testTarget(name: "ConfigurationTests", dependencies: ["BitcoinWire", "Configuration", "TestSupport"]),
    .testTarget(
      name: "LogClientTests",
      dependencies: hands + [
        "LogClientCore", "LogFiles", "LogConsumer", "LogText", "LogOptions", "Zstandard", "verbatim",
        "console",
      ]
    ),
    .testTarget(name: "DaemonTests", dependencies: hands + ["SampleDaemon"]),
    .testTarget(
      name: "SimnetTests",
      dependencies: hands + ["JSON", "LogFiles", "SimnetCore", "simnet"]
    ),
    .executableTarget(name: "SampleDaemon", dependencies: command, path: "Tests/SampleDaemon"),
  ],
  swiftLanguageModes: [.v6]
)

// Links only with LLVM's fuzzer, so only `tools/fuzz/run` builds it.
if Context.environment["NETMINE_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(name: "fuzzer", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Main")
  )
}
