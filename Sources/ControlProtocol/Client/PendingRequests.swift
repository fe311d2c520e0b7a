/// Requests that wait for their reply, with their deadlines. Times are monotonic, in ns.
struct PendingRequests {
  private struct Request {
    let name: String
    let seconds: Double
    let deadline: UInt64
    let completion: ControlClient.Completion
  }

  private var requests: [UInt32: Request] = [:]

  /// Adds a request that fails after `seconds`.
  mutating func add(
    _ id: UInt32,
    _ name: String,
    seconds: Double,
    now: UInt64,
    _ completion: @escaping ControlClient.Completion
  ) {
    let deadline = now + UInt64(max(0, seconds) * 1e9)
    requests[id] = Request(name: name, seconds: seconds, deadline: deadline, completion: completion)
  }

  /// Removes a request and returns its completion; nil if it does not wait.
  mutating func remove(_ id: UInt32) -> ControlClient.Completion? {
    requests.removeValue(forKey: id)?.completion
  }

  /// Removes all requests and returns their completions, ascending by id.
  @discardableResult
  mutating func removeAll() -> [ControlClient.Completion] {
    defer { requests = [:] }
    return requests.sorted { $0.key < $1.key }.map(\.value.completion)
  }

  /// Removes the expired requests. Returns their completions and errors.
  mutating func expire(now: UInt64) -> [(ControlClient.Completion, ControlClientError)] {
    let due = requests.filter { $0.value.deadline <= now }.sorted { $0.key < $1.key }
    for (id, _) in due { requests[id] = nil }
    return due.map { ($0.value.completion, .timedOut($0.value.name, seconds: $0.value.seconds)) }
  }

  /// Seconds until the next request expires; nil if there is none.
  ///
  /// Complexity: linear in the waiting requests, which are few.
  func secondsUntilNext(now: UInt64) -> Double? {
    requests.values.map(\.deadline).min().map { $0 <= now ? 0 : Double($0 - now) / 1e9 }
  }
}
