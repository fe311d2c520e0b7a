// swift-tools-version: 6.1
import PackageDescription

/// Span-based readers are lifetime-checked: a view of borrowed bytes cannot outlive them.
let spans: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

/// What runs an independent implementation of the protocol, next to the tests that compare with it.
let python = ["crosscheck.py"]

/// Every command line's parser.
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

/// What a program says of itself.
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")

/// What every main file needs besides its library.
let command: [Target.Dependency] = ["Configuration", arguments]

/// What the simulated network stands on.
let simnet: [Target.Dependency] = ["EventLoop", "BitcoinWire", "Daemon", "Bytes", arguments, logging]
/// What the clients of the log are made of.
let logClients: [Target.Dependency] = [
  "Bytes", "EventLoop", "LogProtocol", "LogText", "Configuration", "Daemon", arguments, logging,
]

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
    .target(name: "CDaemon"),

    // Libraries, lowest first; `tools/check-imports` holds the same graph.
    .target(name: "Bytes", swiftSettings: spans),
    .target(name: "EventLoop", dependencies: ["CLibEV", "Bytes"], swiftSettings: spans),
    .target(name: "JSON", dependencies: ["Bytes"]),
    .target(name: "BitcoinWire", dependencies: ["Bytes", "JSON", "CNettle"], swiftSettings: spans),
    .target(name: "LogProtocol", dependencies: ["Bytes", "EventLoop", "BitcoinWire"], swiftSettings: spans),
    .target(
      name: "ControlProtocol",
      dependencies: ["Bytes", "EventLoop", "BitcoinWire"],
      swiftSettings: spans
    ),
    .target(name: "Configuration", dependencies: ["Bytes", "CLibConfig"]),
    .target(name: "Daemon", dependencies: ["Bytes", "Configuration", "CDaemon", arguments, logging]),
    .target(
      name: "LogServerCore",
      dependencies: ["LogProtocol", "EventLoop", "Daemon", logging],
      path: "Sources/LogServer/Core",
      swiftSettings: spans
    ),
    .target(
      name: "ConnectorCore",
      dependencies: ["LogProtocol", "ControlProtocol", "BitcoinWire", "EventLoop", "Daemon", logging],
      path: "Sources/Connector/Core",
      swiftSettings: spans
    ),
    .target(name: "SimnetCore", dependencies: simnet, path: "Sources/Simnet/Core"),
    .target(name: "LogText", dependencies: ["Bytes", "JSON", "BitcoinWire", "LogProtocol", arguments]),
    .target(name: "LogClientCore", dependencies: logClients, path: "Sources/LogClients/Core"),
    .target(
      name: "ClientCore",
      dependencies: ["JSON", "LogProtocol", "LogText", "ControlProtocol", "Daemon", arguments],
      path: "Sources/Clients/Core",
      swiftSettings: spans
    ),

    // Programs.
    .executableTarget(name: "connector", dependencies: ["ConnectorCore"], path: "Sources/Connector/Main"),
    .executableTarget(name: "netmine", dependencies: ["ClientCore"], path: "Sources/Clients/Netmine"),
    .executableTarget(name: "logserver", dependencies: ["LogServerCore"], path: "Sources/LogServer/Main"),
    .executableTarget(name: "simnet", dependencies: ["SimnetCore"] + command, path: "Sources/Simnet/Main"),
    .executableTarget(name: "verbatim", dependencies: ["LogClientCore"], path: "Sources/LogClients/Verbatim"),
    .executableTarget(name: "console", dependencies: ["LogClientCore"], path: "Sources/LogClients/Console"),

    // Tests.
    .testTarget(
      name: "IntegrationTests",
      dependencies: ["TestSupport", "connector", "console", "logserver", "netmine", "simnet", "verbatim"],
      swiftSettings: spans
    ),
    .target(name: "TestSupport", dependencies: ["ControlProtocol", "LogProtocol"], path: "Tests/Support"),
    .testTarget(
      name: "ConnectorTests",
      dependencies: ["ConnectorCore", "LogServerCore", "TestSupport"],
      swiftSettings: spans
    ),
    .testTarget(
      name: "LogServerTests",
      dependencies: ["LogServerCore", "TestSupport"],
      swiftSettings: spans
    ),
    .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: spans),
    .testTarget(name: "JSONTests", dependencies: ["JSON"]),
    .testTarget(name: "EventLoopTests", dependencies: ["EventLoop"], swiftSettings: spans),
    .testTarget(
      name: "LogProtocolTests",
      dependencies: ["LogProtocol", "TestSupport"],
      swiftSettings: spans
    ),
    .testTarget(name: "ControlProtocolTests", dependencies: ["ControlProtocol", "TestSupport"]),
    .testTarget(
      name: "ClientTests",
      dependencies: ["ClientCore", "LogServerCore", "TestSupport", "netmine"]
    ),
    .executableTarget(
      name: "bench",
      dependencies: ["BitcoinWire", "JSON", "Captures", "CAllocations", arguments],
      path: "Tests/Bench",
      swiftSettings: spans
    ),
    .target(name: "Captures", dependencies: ["Bytes"], path: "Tests/Captures", swiftSettings: spans),
    .target(name: "CAllocations", path: "Tests/CAllocations"),
    .testTarget(
      name: "BitcoinWireTests",
      dependencies: ["BitcoinWire", "JSON", "CAllocations", "Captures"],
      exclude: python,
      swiftSettings: spans
    ),
    .testTarget(name: "ConfigurationTests", dependencies: ["Configuration", "TestSupport"]),
    .testTarget(
      name: "LogClientTests",
      dependencies: ["LogClientCore", "TestSupport", "verbatim", "console"]
    ),
    .testTarget(name: "DaemonTests", dependencies: ["Daemon", "TestSupport", "SampleDaemon"]),
    .testTarget(name: "SimnetTests", dependencies: simnet + ["SimnetCore", "simnet"]),
    .executableTarget(name: "SampleDaemon", dependencies: ["Daemon"], path: "Tests/SampleDaemon"),
  ],
  swiftLanguageModes: [.v6]
)
