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
      settle(try writer.write())
    } catch {
      return fail(error)
    }
    adjustFlow()
  }

  /// Takes note of what is written, and tells the log server a little later.
  func settle(_ sequences: [UInt32: UInt64]) {
    acknowledgements.merge(sequences) { max($0, $1) }
    guard !acknowledgements.isEmpty else { return }
    if writer.byteCount - acknowledgedByteCount >= UInt64(limits.batch) { return acknowledge() }
    if acknowledgeTimer?.isRunning == false { acknowledgeTimer?.start(after: limits.acknowledgement) }
  }

  func acknowledge() {
    acknowledgeTimer?.cancel()
    acknowledgedByteCount = writer.byteCount
    // Where the log server is away it hears the positions when it is back.
    subscriber?.acknowledge(acknowledgements)
    acknowledgements = [:]
  }

  func fail(_ error: ArchiveError) {
    if state != .failing(error) {
      log.error("\(error); trying again every second", metadata: ["waiting": "\(writer.queuedCount)"])
    }
    state = .failing(error)
    retryTimer?.start(after: limits.retry)
    adjustFlow()
  }

  func retry() {
    guard case .failing = state else { return }
    do throws(ArchiveError) {
      try openFile()
      settle(try writer.write())
    } catch {
      return fail(error)
    }
    state = .writing
    log.notice("writing to \(writer.path) works again")
    adjustFlow()
  }

  /// Stops reading while too much waits for the file.
  func adjustFlow() {
    var shouldPause = writer.queuedCount > (isPaused ? limits.queue / 2 : limits.queue)
    if case .failing = state { shouldPause = true }
    guard shouldPause != isPaused else { return }
    guard shouldPause else {
      // Later, because what was received and not consumed is delivered then, and this may be a delivery.
      resumeTimer?.start(after: 0)
      return
    }
    isPaused = true
    resumeTimer?.cancel()
    if state == .suspended { log.warning("reading stops: \(writer.queuedCount) bytes wait for the file") }
    subscriber?.pause()
  }

  func resumeReading() {
    isPaused = false
    subscriber?.resume()
  }
}
