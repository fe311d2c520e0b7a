import Daemon
import LogServerCore

@main
enum LogServerMain {
  static func main() { LogServerProgram.runAsProgram() }
}
