import ConnectorCore
import Daemon

@main
enum ConnectorMain {
  static func main() { ConnectorProgram.runAsProgram() }
}
