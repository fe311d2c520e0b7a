import ArgumentParser
import Commands
import LogConsumer
import LogOptions
import LogProtocol
import LogText

/// `netmine log slice`: cuts records out into a file of their own.
struct SliceCommand: LogToolCommand {
  static let configuration = CommandConfiguration(
    commandName: "slice",
    abstract:
      "Cut records out, by time, connection, command and more, into a native file that can be read alone.",
    discussion: """
      For example: netmine log slice --since 2026-01-31T12:00Z --until 2026-01-31T12:05Z -o noon.log verbatim.log

      The file begins with the sources and the open connections; every connection is introduced before the \
      records about it. Sequence numbers are missing in a slice: check it with `netmine log check \
      --partial`.
      """
  )

  @OptionGroup(title: "Which records") var records: RecordFilterOptions
  @OptionGroup(title: "Output file") var target: ByteOutputOptions
  @OptionGroup var input: LogFileOptions

  var isJSON: Bool { false }

  func execute(_ environment: ClientEnvironment) throws(ClientFailure) -> ExitStatus {
    let output = try target.open(environment.output)
    let filter = records.filter
    var writer = NativeLogWriter { open, connection in
      let connections = filter.subscription.connections
      return (connections.isEmpty || connections.contains(connection)) && filter.wants(open)
    }
    let reading = LogReading(input, environment.output, for: records.filter)
    var count = 0
    var time = filter.start
    try reading.forEach { record, stored, isWanted throws(ClientFailure) in
      time = max(time, record.header.time)
      guard isWanted else {
        writer.skip(record)
        return true
      }
      count += 1
      writer.append(record, stored, to: &output.bytes)
      return try output.flushIfMuch()
    }
    writer.begin(at: time, &output.bytes)
    try output.finish()
    environment.output.note("\(Quantity.counted(count, "record"))")
    return reading.status
  }
}
