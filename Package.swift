// swift-tools-version: 6.1
import PackageDescription

/// Span-based readers are lifetime-checked: a view of borrowed bytes cannot outlive them.
let spans: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

let package = Package(
  name: "netmine",
  targets: [
    // C libraries.
    .systemLibrary(name: "CLibEV", providers: [.apt(["libev-dev"])]),

    // Libraries, lowest first; `tools/check-imports` holds the same graph.
    .target(name: "Bytes", swiftSettings: spans),
    .target(name: "EventLoop", dependencies: ["CLibEV", "Bytes"], swiftSettings: spans),

    // Tests.
    .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: spans),
    .testTarget(name: "EventLoopTests", dependencies: ["EventLoop"], swiftSettings: spans),
  ],
  swiftLanguageModes: [.v6]
)
