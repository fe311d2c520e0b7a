import BitcoinWire
import Bytes
import EventLoop
import LogConsumer
import LogProtocol
import Observations

/// An example of a reader. Prints when each block was first announced, and how many peers announced the
/// previous one.
///
///     block-watch SOCKET [ARCHIVE…]    the archive's files, if given, then the log server at SOCKET, for ever
///     block-watch - ARCHIVE…           only the files
@main
final class BlockWatch: LogConsumerHandler {
  private var peers: [Hash256: Set<UInt32>] = [:]
  private var last: Hash256?
  private var isOver = false

  func consumer(_ consumer: LogConsumer, received record: StreamRecord) {
    guard !record.header.flags.contains(.sent), case .inv(let inv)? = record.message else { return }
    for item in inv.items where item.type == .block {
      if peers[item.hash] == nil {
        let count = last.flatMap { peers[$0]?.count } ?? 0
        say("\(record.header.time) \(item.hash), previous block announced by \(count) peers")
        last = item.hash
      }
      peers[item.hash, default: []].insert(record.header.connection)
    }
  }

  func consumer(_ consumer: LogConsumer, became state: LogConsumer.State) {
    if state == .ended { isOver = true }
    if case .failed(let error) = state {
      say("\(error)")
      isOver = true
    }
  }

  private func say(_ line: String) {
    do { isOver = try !DescriptorOutput.standard(Array("\(line)\n".utf8)) } catch { isOver = true }
  }

  static func main() {
    guard let socket = CommandLine.arguments.dropFirst().first else { return }
    let files = Array(CommandLine.arguments.dropFirst(2))
    let (loop, watch) = (EventLoop(), BlockWatch())
    let origin: LogConsumer.Origin =
      socket == "-"
      ? .files(files, format: nil)
      : files.isEmpty ? .live(.unix(socket), key: nil) : .archiveThenLive(files, .unix(socket), key: nil)
    var criteria = RecordCriteria()
    criteria.subscription.types = .message
    criteria.subscription.commands = [.inv]
    let consumer = LogConsumer(origin, criteria, on: loop, handler: watch)
    consumer.start()
    while !watch.isOver { loop.runOnce() }
    watch.say("\(consumer.account.missed) records missed, \(consumer.account.unreadableCount) unreadable")
  }
}
