import BitcoinWire
import ControlProtocol
import Testing

@testable import ConnectorCore

@Suite struct DialQueueTests {
  private final class Client {}

  private func dial(_ id: UInt32, _ client: Client?) -> Dial {
    let target = ConnectTarget(Endpoint(.ipv4(0x7f00_0001), port: 1))
    return Dial(id, to: target, for: nil, request: 0, lane: client.map { ObjectIdentifier($0) })
  }

  private func drain(_ queue: inout DialQueue) -> [UInt32] {
    var ids: [UInt32] = []
    while let dial = queue.removeFirst() { ids.append(dial.id) }
    return ids
  }

  @Test func letsClientsTakeTurnsAndKeepsTheOrderOfEach() {
    let (first, second) = (Client(), Client())
    var queue = DialQueue()
    for id in 1...5 { queue.add(dial(UInt32(id), first)) }
    for id in 6...7 { queue.add(dial(UInt32(id), second)) }
    queue.add(dial(8, nil))
    #expect(queue.count == 8)
    #expect(drain(&queue) == [1, 6, 8, 2, 7, 3, 4, 5])
    #expect(queue.count == 0)
    queue.add(dial(9, second))
    #expect(drain(&queue) == [9])
  }

  @Test func passesOverWhatWasCancelled() {
    let client = Client()
    var queue = DialQueue()
    for id in 1...4 { queue.add(dial(UInt32(id), client)) }
    #expect(queue.remove(1)?.id == 1 && queue.remove(3)?.id == 3)
    #expect(queue.remove(3) == nil && queue.remove(77) == nil)
    #expect(queue.all.map(\.id) == [2, 4])
    #expect(drain(&queue) == [2, 4])
  }

  @Test func staysInOrderThroughManyThatComeAndGo() {
    let clients = (0..<3).map { _ in Client() }
    var queue = DialQueue()
    var id: UInt32 = 0
    var taken: [UInt32] = []
    for round in 0..<200 {
      for client in clients {
        for _ in 0..<20 {
          id += 1
          queue.add(dial(id, client))
          if id % 5 != 0 { _ = queue.remove(id) }
        }
      }
      if round % 2 == 0 { for _ in 0..<15 { queue.removeFirst().map { taken.append($0.id) } } }
    }
    taken += drain(&queue)
    #expect(taken.count == 200 * 60 / 5)
    for lane in 0..<3 {
      let own = taken.filter { Int($0 - 1) / 20 % 3 == lane }
      #expect(own == own.sorted() && own.count == taken.count / 3)
    }
  }

  @Test func beginsNoMoreThanItsRate() {
    var pace = DialPace(now: 0)
    var begun = 0
    var now: UInt64 = 0
    while now < 10_000_000_000 {
      while pace.take(rate: 50, now: now) { begun += 1 }
      now += UInt64(pace.secondsUntilNext(rate: 50) * 1e9) + 1000
    }
    #expect((498...502).contains(begun))
    // After a pause of a minute only a tenth of a second's allowance is left.
    now += 60_000_000_000
    begun = 0
    while pace.take(rate: 50, now: now) { begun += 1 }
    #expect(begun == 5)
    #expect((0..<1000).allSatisfy { _ in pace.take(rate: 0, now: now) })
  }

  @Test func knowsWhoseAnEndpointIs() {
    let one = Endpoint("192.0.2.1:8333")!
    var claims = EndpointClaims()
    claims.claim(one, by: 1)
    claims.claim(one, by: 2)
    claims.claim(one, by: 3)
    #expect(claims.owner(of: one) == 1 && claims.owner(of: Endpoint("192.0.2.1:8334")!) == nil)
    claims.release(one, by: 2)
    claims.release(one, by: 1)
    #expect(claims.owner(of: one) == 3)
    claims.release(one, by: 3)
    #expect(claims.owner(of: one) == nil)
    let near = Endpoint("8.8.4.4:1")!.address
    claims.enter(Endpoint("8.8.8.8:1")!.address)
    #expect(claims.count(near: near) == 1 && claims.count(near: one.address) == 0)
    claims.leave(near)
    #expect(claims.count(near: near) == 0)
  }
}
