import Bytes
import Foundation
import LogFiles
import LogProtocol
import Observations

/// The contents of an archive by source instance, record by record in the order in which they were written.
/// It does not use the archiver's own accounting.
struct ArchiveAccount {
  /// The contents of one instance.
  struct Instance {
    /// The kind of program.
    var kind: String
    /// The last sequence number that a record or a gap record accounts for.
    var last: UInt64 = 0
    /// Numbered records, without duplicates.
    var archived: UInt64 = 0
    /// Records of a load source with the right content.
    var loadCount: UInt64 = 0
    /// The number in the last of these records.
    var lastNumber: UInt64 = 0
    /// Records that gap records account for, by the gap's cause.
    var gapped: [Gap.Cause: UInt64] = [:]
    /// Duplicate records.
    var duplicates: UInt64 = 0
    /// Records that are missing without a gap record.
    var unexplained: UInt64 = 0
    /// Records with wrong content.
    var wrong: UInt64 = 0
    /// The log server's records about the end of the source: the last sequence number it had, and whether the
    /// source said goodbye.
    var left: [(last: UInt64, saidGoodbye: Bool)] = []

    /// All records that gap records account for.
    var gappedCount: UInt64 { gapped.values.reduce(0, +) }
  }

  /// The instances by their random numbers.
  private(set) var instances: [UInt64: Instance] = [:]

  /// Records of all kinds.
  private(set) var recordCount: UInt64 = 0

  /// Bytes of the files.
  private(set) var byteCount: UInt64 = 0

  /// Segments read.
  private(set) var segmentCount = 0

  /// Errors in the archive itself: damage, a torn end, a wrong rotation mark.
  private(set) var damages: [String] = []

  /// Torn tails left by a killed archiver and cut off by the next one. Their records were never acknowledged.
  private(set) var tornTails = 0

  private var ids: [UInt32: UInt64] = [:]
  private var contents: [UInt64: LoadRecord] = [:]

  /// Reads all segments of a folder.
  init(folder: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasPrefix("verbatim.log")
    }
    tornTails = names.count { $0.contains(".torn-") }
    let closed = names.filter { name in
      name != "verbatim.log" && ![".torn-", ".index", ".partial"].contains { name.contains($0) }
    }
    // A segment and its compressed copy are the same, so read only one.
    let distinct = closed.filter { !closed.contains($0 + ".zst") }
    let open = names.contains("verbatim.log") ? ["verbatim.log"] : []
    for name in LogFiles.chronological((distinct + open).map { folder + $0 }) { try read(name) }
    contents.values.forEach { $0.deallocate() }
    contents = [:]
  }

  private mutating func read(_ path: String) throws {
    segmentCount += 1
    let file = try LogFile(path)
    while let piece = try file.next() {
      switch piece {
      case .damage(let damage): damages.append("\(damage)")
      case .record(let record): note(record.header, record.body, path)
      }
    }
    byteCount += file.progress.read
  }

  private mutating func note(_ header: RecordHeader, _ body: UnsafeRawBufferPointer, _ path: String) {
    recordCount += 1
    let meta = header.type == .meta ? try? MetaBody(body.bytes) : nil
    switch meta {
    case .sourceJoined(let source, let description):
      ids[source] = description.instance
      instances[description.instance, default: Instance(kind: description.kind)].kind = description.kind
    case .sourceLeft(let source, let saidGoodbye, let last, _):
      if let instance = ids[source] { instances[instance]?.left.append((last, saidGoodbye)) }
    case .rotation(let mark):
      for position in mark.positions {
        let known = instances[position.instance]?.last ?? 0
        if position.sequence != known {
          damages.append(
            "\(path): the rotation mark says that the archive has source \(position.source) up to "
              + "\(position.sequence); it has it up to \(known)"
          )
        }
        ids[position.source] = position.instance
        if instances[position.instance] == nil { instances[position.instance] = Instance(kind: "unknown") }
      }
    case .gap(let gap): note(gap, of: gap.source == 0 ? header.source : gap.source, path)
    case .openConnection, .clock, nil: break
    }
    if header.sequence > 0 { noteNumbered(header, body, path) }
  }

  private mutating func note(_ gap: Gap, of source: UInt32, _ path: String) {
    guard let instance = ids[source] else {
      damages.append("\(path): a gap of source \(source), which never joined")
      return
    }
    let last = instances[instance]!.last
    if gap.sequences.lowerBound != last + 1 || gap.count != UInt64(gap.sequences.count) {
      damages.append(
        "\(path): a gap from \(gap.sequences.lowerBound) to \(gap.sequences.upperBound), \(gap.count) records, of "
          + "source \(source), but the archive has everything up to \(last)"
      )
    }
    instances[instance]!.gapped[gap.cause, default: 0] += gap.count
    instances[instance]!.last = max(last, gap.sequences.upperBound)
  }

  private mutating func noteNumbered(
    _ header: RecordHeader,
    _ body: UnsafeRawBufferPointer,
    _ path: String
  ) {
    guard let id = ids[header.source] else {
      damages.append("\(path): a record of source \(header.source), which never joined")
      return
    }
    // Move the instance out and back: it is faster than many accesses to the dictionary, for millions of
    // records.
    var instance = instances.removeValue(forKey: id)!
    defer { instances[id] = instance }
    guard header.sequence > instance.last else {
      instance.duplicates += 1
      return
    }
    instance.unexplained += header.sequence - instance.last - 1
    instance.last = header.sequence
    instance.archived += 1
    guard instance.kind == "load", header.type != .meta else { return }
    if contents[id] == nil { contents[id] = LoadRecord(instance: id) }
    guard header.type == .debug, let number = contents[id]!.number(of: body), number > instance.lastNumber
    else {
      instance.wrong += 1
      return
    }
    instance.loadCount += 1
    instance.lastNumber = number
  }
}
