import Testing

@testable import Commands

@Suite struct OutputTests {
  @Test func alignsColumns() {
    var table = Table([.init("ID", .trailing), .init("NAME"), .init("END")])
    #expect(table.lines == ["ID  NAME  END"])
    table.add(["1", "é", ""])
    table.add(["1000", "longer", "x"])
    #expect(table.lines == ["  ID  NAME    END", "   1  é", "1000  longer  x"])
  }

  @Test func showsQuantitiesAtAGlance() {
    #expect(
      [0, 999, 1500, 120_400_000, .max].map(Quantity.bytes) == [
        "0 B", "999 B", "1.5 kB", "120 MB", "18447 PB",
      ]
    )
    #expect([0, 59, 60, 3_661, 90_000].map(Quantity.age) == ["0s", "59s", "1m00s", "1h01m", "1d01h"])
    #expect(
      [0, 50_000, 1_500_000, 123_456_789].map(Quantity.milliseconds) == ["0.00", "0.05", "1.5", "123"]
    )
    #expect([0, 2.5, 99.96, 12_000].map(Quantity.perSecond) == ["0/s", "2.5/s", "100/s", "12000/s"])
    #expect(Quantity.time(1_700_000_000_999_999_999) == "2023-11-14 22:13:20 UTC")
    #expect(Quantity.counted(1, "node") + Quantity.counted(2, "node") == "1 node2 nodes")
  }

  @Test func stopsWhenNobodyReads() {
    var count = 0
    let output = Output(
      isTerminal: false,
      showsProgress: true,
      result: { _ in
        count += 1
        return false
      },
      complaint: { _ in }
    )
    output.line("a")
    output.line("b")
    #expect(output.isClosed)
    #expect(count == 1)
  }

  @Test func takesProgressAwayBeforeOtherLines() {
    var shown: [String] = []
    let output = Output(
      isTerminal: true,
      showsProgress: true,
      result: {
        shown.append(String(decoding: $0, as: UTF8.self))
        return true
      },
      complaint: { shown.append($0) }
    )
    output.progress("1 of 2")
    output.line("done")
    output.line("more")
    #expect(shown == ["\r\u{1b}[K1 of 2", "\r\u{1b}[K", "done\n", "more\n"])
  }
}
