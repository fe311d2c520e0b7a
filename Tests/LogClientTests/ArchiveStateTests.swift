import Bytes
import Configuration
import LogText
import Testing

@testable import LogClientCore

/// The archiver's decisions, tested without files, sockets or a clock.
@Suite struct ArchiveStateTests {
  typealias Action = ArchiveState.Action

  static func settings(_ text: String = "") throws -> Configuration.Verbatim {
    try Configuration(text: "verbatim: { \(text) };", file: "test.cfg").verbatim
  }

  static func state(_ text: String = "") throws -> ArchiveState {
    ArchiveState(try settings(text), limits: ArchiveState.Limits(), at: 0)
  }

  static let second: UInt64 = 1_000_000_000
  let second = Self.second
  let error = ArchiveError.system(IOError("write", code: 28))
  let few = ArchiveWriter.Figures(queuedCount: 100, fileSize: 1000, hasRecords: true)
  let none = ArchiveWriter.Figures(fileSize: 1000, hasRecords: true)

  @Test func writesAtTheEndOfABatchOrAtOnceIfThatIsMuch() throws {
    var state = try Self.state()
    #expect(state.received(few) == [])
    #expect(state.deadline == 0)
    #expect(state.tick(at: 1) == [.write])
    #expect(state.deadline > 1)
    #expect(state.received(ArchiveWriter.Figures(queuedCount: 1 << 20)) == [.write])
  }

  @Test func acknowledgesWhatIsWrittenAfterALookAtTheFile() throws {
    var state = try Self.state("fsync = \"none\";")
    #expect(state.wrote([7: 1], none, at: 0) == [])
    #expect(state.wrote([7: 3, 8: 2], none, at: 1) == [])
    #expect(state.deadline == second / 20)
    #expect(state.tick(at: second / 20 - 1) == [])
    #expect(state.tick(at: second / 20) == [.look])
    #expect(state.found(.whole, none, at: second / 20) == [.acknowledge([7: 3, 8: 2])])
    #expect(state.found(.whole, none, at: second / 20) == [])
    // A large amount is acknowledged without delay.
    #expect(state.wrote([7: 9], ArchiveWriter.Figures(byteCount: 1 << 20), at: second) == [])
    #expect(state.deadline == second)
  }

  @Test func acknowledgesWhatTheDiskHas() throws {
    var state = try Self.state("fsync = \"batch\";")
    #expect(state.wrote([7: 1], none, at: 0) == [.synchronise])
    #expect(state.wrote([7: 2], none, at: 0) == [])
    #expect(state.synchronised(nil, none, at: second) == [.synchronise])
    #expect(state.tick(at: 2 * second) == [.look])
    #expect(state.found(.whole, none, at: 2 * second) == [.acknowledge([7: 1])])
    #expect(!state.isSynchronised)
    #expect(state.synchronised(nil, none, at: 2 * second) == [])
    #expect(state.isSynchronised)
  }

  @Test func asksTheDiskOnceAnInterval() throws {
    var state = try Self.state("fsync = \"interval\"; fsync_interval = 0.5;")
    #expect(state.wrote([7: 1], none, at: 0) == [])
    #expect(state.wrote([7: 2], none, at: second / 4) == [])
    #expect(state.deadline == second / 2)
    #expect(state.tick(at: second / 2) == [.synchronise])
    #expect(state.wrote([7: 3], none, at: second / 2) == [])
    #expect(state.synchronised(nil, none, at: second / 2) == [])
    #expect(state.tick(at: second) == [.synchronise])
  }

  @Test func namesASegmentOnceTheDiskHasItAndBeginsTheNext() throws {
    var state = try Self.state("fsync = \"batch\"; rotate_size = 1000;")
    #expect(state.wrote([7: 1], none, at: 0) == [.synchronise, .close])
    #expect(state.closed(at: 0) == [])
    #expect(state.received(few) == [])
    #expect(state.tick(at: 1) == [])
    #expect(state.synchronised(nil, none, at: 1) == [.name])
    #expect(state.named(true, at: 1) == [.open])
    #expect(state.opened([7: 2], none, at: 1) == [.synchronise, .say(.opened), .tend])
    #expect(state.isWriting)
  }

