import Configuration
import Glibc

/// When addresses are asked for: at each of some minutes of each of some hours, in local time.
struct GetaddrSchedule {
  private let hours: [Int]
  private let minutes: [Int]

  /// Takes the configured hours and minutes.
  init(_ schedule: Configuration.Getaddr.Schedule) {
    self.init(hours: schedule.hours, minutes: schedule.minutes)
  }

  /// Takes hours, 0 … 23, and minutes, 0 … 59.
  init(hours: [Int], minutes: [Int]) {
    self.hours = hours.sorted()
    self.minutes = minutes.sorted()
  }

  /// The first time after another, both in seconds since the Unix epoch; nil where there is none at all.
  func next(after now: Int) -> Int? {
    // A time that the clock is set past on that day comes the day after.
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
