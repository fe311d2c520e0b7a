import ConnectorCore

@main
enum ConnectorMain {
  static func main() { ConnectorProgram.main() }
}