  @Test func closesNoSegmentForAWhileIfOneCannotBeNamed() throws {
    var state = try Self.state("fsync = \"none\"; rotate_size = 1000;")
    #expect(state.wrote([:], none, at: 0) == [.close])
    #expect(state.closed(at: 0) == [.name])
    #expect(state.named(false, at: 0) == [.open])
    _ = state.opened([:], none, at: 0)
    #expect(state.wrote([:], none, at: 59 * second) == [])
    #expect(state.wrote([:], none, at: 60 * second) == [.close])
  }

  @Test func endsARotationByASecondSignalOrByItself() throws {
    for isSignalled in [true, false] {
      var state = try Self.state("fsync = \"none\"; rotation_timeout = 3.0;")
      #expect(state.suspend(at: 0) == [.close])
      #expect(state.closed(at: 0) == [.say(.suspended)])
      #expect(state.received(few) == [] && state.write() == [])
      let reopening =
        isSignalled ? state.reopen(at: 1) : state.tick(at: 3 * second)
      #expect(reopening == (isSignalled ? [.open] : [.say(.unsignalled), .open]))
      #expect(state.opened([:], none, at: 1).contains(.say(.opened)))
    }
  }

  /// Both kinds of rotation at the same time. The signal does not wait for the disk, and the external program
  /// names the segment.
  @Test func leavesASegmentThatIsFullToWhoeverRotatesMeanwhile() throws {
    var state = try Self.state("fsync = \"batch\"; rotate_size = 1000; rotation_timeout = 3.0;")
    #expect(state.wrote([7: 1], none, at: 0) == [.synchronise, .close])
    #expect(state.closed(at: 0) == [] && state.suspend(at: second) == [])
    #expect(state.synchronised(nil, none, at: second) == [])
    #expect(state.reopen(at: 2 * second) == [.open])
    #expect(state.opened([:], none, at: 2 * second) == [.synchronise, .say(.opened), .tend])
  }

  @Test func triesAgainLaterAndLater() throws {
    var state = try Self.state("fsync = \"none\";")
    var time: UInt64 = 0
    for (attempt, delay) in [1, 2, 4, 8, 16, 16].enumerated() as EnumeratedSequence<[UInt64]> {
      let said: [Action] = attempt == 0 ? [.say(.failing(error))] : []
      #expect(state.failed(error, few, at: time) == said)
      #expect(state.write() == [])
      time += delay * second
      _ = state.tick(at: time - 1)
      #expect(state.tick(at: time) == [.open])
    }
    #expect(state.opened([7: 1], none, at: time) == [.say(.worksAgain), .tend])
    #expect(state.failed(error, few, at: time) == [.say(.failing(error))])
    _ = state.tick(at: time + second - 1)
    #expect(state.tick(at: time + second) == [.open])
  }

  @Test func stopsReadingWhileMuchWaits() throws {
    var state = try Self.state("fsync = \"none\";")
    _ = state.failed(error, few, at: 0)
    let much = ArchiveWriter.Figures(queuedCount: 64 << 20 + 1)
    #expect(state.received(much) == [.say(.readingStops), .pause])
    #expect(state.received(much) == [] && state.isPaused)
    _ = state.tick(at: second)
    #expect(state.opened([:], none, at: second) == [.say(.worksAgain), .tend])
    #expect(state.isPaused && state.deadline == 0)
    #expect(state.tick(at: second) == [.resume])
    #expect(!state.isPaused)
  }

  @Test func acknowledgesNothingOfAFileThatIsInDoubtAndBeginsAnew() throws {
    var state = try Self.state("fsync = \"batch\";")
    let failure = IOError("synchronise", code: 5)
    let harm = ArchiveState.Harm.notSynchronised(failure)
    #expect(state.wrote([7: 1], none, at: 0) == [.synchronise])
    #expect(state.synchronised(nil, none, at: 0) == [])
    _ = state.wrote([7: 2], none, at: 0)
    let said: [Action] = [.say(.lost(harm)), .disconnect, .say(.failing(.system(failure)))]
    #expect(state.synchronised(failure, none, at: 0) == said)
    #expect(state.suspend(at: 0) == [] && state.reopen(at: 0) == [] && state.received(few) == [])
    #expect(state.found(.whole, none, at: second / 2) == [])
    #expect(state.tick(at: second) == [.startOver(harm)])
    #expect(state.failed(error, none, at: second) == [.say(.failing(error))])
    #expect(state.tick(at: 3 * second - 1) == [.look])
    #expect(state.tick(at: 3 * second) == [.startOver(harm)])
    #expect(state.startedOver() == [.reconnect, .open])
    #expect(state.opened([:], none, at: 3 * second) == [.synchronise, .say(.worksAgain), .tend])
  }

