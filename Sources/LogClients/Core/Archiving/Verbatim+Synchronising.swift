import Bytes
import EventLoop

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
    lost = file
    subscriber?.disconnect()
    synchroniser.forget()
    acknowledgements = [:]
    acknowledgeTimer?.cancel()
    rotationTimer?.cancel()
    isReopenDue = false
    let count = file.wholeSize - min(file.wholeSize, file.synchronisedSize)
    log.error("the last \(count) bytes of \(file.path) may not be on the disk; they are asked for again")
    fail(.system(error))
  }

  /// Begins anew with what the disk has.
  func startOver() throws(ArchiveError) {
    guard let file = lost else { return }
    synchroniser.drain()
    do throws(IOError) {
      if file.size > file.synchronisedSize { try file.truncate(to: file.synchronisedSize) }
    } catch {
      throw .system(error)
    }
    file.unlock()
    writer.openFile?.unlock()
    writer = Self.writer(configuration, loop)
    tell(try writer.openFirst(at: Clock.now()))
    lost = nil
    subscriber?.reconnect()
  }
}
