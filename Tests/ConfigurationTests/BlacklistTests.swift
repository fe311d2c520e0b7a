import Configuration
import Testing

@Suite struct BlacklistTests {
  let list: Blacklist

  init() throws {
    let text = """
      # comment
      192.0.2.7
        198.51.100.0/24 # a network\r
      2001:db8::/33

      ::1
      203.0.113.77/28
      ::ffff:10.0.0.0/104
      """
    list = try Blacklist(text: text, file: "blacklist.txt")
  }

  func contains(_ address: String) throws -> Bool {
    list.contains(try #require(IPAddress(address)).bytes)
  }

  @Test(arguments: [
    "192.0.2.7", "198.51.100.0", "198.51.100.255", "2001:db8::1", "2001:db8:7fff::", "::1", "203.0.113.64",
    "203.0.113.79", "::ffff:192.0.2.7", "10.1.2.3",
  ])
  func holds(address: String) throws {
    #expect(try contains(address))
  }

  @Test(arguments: [
    "192.0.2.8", "198.51.101.0", "2001:db8:8000::", "::2", "203.0.113.80", "0.0.0.1", "11.0.0.0",
    "::192.0.2.7",
  ])
  func doesNotHold(address: String) throws {
    #expect(try !contains(address))
  }

  @Test func everythingOfOneFamilyCanBeListed() throws {
    let list = try Blacklist(text: "::/0", file: "blacklist.txt")
    #expect(list.contains([UInt8](repeating: 9, count: 16)))
    #expect(!list.contains([1, 2, 3, 4]))
  }

  @Test func holdsNoAddressOfAnotherLength() {
    #expect(!list.contains([]))
    #expect(!list.contains([192, 0, 2]))
  }

  @Test func countsDifferentEntries() throws {
    #expect(list.count == 6)
    #expect(try Blacklist(text: "1.2.3.4\n1.2.3.4\n::ffff:1.2.3.4", file: "b").count == 1)
    #expect(Blacklist().count == 0)
  }

  @Test func namesEveryWrongLine() throws {
    let text = "1.2.3.4\nexample.org\n1.2.3.4/33\n1.2.3.4/\n::1/129\n1.2.3.4 5.6.7.8\n"
    let error = try #require(throws: ConfigurationError.self) { try Blacklist(text: text, file: "b.txt") }
    #expect(error.problems.map(\.origin) == (2...6).map { .file("b.txt", line: $0) })
    #expect(error.problems[0].reason == "\"example.org\" is neither an address nor a network")
  }

  @Test func namesAMissingFile() throws {
    let error = try #require(throws: ConfigurationError.self) { try Blacklist(file: "/does/not/exist") }
    #expect(error.problems.map(\.kind) == [.missingFile])
  }
}