  /// The file is gone while a flush of it is still pending.
  @Test func beginsAnewOnceTheDiskIsNotBeingAsked() throws {
    var state = try Self.state("fsync = \"batch\";")
    _ = state.wrote([7: 1], none, at: 0)
    let harm = ArchiveState.Harm.notThere(.deleted)
    #expect(state.found(.deleted, none, at: 0) == [.say(.lost(harm)), .disconnect])
    #expect(state.tick(at: 0) == [])
    #expect(state.synchronised(IOError("synchronise", code: 5), none, at: 0) == [])
    #expect(state.deadline == 0)
    #expect(state.tick(at: 0) == [.startOver(harm)])
  }

  @Test func beginsANewFileIfTheFormerStaysRenamed() throws {
    var state = try Self.state("fsync = \"none\";")
    #expect(state.found(.moved, none, at: 0) == [])
    #expect(state.found(.moved, none, at: 10 * second) == [])
    #expect(state.found(.whole, none, at: 11 * second) == [])
    #expect(state.found(.moved, none, at: 12 * second) == [])
    #expect(state.found(.moved, none, at: 22 * second + 1) == [.say(.moved), .close])
    #expect(state.closed(at: 22 * second) == [.open])
  }

  /// The loop continues while a flush is slow.
  @Test(arguments: ["batch", "interval"])
  func tellsTheLogServerHowFarItIsOnceTheDiskHasThat(fsync: String) throws {
    var state = try Self.state("fsync = \"\(fsync)\"; fsync_interval = 60.0;")
    _ = state.wrote([7: 1], none, at: 0)
    #expect(!state.isSynchronised)
    #expect(state.awaitPositions(at: 1) == (fsync == "batch" ? [] : [.synchronise]))
    // A write happens while the flush is pending.
    #expect(state.wrote([7: 2], none, at: 2) == [])
    #expect(state.synchronised(nil, none, at: 3) == [.synchronise])
    #expect(state.synchronised(nil, none, at: 4) == [.subscribe])
    #expect(state.isSynchronised)
  }

  /// Random events in any order. No record is acknowledged before it is on disk, and no file is opened before
  /// the previous one is on disk. When failures have stopped, every record is acknowledged.
  @Test(arguments: ["none", "batch", "interval"], 1...40 as ClosedRange<UInt64>)
  func keepsItsPromisesWhateverHappens(fsync: String, seed: UInt64) throws {
    var world = World(
      try Self.state("fsync = \"\(fsync)\"; rotate_size = 3000; rotation_timeout = 2.0;"),
      seed
    )
    for _ in 0..<2000 { world.step() }
    world.isKind = true
    for _ in 0..<200 { world.step() }
    world.quieten()
    #expect(world.state.isWriting && world.state.isSynchronised && !world.state.isPaused)
    #expect(world.acknowledged == world.handedOver)
    #expect(world.faults.isEmpty, "\(world.faults.prefix(3))")
    #expect(world.handedOver > 100)
  }

  /// A simulated disk, log server and clock. The log server resends records.
  struct World {
    var state: ArchiveState
    var random: Generator
    var time: UInt64 = 1
    var isKind = false
    var isOpen = true
    var isConnected = true
    var isAsking = false
    /// The latest sequence number that was handed over, queued, written to the file, made safe, and
    /// acknowledged.
    var handedOver: UInt64 = 0
    var queued: UInt64 = 0
    var written: UInt64 = 0
    var asked: UInt64 = 0
    var safe: UInt64 = 0
    var acknowledged: UInt64 = 0
    var fileSize: UInt64 = 0
    var faults: [String] = []
    let isSafeAtOnce: Bool

