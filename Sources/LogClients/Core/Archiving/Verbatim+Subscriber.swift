import Bytes
import EventLoop
import LogProtocol
import Observations

extension Verbatim: LogSubscriberHandler {
  /// Queues records for the file.
  public func subscriber(_ subscriber: LogSubscriber, received records: ChunkSlice) {
    do throws(WireError) {
      notice.add(try writer.append(records, at: Clock.now()))
    } catch {
      // The subscriber has found the records' bounds already.
      log.error("a record could not be read: \(error)")
    }
    if notice.isPending { notice.say(to: log, at: Clock.monotonic()) }
    writeSoon()
    adjustFlow()
  }

  /// How far the archive has come, in what is safe.
  public func positions(for subscriber: LogSubscriber) -> [ArchivePosition]? {
    synchroniser.drain()
    return writer.positions
  }

  /// Says so.
  public func subscriberDidConnect(_ subscriber: LogSubscriber) {
    complaint = nil
    writer.forgetLive()
    log.info("connected to the log server")
    if isPaused { subscriber.pause() }
  }

  /// Says so, once for each reason.
  public func subscriber(_ subscriber: LogSubscriber, lostServerFor reason: String) {
    guard reason != complaint else { return }
    complaint = reason
    log.warning("no log server: \(reason)", metadata: ["records": "\(writer.recordCount)"])
  }
}
