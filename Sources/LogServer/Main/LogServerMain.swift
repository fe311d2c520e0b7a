import LogServerCore

@main
enum LogServerMain {
  static func main() { LogServerProgram.main() }
}
