import Configuration
import Glibc

/// The times of rounds: some minutes of some hours, in local time.
struct GetaddrSchedule {
  private let hours: [Int]
  private let minutes: [Int]

  /// Uses the configured hours and minutes.
  init(_ schedule: Configuration.Getaddr.Schedule) {
    self.init(hours: schedule.hours, minutes: schedule.minutes)
  }

  /// Uses hours, 0 … 23, and minutes, 0 … 59.
  init(hours: [Int], minutes: [Int]) {
    self.hours = hours.sorted()
    self.minutes = minutes.sorted()
  }

  /// The first time after another, both in seconds since the Unix epoch; nil if the schedule has no time.
  func next(after now: Int) -> Int? {
    // A time that a change of the clock skips on one day comes on the next.
    for day in 0...2 {
      var base = time_t(now)
      var parts = tm()
      localtime_r(&base, &parts)
      parts.tm_mday += Int32(day)
      for hour in hours {
        for minute in minutes {
          var candidate = parts
          candidate.tm_hour = Int32(hour)
          candidate.tm_min = Int32(minute)
          candidate.tm_sec = 0
          candidate.tm_isdst = -1
          let time = mktime(&candidate)
          if time > now { return time }
        }
      }
    }
    return nil
  }
}
