import Daemon

@main
enum NetmineMain {
  static func main() { NetmineCommand.runAsProgram() }
}
