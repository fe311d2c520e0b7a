import BitcoinWire
import Glibc
import NodeDatabase
import Observations

// Writes batches into a node database until it is killed, for tests of what is left then: batch n tries 100 endpoints
// (or as many as the second argument says) of its own and one that all batches share, and then its number is printed.
let store = try NodeStore.open(CommandLine.arguments[1])
let size = CommandLine.arguments.count > 2 ? UInt32(CommandLine.arguments[2])! : 100
var batch: UInt32 = 0
while true {
  batch += 1
  let time = UInt64(1_700_000_000 + batch) * 1_000_000_000
  let own = (0..<size).map { Endpoint(.ipv4(batch << 16 | $0), port: 8333) }
  let shared = Endpoint(.ipv4(0x0a00_0001), port: 8333)
  try store.record(
    (own + [shared]).map { endpoint in
      .attempt(Attempt(endpoint, time: time, outcome: batch % 2 == 0 ? nil : Outcome(.refused)))
    }
  )
  print(batch)
  fflush(nil)
}
