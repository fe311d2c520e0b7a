import Bytes
import Configuration
import Daemon
import EventLoop
import Glibc
import LogProtocol
import Logging

extension Verbatim {
  /// Writes whole records as far as possible and closes the file; records queue until it is opened again.
  func suspend() {
    // It is opened anew in any case.
    guard lost == nil else { return }
    let timeout = configuration.verbatim.rotationTimeout
    if configuration.verbatim.rotatesItself {
      log.warning("rotated by a signal, though verbatim.rotate_size or rotate_interval is set: one is enough")
    }
    if state == .rotating { synchroniser.drain() }
    isReopenDue = false
    guard state != .suspended else {
      rotationTimer?.start(after: timeout)
      return
    }
    write()
    closeFile()
    retryTimer?.cancel()
    state = .suspended
    rotationTimer?.start(after: timeout)
    log.info("closed \(writer.path) for rotation", metadata: ["records": "\(writer.segmentCount)"])
    adjustFlow()
  }

  /// Opens the file, which may be a new one, and writes what waits; first of all, where so configured, the disk has
  /// to have what was written to the former, as the new one tells how far the archive has come.
  func reopen() {
    // Opens it anyway.
    guard state != .rotating, lost == nil else { return }
    if writer.isOpen {
      write()
      closeFile()
    }
    rotationTimer?.cancel()
    guard synchroniser.isIdle else {
      retryTimer?.cancel()
      state = .suspended
      isReopenDue = true
      return
    }
    do throws(ArchiveError) {
      try openFile()
      try writeAll()
    } catch {
      return fail(error)
    }
    retryTimer?.cancel()
    retryDelay = 0
    state = .writing
    log.info("writing to \(writer.path)")
    adjustFlow()
    tend()
  }

  /// Opens the file unless it is open.
  func openFile() throws(ArchiveError) {
    if let cut = try writer.open(path, at: Clock.now()) { log.warning("\(writer.path) \(cut)") }
  }

  func closeFile() {
    // Afterwards it is for whoever rotates to keep.
    movedSince = nil
    do throws(ArchiveError) {
      try writer.close()
    } catch {
      log.error("\(error): the segment may end with a torn record")
    }
    synchroniser.hurry()
  }

  func endRotation() {
    guard state == .suspended else { return }
    log.warning(
      "SIGUSR2 has not followed SIGUSR1 within \(configuration.verbatim.rotationTimeout) s: opening the file again"
    )
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
    if (configuration.verbatim.format == .native) != (writer.format == .native) {
      log.warning("verbatim.format changes when verbatim is started the next time")
    }
    synchroniser.drain()
    synchroniser = makeSynchroniser()
    reopen()
    schedule()
  }

  /// Writes and acknowledges everything and leaves.
  func finish() throws(ArchiveError) {
    cancellation.cancel()
    notice.say(to: log, at: Clock.monotonic(), isLast: true)
    do throws(ArchiveError) {
      synchroniser.drain()
      try requireAll()
      try openFile()
      try writeAll()
      synchroniser.drain()
      try requireAll()
      try requirePresence()
    } catch {
      log.error(
        "\(error): what was not acknowledged its sources keep",
        metadata: ["waiting": "\(writer.queuedCount)"]
      )
      closeFile()
      // No goodbye: the log server waits for an archive that was lost.
      subscriber?.disconnect()
      throw error
    }
    acknowledge()
    closeFile()
    subscriber?.cancel()
    log.info(
      "archived to \(writer.path)",
      metadata: ["records": "\(writer.recordCount)", "bytes": "\(writer.byteCount)"]
    )
  }

  /// Throws where a file has not kept what was written to it.
  private func requireAll() throws(ArchiveError) {
    switch lost {
    case nil: return
    case (_, .notSynchronised(let error))?: throw .system(error)
    case (let file, .notThere(let presence))?: throw .gone(path: file.path, how: presence.text)
    }
  }

  /// Throws where the file is not there any more: there is no time for another one.
  private func requirePresence() throws(ArchiveError) {
    guard let file = writer.openFile, case let presence = file.presence,
      presence != .whole && presence != .moved
    else { return }
    throw .gone(path: file.path, how: presence.text)
  }

  func tell(_ opening: ArchiveWriter.Opening) {
    if let cut = opening.cut { log.warning("\(writer.path) \(cut)") }
    if let predecessor = opening.predecessor { log.info("going on after \(predecessor)") }
    log.info("archiving to \(writer.path)", metadata: ["records before": "\(opening.recordCount)"])
  }
}
