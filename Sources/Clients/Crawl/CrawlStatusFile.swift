import Bytes
import Commands
import EventLoop
import Glibc
import JSON

/// The file in which a crawl tells how far it is, anew each second, for `netmine crawl status`: `crawl.status` in the
/// folder of pid files. Its first line is JSON, the others are for people.
final class CrawlStatusFile {
  private let folder: String
  private let path: String
  private let complain: (String) -> Void
  private var isFailing = false

  init(_ environment: ClientEnvironment) {
    folder = environment.configuration.runPath
    path = folder + "crawl.status"
    complain = { environment.output.complain($0) }
  }

  /// Tells how far the crawl is.
  func write(_ progress: CrawlProgress) {
    var json = JSONWriter()
    json.member("process", getpid())
    json.member("time_ns", Clock.now())
    progress.write(to: &json)
    let text =
      ([String(decoding: json.finish(), as: UTF8.self)] + progress.lines).joined(separator: "\n") + "\n"
    // Daemons that were never told to write their pids have made none.
    if !isFailing { mkdir(folder, 0o755) }
    do throws(IOError) {
      try DescriptorOutput.replace(path, with: Array(text.utf8))
    } catch {
      // Where the daemons run as somebody else, their folder may be theirs alone.
      if !isFailing { complain("netmine crawl status cannot tell of this crawl: \(error).") }
      isFailing = true
    }
  }

  /// What the crawl that runs says last; nil where none does.
  func read() throws(IOError) -> (json: String, lines: [String], process: Int32)? {
    let text: String
    do throws(IOError) {
      text = String(decoding: try HostFile.contents(path), as: UTF8.self)
    } catch {
      guard error.code == ENOENT else { throw error }
      return nil
    }
    var lines = text.split(separator: "\n").map(String.init)
    guard !lines.isEmpty, case .object(let members) = try? JSONValue(lines[0]),
      case .number(let number) = members["process"], let process = Int32(number),
      kill(process, 0) == 0 || errno == EPERM
    else { return nil }
    return (lines.removeFirst(), lines, process)
  }

  /// Tells nothing any more.
  func remove() { unlink(path) }
}
