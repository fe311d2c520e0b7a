// swift-tools-version: 6.1
import PackageDescription

/// Span-based readers are lifetime-checked: a view of borrowed bytes cannot outlive them.
let spans: [SwiftSetting] = [.enableExperimentalFeature("Lifetimes")]

let package = Package(
  name: "netmine",
  targets: [
    // Libraries, lowest first; `tools/check-imports` holds the same graph.
    .target(name: "Bytes", swiftSettings: spans),

    // Tests.
    .testTarget(name: "BytesTests", dependencies: ["Bytes"], swiftSettings: spans),
  ],
  swiftLanguageModes: [.v6]
)
