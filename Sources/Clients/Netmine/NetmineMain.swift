import ClientCore

@main
enum NetmineMain {
  static func main() { NetmineCommand.main() }
}
