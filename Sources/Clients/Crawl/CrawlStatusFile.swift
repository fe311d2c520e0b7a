import Bytes
import Commands
import EventLoop
import Glibc
import JSON

/// The file `crawl.status` in the folder of pid files. A running crawl writes its progress to it every
/// second, and
/// `netmine crawl status` reads it. Its first line is JSON; the other lines are for people.
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

  /// Writes the progress.
  func write(_ progress: CrawlProgress) {
    var json = JSONWriter()
    json.member("process", getpid())
    json.member("time_ns", Clock.now())
    progress.write(to: &json)
    let text =
      ([String(decoding: json.finish(), as: UTF8.self)] + progress.lines).joined(separator: "\n") + "\n"
    // If no daemon writes a pid file, the folder may not exist yet.
    if !isFailing { mkdir(folder, 0o755) }
    do throws(IOError) {
      try DescriptorOutput.replace(path, with: Array(text.utf8))
    } catch {
      // If the daemons run as another user, this user may have no access to their folder.
      if !isFailing { complain("netmine crawl status will not show this crawl: \(error).") }
      isFailing = true
    }
  }

  /// The latest progress of the running crawl; nil if no crawl is running.
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

  /// Removes the file.
  func remove() { unlink(path) }
}
