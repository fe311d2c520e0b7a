import Bytes
import Configuration
import Daemon
import EventLoop
import LogProtocol
import Logging

extension Verbatim {
  /// Writes whole records as far as possible and closes the file; records queue until it is opened again.
  func suspend() {
    guard state != .suspended else { return }
    write()
    closeFile()
    retryTimer?.cancel()
    state = .suspended
    rotationTimer?.start(after: limits.rotation)
    log.info("closed \(writer.path) for rotation", metadata: ["records": "\(writer.segmentCount)"])
    adjustFlow()
  }

  /// Opens the file, which may be a new one, and writes what waits.
  func reopen() {
    if writer.isOpen {
      write()
      closeFile()
    }
    rotationTimer?.cancel()
    do throws(ArchiveError) {
      try openFile()
      settle(try writer.write())
    } catch {
      return fail(error)
    }
    retryTimer?.cancel()
    state = .writing
    log.info("writing to \(writer.path)")
    adjustFlow()
  }

  /// Opens the file unless it is open.
  func openFile() throws(ArchiveError) {
    if let cut = try writer.open(path, at: Clock.now()) { log.warning("\(writer.path) \(cut)") }
  }

  func closeFile() {
    do throws(ArchiveError) {
      try writer.close()
    } catch {
      log.error("\(error): the segment may end with a torn record")
    }
  }

  func endRotation() {
    guard state == .suspended else { return }
    log.warning("SIGUSR2 has not followed SIGUSR1 within \(Int(limits.rotation)) s: opening the file again")
    reopen()
  }

  /// Reads the configuration again; a wrong one changes nothing. The file is opened anew in any case.
  func reload() {
    do throws(ConfigurationError) {
      configuration = try configuration.reread()
    } catch {
      log.error("the configuration stays as it was: \(error)")
    }
    do throws(IOError) {
      try Folder.create(configuration.verbatim.logPath)
    } catch {
      log.error("\(error)")
    }
    reopen()
  }

  /// Writes and acknowledges everything and leaves.
  func finish() throws(ArchiveError) {
    defer { subscriber?.cancel() }
    notice.say(to: log, at: Clock.monotonic(), isLast: true)
    do throws(ArchiveError) {
      try openFile()
      settle(try writer.write())
    } catch {
      log.error("\(writer.queuedCount) bytes are not archived; their sources keep them")
      closeFile()
      throw error
    }
    acknowledge()
    closeFile()
    log.info(
      "archived to \(writer.path)",
      metadata: ["records": "\(writer.recordCount)", "bytes": "\(writer.byteCount)"]
    )
  }

  func tell(_ opening: ArchiveWriter.Opening) {
    if let cut = opening.cut { log.warning("\(writer.path) \(cut)") }
    if let predecessor = opening.predecessor { log.info("going on after \(predecessor)") }
    log.info("archiving to \(writer.path)", metadata: ["records before": "\(opening.recordCount)"])
  }
}
