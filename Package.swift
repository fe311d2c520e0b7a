// swift-tools-version: 6.1
import PackageDescription

/// Span-based readers are lifetime-checked: a view of borrowed bytes cannot outlive them.
let spans: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

/// SHA-256, by way of BoringSSL.
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

/// What runs an independent implementation of the protocol, next to the tests that compare with it.
let python = ["crosscheck.py"]

let package = Package(
  name: "netmine",
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2")
  ],
  targets: [
    // C libraries.
    .systemLibrary(name: "CLibEV", providers: [.apt(["libev-dev"])]),

    // Libraries, lowest first; `tools/check-imports` holds the same graph.
    .target(name: "Bytes", swiftSettings: spans),
    .target(name: "EventLoop", dependencies: ["CLibEV", "Bytes"], swiftSettings: spans),
    .target(name: "BitcoinWire", dependencies: ["Bytes", crypto], swiftSettings: spans),
    .target(name: "LogProtocol", dependencies: ["Bytes", "EventLoop", "BitcoinWire"], swiftSettings: spans),

    // Tests.
    .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: spans),
    .testTarget(name: "EventLoopTests", dependencies: ["EventLoop"], swiftSettings: spans),
    .testTarget(name: "LogProtocolTests", dependencies: ["LogProtocol"], swiftSettings: spans),
    .testTarget(name: "BitcoinWireTests", dependencies: ["BitcoinWire"], exclude: python),
  ],
  swiftLanguageModes: [.v6]
)