    init(_ state: ArchiveState, _ seed: UInt64) {
      self.state = state
      random = Generator(state: seed)
      isSafeAtOnce = state.settings.fsync == .none
    }

    var figures: ArchiveWriter.Figures {
      ArchiveWriter.Figures(
        queuedCount: Int(queued - written) << 18,
        byteCount: written,
        fileSize: fileSize,
        hasRecords: fileSize > 0
      )
    }

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    mutating func step() {
      switch Int.random(in: 0..<12, using: &random) {
      case 0...4 where isConnected && !state.isPaused:
        handedOver += 1
        queued = handedOver
        perform(state.received(figures))
      case 5, 6: endSynchronising()
      case 7 where !isKind: perform(state.suspend(at: time))
      case 8 where !isKind: perform(state.reopen(at: time))
      case 9 where !isKind && isOpen && chance(10):
        perform(state.found(chance(2) ? .deleted : .moved, figures, at: time))
      case 10: perform(state.awaitPositions(at: time))
      default: pass()
      }
    }

    /// Advances the time until an action is due.
    mutating func pass() {
      time = max(time, min(state.deadline, time + 2 * ArchiveStateTests.second))
      perform(state.tick(at: time))
    }

    mutating func endSynchronising() {
      guard isAsking else { return }
      isAsking = false
      let isLost = !isKind && chance(8)
      if !isLost { safe = max(safe, asked) }
      perform(state.synchronised(isLost ? IOError("synchronise", code: 5) : nil, figures, at: time))
    }

    mutating func quieten() {
      for _ in 0..<1000 {
        endSynchronising()
        pass()
      }
    }

    mutating func perform(_ actions: [Action]) {
      for (place, action) in actions.enumerated() {
        switch action {
        case .write, .close, .name, .open, .startOver, .look:
          if place != actions.count - 1 { faults.append("\(action) before \(actions[place + 1])") }
        default: break
        }
        perform(action)
      }
    }

    mutating func perform(_ action: Action) {
      let refusal = ArchiveError.system(IOError("write", code: 28))
      switch action {
      case .write where !isOpen: faults.append("writes to no file")
      case .write where !isKind && chance(6), .open where !isKind && chance(6),
        .startOver where !isKind && chance(3):
        perform(state.failed(refusal, figures, at: time))
      case .write:
        write()
        perform(state.wrote([1: written], figures, at: time))
      case .close:
        isOpen = false
        perform(state.closed(at: time))
      case .name:
        if isOpen || !isSafeAtOnce && safe < written { faults.append("names what the disk has not") }
        let isNamed = isKind || !chance(4)
        if isNamed { fileSize = 0 }
        perform(state.named(isNamed, at: time))
      case .open:
        if !isOpen, !isSafeAtOnce, safe < written { faults.append("opens before the disk has the former") }
        isOpen = true
        write()
        perform(state.opened([1: written], figures, at: time))
      case .startOver:
        if isAsking { faults.append("begins anew while the disk is being asked") }
        // The server sends again the records that were not acknowledged.
        (written, queued, asked, safe) = (acknowledged, acknowledged, acknowledged, acknowledged)
        fileSize = 0
        isOpen = true
        perform(state.startedOver())
      case .look: perform(state.found(.whole, figures, at: time))
      case .synchronise:
        if isAsking { faults.append("asks twice") }
        isAsking = true
        asked = written
      case .acknowledge(let sequences):
        acknowledged = max(acknowledged, sequences[1] ?? 0)
        if acknowledged > safe { faults.append("acknowledges \(acknowledged), safe is \(safe)") }
      case .disconnect: isConnected = false
      case .reconnect:
        isConnected = true
        queued = handedOver
      case .subscribe: if !isSafeAtOnce, safe < written { faults.append("tells what the disk has not") }
      case .pause, .resume, .tend, .say: break
      }
    }

    mutating func write() {
      fileSize += (queued - written) * 100
      written = queued
      if isSafeAtOnce { safe = written }
    }
  }

  /// A seeded random number generator (SplitMix64).
  struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
  }
}
