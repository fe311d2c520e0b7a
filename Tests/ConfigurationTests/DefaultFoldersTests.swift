import Testing

@testable import Configuration

@Suite struct DefaultFoldersTests {
  static let user: UInt32 = 1000

  func folders(
    _ user: UInt32,
    _ variables: [String: String] = [:],
    _ owners: [String: UInt32] = ["/run": 0]
  ) -> DefaultFolders {
    DefaultFolders(user: user, variable: { variables[$0] }, owner: { owners[$0] })
  }

  @Test func rootHasThemInTheSystemsPlaces() {
    let found = folders(0, ["XDG_RUNTIME_DIR": "/run/user/1000"], ["/run": 0, "/run/user/1000": 1000])
    #expect((found.root, found.state) == ("/run/netmine/", "/var/lib/netmine/"))
  }

  @Test func aUserHasThemInThoseOfTheSession() {
    let owners: [String: UInt32] = ["/run": 0, "/run/user/1000": 1000]
    let variables = ["XDG_RUNTIME_DIR": "/run/user/1000", "HOME": "/home/me"]
    let found = folders(1000, variables, owners)
    #expect((found.root, found.state) == ("/run/user/1000/netmine/", "/home/me/.local/state/netmine/"))
    let other = folders(1000, variables.merging(["XDG_STATE_HOME": "/srv/me"]) { $1 }, owners)
    #expect(other.state == "/srv/me/netmine/")
    #expect(folders(1000, ["XDG_RUNTIME_DIR": "/run/user/1000"], owners).state == "/run/user/1000/netmine/")
  }

  @Test func othersSessionsAreNotBelieved() {
    let owners: [String: UInt32] = ["/run": 0, "/run/user/1000": 1000]
    #expect(folders(1001, ["XDG_RUNTIME_DIR": "/run/user/1000"], owners).root == "/tmp/netmine/")
    #expect(folders(1000, ["XDG_RUNTIME_DIR": "run/user/1000"], owners).root == "/tmp/netmine/")
    let long = "/run/" + String(repeating: "x", count: 70)
    #expect(folders(1000, ["XDG_RUNTIME_DIR": long], [long: 1000]).root == "/tmp/netmine/")
  }

  @Test func whomTheSystemsPlacesBelongToHasThemThere() {
    let owners: [String: UInt32] = ["/run": 0, "/run/netmine": 1000, "/var/lib/netmine": 1000]
    let found = folders(1000, [:], owners)
    #expect((found.root, found.state) == ("/run/netmine/", "/var/lib/netmine/"))
    #expect(folders(1001, [:], owners).root == "/tmp/netmine/")
  }

  @Test func withoutAnyTheyAreInTmp() {
    #expect(folders(0, [:], [:]) == folders(1000))
    #expect((folders(1000).root, folders(1000).state) == ("/tmp/netmine/", "/tmp/netmine/"))
  }

  @Test func aRootThatIsNamedHasEverything() throws {
    let configuration = try Configuration(text: "logger: { root = \"/srv/x\"; };", file: nil)
    #expect(configuration.verbatim.logPath == "/srv/x/archive/")
    #expect(configuration.nodeDatabase.place == "/srv/x/nodes.sqlite")
  }
}
