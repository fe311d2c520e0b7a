import ArgumentParser
import Bytes
import EventLoop
import Foundation
import Glibc
import LogProtocol

/// `chaos attacker`: misbehaves towards the log server, and checks its answers. For the scenarios.
struct Attacker: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "attacker", shouldDisplay: false)

  @Option var root: String
  @Option var seed: UInt64
  @Option var rate: Int
  @Option var notes: String

  /// The most half frames that are left open at a time.
  private static let heldLimit = 200

  func run() throws {
    Interruption.arrange()
    let notes = try AttackNotes(notes)
    let parent = getppid()
    var random = SeededGenerator(state: seed)
    var held: [RawSocket] = []
    let start = Clock.monotonic()
    var count = 0
    while getppid() == parent, (try? Interruption.check()) != nil {
      let due = Int(Double(Clock.monotonic() - start) * 1e-9 * Double(rate))
      guard count < due else {
        usleep(200)
        continue
      }
      count += 1
      // Half of the attacks only connect.
      let attack =
        Bool.random(using: &random) ? Attack.connectOnly : Attack.allCases.randomElement(using: &random)!
      notes[attack].attempts += 1
      do {
        let socket = try RawSocket(root + attack.socket)
        if attack == .heldHalfFrame {
          try socket.write(attack.bytes(source: 0, &random))
          held.append(socket)
          if held.count > Self.heldLimit { held.removeFirst().close() }
          continue
        }
        defer { socket.close() }
        if let complaint = try attempt(attack, socket, &random) {
          if notes[attack].unclear < 3 { emit("\(attack): \(complaint)") }
          notes[attack].unclear += 1
        }
      } catch {
        if notes[attack].unclear < 3 { emit("\(attack): \(error)") }
        notes[attack].unclear += 1
      }
    }
    held.forEach { $0.close() }
  }

  /// Does an attack; returns an error in the answer, or nil.
  private func attempt(_ attack: Attack, _ socket: RawSocket, _ random: inout SeededGenerator) throws
    -> String?
  {
    var source: UInt32 = 0
    if attack.joins {
      try socket.write(Attack.hello(&random))
      try socket.read(seconds: 5) { link in
        if case .grant(let id, _, _) = link { source = id }
        return false
      }
      guard source != 0 else { return "not accepted as a source" }
    }
    try socket.write(attack.bytes(source: source, &random))
    guard attack.answer != .none else { return nil }
    var refusal: String?
    let isClosed = try socket.read(seconds: 5) { link in
      if case .refusal(let words) = link { refusal = words }
      return true
    }
    guard isClosed else { return "not closed within 5 s; answered: \(refusal ?? "nothing")" }
    if case .refusal(let words) = attack.answer, refusal?.contains(words) != true {
      return "closed with “\(refusal ?? "")” instead of “\(words)”"
    }
    return nil
  }
}

/// The attackers' counts by attack, in a shared file.
final class AttackNotes {
  /// The counts of one attack.
  struct Entry {
    /// How many times it was done.
    var attempts: UInt64
    /// How many times the answer was wrong.
    var unclear: UInt64
  }

  private let words: SharedWords

  init(_ path: String) throws(IOError) { words = try SharedWords(path, count: 2 * Attack.allCases.count) }

  subscript(attack: Attack) -> Entry {
    get { Entry(attempts: words[2 * attack.rawValue], unclear: words[2 * attack.rawValue + 1]) }
    set {
      words[2 * attack.rawValue] = newValue.attempts
      words[2 * attack.rawValue + 1] = newValue.unclear
    }
  }
}
