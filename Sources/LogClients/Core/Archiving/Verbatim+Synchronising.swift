import Bytes
import Daemon
import EventLoop
import LogProtocol
import Logging

extension Verbatim {
  /// The disk has been asked to keep something.
  func synchronised(_ outcome: Synchroniser.Outcome) {
    switch outcome {
    case .done(let sequences): if lost == nil { settle(sequences) }
    case .failed(let file, let error): lose(file, error)
    }
    guard synchroniser.isIdle, lost == nil else { return }
    if state == .rotating {
      endRotating()
    } else if isReopenDue {
      isReopenDue = false
      reopen()
    }
  }

  /// The disk has not kept what was written, though the kernel may show it as if: nobody was told that it is safe,
  /// so it is taken out of the file and asked for again.
  private func lose(_ file: SegmentFile, _ error: IOError) {
    guard lost == nil else { return }
    let count = file.wholeSize - min(file.wholeSize, file.synchronisedSize)
    log.error("the last \(count) bytes of \(file.path) may not be on the disk; they are asked for again")
    abandon(file, .notSynchronised(error))
    fail(.system(error))
  }

  /// Acknowledges nothing more of what was written to a file, and leaves the log server until there is another.
  private func abandon(_ file: SegmentFile, _ harm: Harm) {
    lost = (file, harm)
    subscriber?.disconnect()
    synchroniser.forget()
    acknowledgements = [:]
    acknowledgeTimer?.cancel()
    rotationTimer?.cancel()
    isReopenDue = false
    movedSince = nil
  }

  // MARK: Files that others delete, shorten or rename

  /// Looks whether the file that is written is there, before anything is acknowledged and once a second; where it is not,
  /// says so, and begins another one.
  ///
  /// - Returns: whether what was written may be acknowledged.
  @discardableResult
  func checkPresence() -> Bool {
    guard lost == nil, let file = writer.openFile else { return lost == nil }
    let presence = file.presence
    guard presence == .moved else {
      movedSince = nil
      if presence == .whole {
        file.checkedSize = file.size
        return true
      }
      lose(file, presence)
      return false
    }
    // Its records are there, under another name.
    let now = Clock.monotonic()
    guard let since = movedSince else {
      movedSince = now
      return true
    }
    if state == .writing, now - since > UInt64(limits.moved * 1e9) {
      movedSince = nil
      log.warning(
        "\(file.path) was renamed or hidden \(limits.moved) s ago without a signal: a new file is begun"
      )
      reopen()
    }
    return true
  }

  private func lose(_ file: SegmentFile, _ presence: SegmentPresence) {
    log.critical(
      "\(file.path) \(presence.text): what was archived there is lost; what the sources still hold is asked for again"
    )
    abandon(file, .notThere(presence))
    state = .failing(.gone(path: file.path, how: presence.text))
    retry()
  }

  /// Begins anew with what the disk has.
  func startOver() throws(ArchiveError) {
    guard let (file, harm) = lost else { return }
    synchroniser.drain()
    let now = Clock.now()
    var claims = ArchiveClaims()
    do throws(IOError) {
      switch harm {
      case .notSynchronised:
        if file.size > file.synchronisedSize { try file.truncate(to: file.synchronisedSize) }
      case .notThere:
        claims = writer.claims
        try Folder.create(configuration.verbatim.logPath)
      }
    } catch {
      throw .system(error)
    }
    if case .notThere(.shortened) = harm, let cut = try file.salvage(at: now, writer.format) {
      log.warning("\(file.path) \(cut)")
    }
    file.unlock()
    writer.openFile?.unlock()
    let former = writer
    writer = Self.writer(configuration, loop)
    do throws(ArchiveError) {
      tell(try writer.openFirst(at: now, claims: claims))
    } catch {
      // What it claimed is still to be accounted for.
      writer = former
      throw error
    }
    acknowledgedByteCount = 0
    lost = nil
    subscriber?.reconnect()
  }
}

extension SegmentPresence {
  /// What happened, after the file's name.
  var text: String {
    switch self {
    case .whole: "is there"
    case .moved: "was renamed"
    case .deleted: "was deleted while it was being written"
    case .shortened(let count): "was shortened by \(count) bytes while it was being written"
    }
  }
}
