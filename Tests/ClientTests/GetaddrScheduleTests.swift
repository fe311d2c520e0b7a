import Testing

@testable import CrawlCommands

@Suite struct GetaddrScheduleTests {
  @Test func keepsToTheSchedule() {
    // 2026-01-01 00:00:00 UTC, whatever the zone here is: whole hours away from local midnight, and so are these.
    let now = 1_767_225_600
    let hourly = GetaddrSchedule(hours: Array(0...23), minutes: [0, 15])
    #expect(hourly.next(after: now) == now + 900)
    #expect(hourly.next(after: now + 900) == now + 3600)
    #expect(hourly.next(after: now - 1) == now)
    let daily = GetaddrSchedule(hours: [5], minutes: [59])
    let next = daily.next(after: now)!
    #expect(next > now && next <= now + 86_400)
    #expect(daily.next(after: next) == next + 86_400)
    #expect(GetaddrSchedule(hours: [], minutes: [1]).next(after: now) == nil)
  }
}
