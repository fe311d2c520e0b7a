import Bytes
import EventLoop
import Logging

extension Verbatim {
  /// Writes what waits when the current batch has been handled, or at once where that is much.
  func writeSoon() {
    guard state == .writing else { return }
    if writer.queuedCount >= limits.batch { return write() }
    if writeTimer?.isRunning == false { writeTimer?.start(after: 0) }
  }

  func write() {
    guard state == .writing else { return }
    do throws(ArchiveError) {
      try writeAll()
    } catch {
      return fail(error)
    }
    rotateWhereDue()
    adjustFlow()
  }

  /// Writes what waits.
  func writeAll() throws(ArchiveError) {
    let sequences = try writer.write()
    if let file = writer.openFile { synchroniser.wrote(sequences, to: file) }
  }

  /// Takes note of what is safe, and tells the log server a little later.
  func settle(_ sequences: [UInt32: UInt64]) {
    acknowledgements.merge(sequences) { max($0, $1) }
    guard !acknowledgements.isEmpty else { return }
    let isMuch = writer.byteCount - acknowledgedByteCount >= UInt64(limits.batch)
    if isMuch || acknowledgeTimer?.isRunning == false {
      acknowledgeTimer?.start(after: isMuch ? 0 : limits.acknowledgement)
    }
  }

  func acknowledge() {
    acknowledgeTimer?.cancel()
    guard checkPresence() else { return }
    acknowledgedByteCount = writer.byteCount
    // Where the log server is away it hears the positions when it is back.
    subscriber?.acknowledge(acknowledgements)
    acknowledgements = [:]
  }

  func fail(_ error: ArchiveError) {
    retryDelay = retryDelay == 0 ? limits.retry : min(2 * retryDelay, 16 * limits.retry)
    if state != .failing(error) {
      log.error(
        "\(error); what comes waits, and it is tried again, first in \(limits.retry) s",
        metadata: ["waiting": "\(writer.queuedCount)"]
      )
    }
    state = .failing(error)
    retryTimer?.start(after: retryDelay)
    adjustFlow()
  }

  func retry() {
    guard case .failing = state else { return }
    do throws(ArchiveError) {
      if lost != nil { try startOver() }
      try openFile()
      try writeAll()
    } catch {
      return fail(error)
    }
    state = .writing
    retryDelay = 0
    log.notice("writing to \(writer.path) works again", metadata: ["waiting": "\(writer.queuedCount)"])
    adjustFlow()
    tend()
  }

  /// Stops reading while too much waits for the file.
  func adjustFlow() {
    let shouldPause = writer.queuedCount > (isPaused ? limits.queue / 2 : limits.queue)
    guard shouldPause != isPaused else { return }
    guard shouldPause else {
      // Later, because what was received and not consumed is delivered then, and this may be a delivery.
      resumeTimer?.start(after: 0)
      return
    }
    isPaused = true
    resumeTimer?.cancel()
    if state != .writing { log.warning("reading stops: \(writer.queuedCount) bytes wait for the file") }
    subscriber?.pause()
  }

  func resumeReading() {
    isPaused = false
    subscriber?.resume()
  }
}
